"""`abcdsctl device` on real wires: without a daemon directly, beside a running one through it."""

import json
import pathlib
import re
import signal
import subprocess
import tempfile
import time
import unittest

import processes

TOLD = re.compile(r"told +([+-]?\d+) W\)")


class Wires:
    """abcds-sim with an inverter and a JK BMS on lines of their own, and a Shelly."""

    def __init__(self, test, folder, name):
        self.folder = pathlib.Path(folder)
        self.inverter = str(self.folder / f"{name}-inverter")
        self.bms = str(self.folder / f"{name}-bms")
        self.config = self.folder / f"{name}.textproto"
        self.process = processes.start(
            test, processes.ABCDS_SIM, "--meter", "shelly-3em", "--bms", "jk", "--pty", self.inverter, "--bms_pty", self.bms,
            "--write_config", self.config, "--print_interval", "0.1", "--load", "constant:300", stdin=subprocess.PIPE)
        processes.wait_until(lambda: self.config.exists() and TOLD.search(self.process.text()), "the simulator runs")

    def told_w(self):
        """The last setpoint that arrived in the inverter's register."""
        return float(next(filter(None, map(TOLD.search, reversed(self.process.lines)))).group(1))


def device(*arguments, address="127.0.0.1:1", **options):
    return processes.abcdsctl("device", *arguments, address=address, timeout_s=90.0, **options)


def wait_free(wires, address="127.0.0.1:1"):
    """Whoever held a power watches the inverter until it rests, also when nobody listens to him any more."""
    processes.wait_until(lambda: device("probe", "lumentree", "--port", wires.inverter, address=address)[0] == 0,
                         "the line is free again")


