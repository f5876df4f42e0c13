"""A site on real wires: the daemon, a real broker, and an inverter that knows only what comes over its serial line.

What the daemon believes is asked over gRPC; what it did is read from the other end of the wire ("told" in the simulator's
status lines is the last setpoint that arrived in the inverter's register).
"""

import tempfile
import time
import unittest

import processes
import reflection
from simulated_site import LOAD_W, Site


class SiteTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.site = Site(cls, folder.name)
        cls.daemon = processes.Daemon(cls, folder.name, cls.site.config_text()).wait_ready()
        cls.server = reflection.Server(cls.daemon.grpc_address)
        cls.addClassCleanup(cls.server.close)

    def setUp(self):
        self.site.say("ok")
        self.site.say(f"load {LOAD_W}")
        self.wait_regulated()

    def wait_regulated(self, timeout_s=60.0):
        deadline = time.monotonic() + timeout_s
        while abs(self.site.mean_grid_w(2.0)) > 40.0:
            self.assertLess(time.monotonic(), deadline, f"it does not regulate:\n{self.daemon.process.text()}\n"
                                                        f"{self.server.state()}\n" +
                            "\n".join(self.site.process.lines[-30:]))

    def faults(self):
        return {fault.id for fault in self.server.state().faults}

    def test_grid_is_held_at_zero(self):
        self.assertLess(abs(self.site.mean_grid_w(8.0)), 15.0)
        self.assertLess(self.site.told_w(), -0.7 * LOAD_W)

    def test_load_steps_are_followed(self):
        for load_w in (500, 150, 400):
            with self.subTest(load_w=load_w):
                self.site.say(f"load {load_w}")
                self.site.collect(8.0)
                self.assertLess(abs(self.site.mean_grid_w(3.0)), 40.0)
                self.assertLess(abs(self.site.now()[2] + load_w), 60.0)

    def test_daemon_and_wire_tell_the_same(self):
        state = self.server.state()
        self.assertLess(abs(state.converters[0].setpoint_w - self.site.told_w()), 60.0)
        self.assertEqual(state.converters[0].device, "lumentree")

    def test_garbage_values_have_no_effect(self):
        before = self.site.told_w()
        for payload in ("nan", "-100000", "1e9", "inf", "off", "{}", "0x10", "1,5", "12.5.5", "\u00e4\u00f6", "9" * 500):
            self.site.say(f"meter raw {payload}")
        told = [told for _, _, _, told in self.site.collect(4.0)]
        self.assertLess(max(abs(value - before) for value in told), 60.0, told)
        self.assertNotIn("meter_silent", self.faults())

    def test_meter_that_sends_only_garbage_counts_as_silent(self):
        self.site.say("meter nan")
        processes.wait_until(lambda: self.site.told_w() == 0.0, "0 W on the wire", timeout_s=20.0)
        self.site.say("ok")
        self.site.say(f"load {LOAD_W}")
        self.wait_regulated()

    def test_silent_meter_stops_the_inverter_and_comes_back(self):
        self.site.say("meter silent")
        # A meter may be late: nothing is cut at once.
        self.assertLess(max(told for _, _, _, told in self.site.collect(1.5)), -0.5 * LOAD_W)
        processes.wait_until(lambda: self.site.told_w() == 0.0, "0 W on the wire", timeout_s=15.0)
        processes.wait_until(lambda: "meter_silent" in self.faults(), "the fault is shown")
        self.site.say("meter ok")
        self.wait_regulated(30.0)
        self.assertNotIn("meter_silent", self.faults())

    def test_broker_restart_needs_no_restart_of_ours(self):
        self.site.say("broker stop")
        processes.wait_until(lambda: self.site.told_w() == 0.0, "0 W on the wire", timeout_s=20.0)
        self.site.say("broker ok")
        self.wait_regulated(90.0)

    def test_unplugged_adapter_comes_back(self):
        self.site.say("lumentree unplug")
        processes.wait_until(lambda: "converter_silent" in self.faults(), "the fault is shown", timeout_s=30.0)
        self.site.say("lumentree plug")
        self.wait_regulated(60.0)

    def test_spoilt_replies_are_survived(self):
        self.site.say("lumentree corrupt 5")
        self.site.collect(6.0)
        self.assertLess(abs(self.site.mean_grid_w(4.0)), 60.0)

    def test_idle_reaches_the_wire(self):
        code, _, err = processes.abcdsctl("mode", "idle", "--lease", "1m", address=self.daemon.grpc_address)
        self.assertEqual(code, 0, err)
        processes.wait_until(lambda: self.site.told_w() == 0.0, "0 W on the wire", timeout_s=5.0)
        processes.abcdsctl("mode", "automatic", address=self.daemon.grpc_address)
        self.wait_regulated()


class StopTest(unittest.TestCase):
    """How the daemon ends, each with a site of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.site = Site(self, folder.name)
        self.daemon = processes.Daemon(self, folder.name, self.site.config_text()).wait_ready()
        processes.wait_until(lambda: self.site.told_w() < -100.0, "the inverter delivers", timeout_s=60.0)

    def test_terminate_commands_zero_first(self):
        for number in (processes.signal.SIGTERM, processes.signal.SIGINT):
            with self.subTest(number):
                started = time.monotonic()
                self.daemon.process.signal(number)
                self.assertEqual(self.daemon.process.wait(), 0)
                self.assertLess(time.monotonic() - started, 5.0)
                processes.wait_until(lambda: self.site.told_w() == 0.0, "0 W on the wire", timeout_s=1.0)
                if number == processes.signal.SIGTERM:
                    self.daemon = processes.Daemon(self, self.daemon.config.parent, self.site.config_text()).wait_ready()
                    processes.wait_until(lambda: self.site.told_w() < -100.0, "the inverter delivers again", timeout_s=60.0)

    def test_start_commands_zero_before_anything_else(self):
        self.daemon.process.stop()
        alone = processes.Daemon(self, self.daemon.config.parent, self.site.config_text(), "--no_guard").wait_ready()
        processes.wait_until(lambda: self.site.told_w() < -100.0, "the inverter delivers again", timeout_s=60.0)
        self.site.say("meter silent")
        alone.process.signal(processes.signal.SIGKILL)
        alone.process.wait()
        self.assertLess(self.site.told_w(), -100.0, "nobody told the inverter to stop")
        processes.Daemon(self, self.daemon.config.parent, self.site.config_text()).wait_ready()
        processes.wait_until(lambda: self.site.told_w() == 0.0, "0 W on the wire", timeout_s=3.0)


if __name__ == "__main__":
    unittest.main()
