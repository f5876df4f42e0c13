"""The daemon on the simulated house, as `./run` starts it, seen through gRPC by a client that knows nothing of ours."""

import statistics
import tempfile
import threading
import unittest

import grpc

import processes
import reflection

STATE = "abcds.v1.StateService"
CONTROL = "abcds.v1.ControlService"


class HouseDaemonTest(unittest.TestCase):

    enough = threading.Event()  # never set: a pause between two looks

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.daemon = processes.Daemon(cls, folder.name, processes.house_config()).wait_ready()
        cls.server = reflection.Server(cls.daemon.grpc_address)
        cls.addClassCleanup(cls.server.close)
        processes.wait_until(lambda: cls.server.state().meter.lifecycle == cls.enum("LIFECYCLE_ACTIVE"), "the meter is active")

    @classmethod
    def enum(cls, name):
        """The number of MODE_IDLE and its kin."""
        message = cls.server.message("abcds.v1.PlantState")
        for field in ("mode", "meter"):
            descriptor = message.DESCRIPTOR.fields_by_name[field]
            values = (descriptor.enum_type if field == "mode" else
                      descriptor.message_type.fields_by_name["lifecycle"].enum_type).values_by_name
            if name in values:
                return values[name].number
        raise KeyError(name)

    def setUp(self):
        self.server.call(f"{CONTROL}/SetMode", mode=self.enum("MODE_AUTOMATIC"))
        self.server.call(f"{CONTROL}/SetChargerEnabled", enabled=True)
        self.server.call(f"{CONTROL}/SetDischargerEnabled", enabled=True)

    def refused(self, code, path, **fields):
        """The sentence with which a call is refused."""
        with self.assertRaises(grpc.RpcError) as caught:
            self.server.call(path, **fields)
        self.assertEqual(caught.exception.code(), code, caught.exception.details())
        self.assertGreater(len(caught.exception.details()), 10, "a refusal says what to do")
        return caught.exception.details()

    def test_reflection_shows_our_services_and_health(self):
        for service in (STATE, CONTROL, "grpc.health.v1.Health"):
            self.assertIn(service, self.server.services)

    def test_state_is_fresh_and_complete(self):
        state = self.server.state()
        self.assertTrue(state.site)
        self.assertTrue(state.version)
        self.assertTrue(state.meter.HasField("power_w"))
        self.assertLess(state.meter.age_s, 5.0)
        self.assertTrue(state.estimate.HasField("load_w"))
        self.assertGreater(state.battery.voltage_v, 10.0)
        self.assertEqual(len(state.converters), 2)
        self.assertTrue(state.decision.reason)
        self.assertGreater(state.cycle.period_s, 0.0)
        later = processes.wait_until(lambda: (s := self.server.state()).cycle.sequence > state.cycle.sequence + 20 and s,
                                     "the cycle runs")
        self.assertGreater(later.time.ToNanoseconds(), state.time.ToNanoseconds())

    def test_grid_is_held_near_zero(self):
        def settled():
            powers = [abs(self.server.state().meter.power_w) for _ in range(5) if not self.enough.wait(0.4)]
            return statistics.median(powers) < 60.0
        processes.wait_until(settled, "the grid's power is near zero", timeout_s=90.0)
        state = self.server.state()
        moved = sum(converter.power_w for converter in state.converters)
        self.assertGreater(abs(moved), 5.0, f"the battery does nothing:\n{state}")

    def test_stream_gives_ever_newer_states(self):
        stream = self.server.stream(f"{STATE}/WatchState", min_interval={"nanos": 100_000_000})
        sequences = [response.state.cycle.sequence for response, _ in zip(stream, range(10))]
        stream.cancel()
        self.assertEqual(len(sequences), 10)
        self.assertEqual(sequences, sorted(set(sequences)))

    def test_slow_reader_gets_new_states_not_old_ones(self):
        stream = self.server.stream(f"{STATE}/WatchState", min_interval={"nanos": 50_000_000})
        next(stream)
        self.enough.wait(3.0)
        newest = self.server.state().cycle.sequence
        # What the sockets hold is old; after that the states are of now.
        for _ in range(400):
            if next(stream).state.cycle.sequence >= newest:
                break
        else:
            self.fail("the stream never catches up")
        stream.cancel()

    def test_mode_is_a_lease(self):
        idle = self.enum("MODE_IDLE")
        state = self.server.call(f"{CONTROL}/SetMode", mode=idle, lease={"seconds": 6}).state
        self.assertEqual(state.mode, idle, "the answer shows what has been asked for")
        self.assertTrue(state.HasField("lease_ends"))
        processes.wait_until(lambda: all(c.setpoint_w == 0.0 for c in self.server.state().converters), "all setpoints are 0 W")
        self.assertEqual(self.server.state().decision.reason, "idle")
        processes.wait_until(lambda: self.server.state().mode == self.enum("MODE_AUTOMATIC"), "automatic again")
        self.assertFalse(self.server.state().HasField("lease_ends"))

    def test_forced_power_arrives_at_the_converter(self):
        self.server.call(f"{CONTROL}/SetMode", mode=self.enum("MODE_FORCED"), power_w=-200.0,
                         lease={"seconds": 60})
        processes.wait_until(lambda: any(abs(c.power_w + 200.0) < 40.0 for c in self.server.state().converters),
                             "a converter discharges 200 W", timeout_s=40.0)

    def test_target_is_a_lease_and_is_held(self):
        self.server.call(f"{CONTROL}/SetTarget", target_w=150.0, lease={"seconds": 5})
        self.assertEqual(self.server.state().target_w, 150.0)
        processes.wait_until(lambda: self.server.state().target_w == 0.0, "the configured target is back")

    def test_disabled_direction_stays_at_zero(self):
        self.server.call(f"{CONTROL}/SetDischargerEnabled", enabled=False)
        state = self.server.call(f"{CONTROL}/SetChargerEnabled", enabled=False).state
        self.assertFalse(state.charger_enabled or state.discharger_enabled)
        processes.wait_until(lambda: all(c.setpoint_w == 0.0 for c in self.server.state().converters), "all setpoints are 0 W")

    def test_explanation_is_a_sentence_and_data(self):
        explanation = self.server.call(f"{STATE}/Explain")
        self.assertGreater(len(explanation.summary), 10)
        self.assertEqual({c.name for c in explanation.converters}, {c.name for c in self.server.state().converters})
        self.assertTrue(all(c.text and c.decision.reason for c in explanation.converters))

    def test_refusals_say_what_is_allowed(self):
        invalid = grpc.StatusCode.INVALID_ARGUMENT
        self.assertIn("20000", self.refused(invalid, f"{CONTROL}/SetTarget", target_w=90000.0))
        self.refused(invalid, f"{CONTROL}/SetTarget", target_w=float("nan"))
        self.refused(invalid, f"{CONTROL}/SetTarget")
        self.refused(invalid, f"{CONTROL}/SetMode")
        self.refused(invalid, f"{CONTROL}/SetChargerEnabled")
        self.refused(invalid, f"{CONTROL}/SetMode", mode=self.enum("MODE_IDLE"), lease={"seconds": -1})
        self.refused(invalid, f"{CONTROL}/SetMode", mode=self.enum("MODE_FORCED"))
        self.refused(invalid, f"{CONTROL}/ClearFault", id="no_such_fault")

    def test_garbage_is_refused_and_does_no_harm(self):
        before = self.server.state().cycle
        for data in (b"\xff" * 64, b"\x0a\xff\xff\xff\xff\x0f", bytes(200_000)):
            with self.assertRaises(grpc.RpcError):
                self.server.raw(f"{CONTROL}/SetMode", data)
        with self.assertRaises(grpc.RpcError) as caught:
            self.server.raw(f"{CONTROL}/Explode", b"")
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNIMPLEMENTED)
        processes.wait_until(lambda: self.server.state().cycle.sequence > before.sequence, "the cycle runs on")

    def test_health_of_the_whole_and_of_each_service(self):
        health = HealthMessages()
        for service in ("", STATE, CONTROL):
            self.assertEqual(health.check(self.server.channel, service), 1, service)  # SERVING
        with self.assertRaises(grpc.RpcError) as caught:
            health.check(self.server.channel, "abcds.v1.Nonsense")
        self.assertEqual(caught.exception.code(), grpc.StatusCode.NOT_FOUND)


class HealthMessages:
    """The standard health protocol by hand: one string in, one enumeration out."""

    @staticmethod
    def check(channel, service):
        name = service.encode()
        reply = channel.unary_unary("/grpc.health.v1.Health/Check")(b"\x0a" + bytes([len(name)]) + name if name else b"",
                                                                    timeout=20)
        return reply[1] if reply[:1] == b"\x08" else 0


if __name__ == "__main__":
    unittest.main()