class DirectTest(unittest.TestCase):
    """Nobody else is there."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.wires = Wires(cls, folder.name, "direct")

    def test_scan_finds_both_and_writes_nothing(self):
        before = self.wires.told_w()
        code, out, err = device("scan", self.wires.inverter, self.wires.bms, "--addresses", "2")
        self.assertEqual(code, 0, err)
        self.assertIn(f"lumentree at {self.wires.inverter} at 9600 baud, address 1", out)
        self.assertIn(f"jk-bms at {self.wires.bms} at 115200 baud", out)
        self.assertIn("2 devices found on 2 ports.", out)
        self.assertEqual(self.wires.told_w(), before)

    def test_scans_lines_make_a_configuration(self):
        code, out, err = device("scan", self.wires.inverter, self.wires.bms, "--addresses", "1", "--json")
        self.assertEqual(code, 0, err)
        events = [json.loads(line) for line in out.splitlines()]
        found = [event["found"]["config_text"] for event in events if "found" in event]
        self.assertEqual(len(found), 2)
        config = pathlib.Path(self.wires.folder) / "found.textproto"
        config.write_text("battery { cells: 8 capacity_ah: 100 }\nmeter { shelly_3em { host: \"192.0.2.1\" } }\n" +
                          "".join(found), encoding="utf-8")
        code, out, err = processes.abcdsctl("config", "check", str(config))
        self.assertEqual(code, 0, out + err)

    def test_probe_and_read(self):
        code, out, err = device("probe", "jk-bms", "--port", self.wires.bms)
        self.assertEqual(code, 0, err)
        self.assertRegex(out, r"pack voltage +2\d")
        self.assertIn("SIMPACK1", out)
        code, out, err = device("read", "lumentree", "register", "70", "--port", self.wires.inverter)
        self.assertEqual((code, out), (0, "register 70 = 2317 (0x090D)\n"), err)

    def test_silent_port_says_what_to_check(self):
        code, out, err = device("probe", "lumentree", "--port", self.wires.bms)
        self.assertEqual((code, out), (1, ""))
        self.assertIn("no answer from unit 1", err)
        self.assertIn("swapped", err)

    def test_power_is_held_and_taken_back(self):
        code, out, err = device("write", "lumentree", "power_w", "-120W", "--port", self.wires.inverter, "--for", "2s", "--yes")
        self.assertEqual(code, 0, err)
        self.assertIn("Told 120 W discharging", out)
        self.assertIn("told 0 W, and it rests", out)
        processes.wait_until(lambda: self.wires.told_w() == 0.0, "0 W on the wire", timeout_s=1.0)

    def test_every_way_of_interrupting_brings_zero(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            with self.subTest(number):
                process = self.hold(self.wires)
                process.signal(number)
                process.wait(30.0)
                processes.wait_until(lambda: self.wires.told_w() == 0.0, "0 W on the wire", timeout_s=3.0)
                wait_free(self.wires)
                if number != signal.SIGKILL:
                    self.assertIn("Interrupted: it was told 0 W", process.text())

    def hold(self, wires, address="127.0.0.1:1"):
        process = processes.start(self, processes.ABCDSCTL, "device", "write", "lumentree", "power_w", "-200W", "--port",
                                  wires.inverter, "--for", "5m", "--yes", "--address", address)
        processes.wait_until(lambda: wires.told_w() == -200.0, "the power is on the wire")
        return process

    def test_nobody_to_ask_means_nothing_is_written(self):
        before = self.wires.told_w()
        code, _, err = device("write", "lumentree", "power_w", "-100W", "--port", self.wires.inverter)
        self.assertEqual(code, 2)
        self.assertIn("--yes", err)
        self.assertEqual(self.wires.told_w(), before)


class ThroughTheDaemonTest(unittest.TestCase):
    """A daemon runs on one pair of wires; another pair is free."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.own = Wires(cls, folder.name, "own")
        cls.free = Wires(cls, folder.name, "free")
        cls.daemon = processes.Daemon(cls, folder.name, cls.own.config.read_text(encoding="utf-8")).wait_ready()
        processes.wait_until(lambda: device("probe", "bms", address=cls.daemon.grpc_address)[0] == 0, "the BMS is there",
                             timeout_s=60.0)

    def run_ok(self, *arguments):
        code, out, err = device(*arguments, address=self.daemon.grpc_address)
        self.assertEqual(code, 0, err)
        return out

    def test_list_has_every_device(self):
        devices = json.loads(self.run_ok("list", "--json"))["devices"]
        self.assertEqual({one["type"] for one in devices}, {"shelly-3em", "jk-bms", "lumentree"})
        inverter = next(one for one in devices if one["type"] == "lumentree")
        self.assertIn(self.own.inverter, inverter["connection"])
        self.assertIn("requests", inverter["details"]["counters"])

    def test_scan_tells_its_own_lines_and_finds_the_free_ones(self):
        out = self.run_ok("scan", self.own.inverter, self.free.inverter, self.free.bms, "--addresses", "1")
        self.assertRegex(out, re.escape(self.own.inverter) + r": abcdsd uses it: .*\(lumentree\)")
        self.assertIn(f"lumentree at {self.free.inverter}", out)
        self.assertIn(f"jk-bms at {self.free.bms}", out)

    def test_scan_of_a_port_that_is_not_there_is_no_success(self):
        code, out, _ = device("scan", self.free.bms, "/dev/not-there", address=self.daemon.grpc_address)
        self.assertEqual(code, 1)
        self.assertIn("/dev/not-there does not exist", out)
        self.assertIn(f"jk-bms at {self.free.bms}", out)

    def test_own_device_is_not_written(self):
        name = next(one["name"] for one in json.loads(self.run_ok("list", "--json"))["devices"]
                    if one["type"] == "lumentree")
        for arguments in ((name, "power_w", "-100W"), ("lumentree", "power_w", "-100W", "--port", self.own.inverter)):
            code, _, err = device("write", *arguments, "--yes", address=self.daemon.grpc_address)
            self.assertEqual(code, 1)
            self.assertIn("stop the daemon", err)

    def test_client_that_is_killed_brings_zero(self):
        process = DirectTest.hold(self, self.free, self.daemon.grpc_address)
        process.signal(signal.SIGKILL)
        processes.wait_until(lambda: self.free.told_w() == 0.0, "0 W on the wire", timeout_s=3.0)
        wait_free(self.free, self.daemon.grpc_address)

    def test_own_line_is_refused_to_others(self):
        # The daemon does not answer at this address: the tool meets its lock.
        code, _, err = device("probe", "lumentree", "--port", self.own.inverter)
        self.assertEqual(code, 1)
        self.assertIn("already used by another process", err)
        self.assertIn("abcdsd", err)


class StopTest(unittest.TestCase):

    def test_daemon_that_is_stopped_takes_the_power_back(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        own, free = Wires(self, folder.name, "own"), Wires(self, folder.name, "free")
        daemon = processes.Daemon(self, folder.name, own.config.read_text(encoding="utf-8")).wait_ready()
        DirectTest.hold(self, free, daemon.grpc_address)
        daemon.process.signal(signal.SIGTERM)
        started = time.monotonic()
        self.assertEqual(daemon.process.wait(), 0)
        self.assertLess(time.monotonic() - started, 5.0)
        processes.wait_until(lambda: free.told_w() == 0.0, "0 W on the other wire", timeout_s=1.0)


if __name__ == "__main__":
    unittest.main()
