"""The daemon may die at any moment: what the inverter is told then, and when.

Every time is read from the other end of the wire: "told" is the last setpoint that arrived in the inverter's register.
"""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import time
import unittest
import zlib

import processes
from hung_thread import HungThread
from processes import signal
from simulated_site import STATUS, Site

LOAD_W = 390


class GuardedSite(Site):
    """A site whose simulator says what the inverter was told 50 times a second."""

    OPTIONS = ("--print_interval", "0.02", "--load", f"constant:{LOAD_W}", "--meter_interval", "0.5",
               "--meter_latency", "0.2")


class GuardTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.site = GuardedSite(self, folder.name)
        self.start_daemon()

    def start_daemon(self, *arguments):
        self.daemon = processes.Daemon(self, self.folder, self.site.config_text(), *arguments).wait_ready()
        self.wait_delivering()

    def wait_delivering(self, timeout_s=60.0):
        processes.wait_until(lambda: self.site.told_w() < -0.8 * LOAD_W, f"the inverter delivers {LOAD_W} W", timeout_s)

    def zero_after(self, what, act, promise_s, meanwhile=lambda: None):
        """Does `act`, and measures until the inverter was told 0 W; `meanwhile` is done again and again."""
        self.assertLess(self.site.told_w(), -0.8 * LOAD_W)
        begun = time.monotonic()
        act()
        processes.wait_until(lambda: meanwhile() or self.site.told_w() == 0.0, f"0 W on the wire after {what}",
                             promise_s + 10.0, 0.01)
        took = time.monotonic() - begun
        print(f"\n{what}: 0 W on the wire after {took:.2f} s (promised: {promise_s:.0f} s)", flush=True)
        self.assertLess(took, promise_s, self.daemon.process.text())

    def kill_worker(self, number):
        return lambda: os.kill(self.daemon.worker_pid(), number)

    def test_death_of_the_worker(self):
        for number, promise_s in ((signal.SIGKILL, 2.0), (signal.SIGABRT, 2.0), (signal.SIGSEGV, 2.0),
                                  (signal.SIGSTOP, 3.0)):
            with self.subTest(number):
                before = self.daemon.worker_pid()
                self.zero_after(f"{number.name} to the worker", self.kill_worker(number), promise_s)
                self.wait_delivering()
                self.assertNotIn(self.daemon.worker_pid(), (before, None), "another worker regulates")
                self.assertTrue(self.daemon.process.running(), "the same guard guards")
        self.daemon.process.wait_for(r"guard: inverter: 0 W confirmed")

    def test_death_of_the_guard(self):
        worker = self.daemon.worker_pid()
        self.zero_after("SIGKILL to the guard", lambda: self.daemon.process.signal(signal.SIGKILL), 2.0)
        processes.wait_until(lambda: not pathlib.Path(f"/proc/{worker}").exists(), "the worker has ended")
        self.start_daemon()

    def test_thread_that_speaks_to_the_inverter_hangs(self):
        before = self.daemon.worker_pid()
        try:
            hung = HungThread(before, "line")
        except PermissionError as error:
            self.skipTest(f"this machine forbids to stop a thread: {error}")
        self.zero_after("a hung bus thread", lambda: None, 13.0, meanwhile=hung.reap)
        self.daemon.process.wait_for(r"stopping: inverter: the thread that speaks to it has hung for [5-9]")
        self.wait_delivering()
        self.assertNotIn(self.daemon.worker_pid(), (before, None), "another worker regulates")
        self.assertTrue(self.daemon.process.running(), "the same guard guards")

    def test_guard_that_is_stopped_is_woken(self):
        self.daemon.process.signal(signal.SIGSTOP)
        self.daemon.process.wait_for(r"the guard has not listened for 3 s and is woken")
        stat = pathlib.Path(f"/proc/{self.daemon.process.pid}/stat")
        processes.wait_until(lambda: stat.read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "T", "it goes on")
        self.assertLess(self.site.told_w(), -0.8 * LOAD_W, "regulation went on meanwhile")
        self.zero_after("SIGKILL to the worker", self.kill_worker(signal.SIGKILL), 2.0)

    def test_guard_that_hangs_is_as_good_as_dead(self):
        try:
            hung = HungThread(self.daemon.process.pid, "abcdsd")
        except PermissionError as error:
            self.skipTest(f"this machine forbids to stop a thread: {error}")
        # Woken in vain, and given up.
        self.daemon.process.wait_for(r"stopping: the guard does not listen")
        processes.wait_until(lambda: self.site.told_w() == 0.0, "0 W on the wire")
        hung.go_on()
        self.daemon.process.wait_for(r"guard: the worker ended with status 3")
        self.wait_delivering()

    def kept(self):
        """The state file's content; None while there is none."""
        files = list((self.folder / "state").glob("*.state.json"))
        return json.loads(files[0].read_text(encoding="utf-8"))["content"] if files else None

    def start_again(self):
        """Another daemon on the same site. Its ports are others, so that its configuration is another one, too."""
        self.daemon = processes.Daemon(self, self.folder, self.site.config_text()).wait_ready()

    def end_by(self, number, worker=False):
        old = self.daemon.worker_pid()
        if worker:
            os.kill(old, number)
        else:
            self.daemon.process.signal(number)
        self.daemon.process.wait()
        processes.wait_until(lambda: not pathlib.Path(f"/proc/{old}").exists(), "the worker has ended")

    def test_what_an_operator_disabled_outlives_every_end(self):
        address = self.daemon.grpc_address
        self.assertEqual(processes.abcdsctl("disable", "discharger", address=address)[0], 0)
        processes.wait_until(lambda: self.site.told_w() == 0.0, "0 W")
        processes.wait_until(lambda: self.kept() and "discharging_disabled_since" in self.kept()["operator"], "it is kept")
        before = self.daemon.worker_pid()
        os.kill(before, signal.SIGKILL)
        self.daemon.process.wait_for(r"still in force .*discharging is disabled by an operator since .*abcdsctl enable")
        processes.wait_until(lambda: self.daemon.worker_pid() not in (before, None), "another worker regulates")
        # A guard that dies is two things to its worker, a signal and the end of a pipe, in either order.
        for end in (lambda: self.end_by(signal.SIGTERM), lambda: self.end_by(signal.SIGKILL),
                    lambda: self.end_by(signal.SIGTERM, worker=True)):
            end()
            self.assertIn("discharging_disabled_since", self.kept()["operator"])
            self.start_again()
            self.daemon.process.wait_for(r"still in force .*discharging is disabled by an operator since")
            _, out, _ = processes.abcdsctl("status", address=self.daemon.grpc_address)
            self.assertRegex(out, r"discharging disabled by an operator since .* \(survives restarts\)")
            self.assertEqual(self.site.told_w(), 0.0)
        self.assertEqual(processes.abcdsctl("enable", "discharger", address=self.daemon.grpc_address)[0], 0)
        self.wait_delivering()
        self.end_by(signal.SIGTERM)
        self.start_daemon()
        self.assertNotIn("still in force", self.daemon.process.text())

    def test_a_latch_waits_for_a_person(self):
        self.end_by(signal.SIGTERM)
        content = {"devices": {}, "operator": {}, "latches": [{"fault": "meter_disagrees", "device": ""},
                                                              {"fault": "circulation", "device": "sold"}]}
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
        (self.folder / "state").mkdir(exist_ok=True)
        site = re.search(r'^site: "(.*)"', self.site.config_text(), re.MULTILINE).group(1)
        (self.folder / f"state/{site}.state.json").write_text(
            json.dumps({"version": 1, "checksum": f"{zlib.crc32(canonical.encode()):08x}", "content": content}),
            encoding="utf-8")
        self.start_again()
        self.daemon.process.wait_for(r"circulation of sold was latched before this start and is forgotten")
        for number in (signal.SIGTERM, signal.SIGKILL):
            self.end_by(number)
            self.assertEqual([latch["fault"] for latch in self.kept()["latches"]], ["meter_disagrees"])
            self.start_again()
            self.daemon.process.wait_for(r"still in force .*meter_disagrees is latched .*abcdsctl clear-fault")
            self.assertNotIn("sold", self.daemon.process.text())
            self.assertEqual(self.site.told_w(), 0.0)
        processes.wait_until(lambda: processes.abcdsctl("clear-fault", address=self.daemon.grpc_address)[0] == 0,
                             "it is cleared")
        self.wait_delivering()
        processes.wait_until(lambda: not self.kept()["latches"], "it is forgotten")

    def test_orderly_end(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(number):
                worker = self.daemon.worker_pid()
                self.zero_after(f"{number.name} to the guard", lambda n=number: self.daemon.process.signal(n), 2.0)
                self.assertEqual(self.daemon.process.wait(), 0)
                self.assertFalse(pathlib.Path(f"/proc/{worker}").exists())
                self.start_daemon()

    def test_end_of_a_hung_worker(self):
        os.kill(self.daemon.worker_pid(), signal.SIGSTOP)
        self.zero_after("SIGSTOP to the worker and SIGTERM to the guard",
                        lambda: self.daemon.process.signal(signal.SIGTERM), 3.0)
        self.assertEqual(self.daemon.process.wait(), 0, "every converter has confirmed")

    def test_worker_that_is_told_to_end_ends_the_daemon(self):
        self.zero_after("SIGTERM to the worker", self.kill_worker(signal.SIGTERM), 2.0)
        self.assertEqual(self.daemon.process.wait(), 0)

    def test_worker_dies_while_the_adapter_is_unplugged(self):
        self.site.say("lumentree unplug")
        os.kill(self.daemon.worker_pid(), signal.SIGKILL)
        self.daemon.process.wait_for(r"guard: inverter: .*(gone|exist|plugged)")
        self.assertLess(self.site.told_w(), -0.8 * LOAD_W, "nobody could reach it")
        self.zero_after("plugging in again", lambda: self.site.say("lumentree plug"), 3.0)
        self.wait_delivering()

    def test_end_without_an_answer_says_so(self):
        self.site.say("lumentree silent")
        time_begun = time.monotonic()
        self.daemon.process.signal(signal.SIGTERM)
        self.assertEqual(self.daemon.process.wait(), 3)
        self.assertLess(time.monotonic() - time_begun, 12.0)
        self.assertRegex(self.daemon.process.text(), r"inverter: no answer from unit 1")

    def test_edited_file_changes_no_restart(self):
        self.daemon.config.write_text("half an ed", encoding="utf-8")
        self.zero_after("SIGKILL to the worker", self.kill_worker(signal.SIGKILL), 2.0)
        self.wait_delivering()

    def test_safe_state_from_a_shell(self):
        code, lines = processes.abcdsd_once("--safe_state", "--config", self.daemon.config)
        self.assertEqual(code, 3, "a running daemon owns the port")
        self.assertRegex("\n".join(lines), r"^inverter: .* already used by another process")
        self.daemon.process.stop()
        self.start_daemon("--no_guard")
        self.daemon.process.signal(signal.SIGKILL)
        self.daemon.process.wait()
        self.assertLess(self.site.told_w(), -0.8 * LOAD_W)
        run = lambda: self.assertEqual(processes.abcdsd_once("--safe_state", "--config", self.daemon.config),
                                       (0, ["inverter: 0 W confirmed"]))
        self.zero_after("--safe_state", run, 5.0)

    def test_guard_is_small(self):
        rollup = pathlib.Path(f"/proc/{self.daemon.process.pid}/smaps_rollup").read_text(encoding="utf-8")
        pss_kb = int(next(line for line in rollup.splitlines() if line.startswith("Pss:")).split()[1])
        threads = len(list(pathlib.Path(f"/proc/{self.daemon.process.pid}/task").iterdir()))
        print(f"\nguard: PSS {pss_kb} kB, {threads} thread", flush=True)
        self.assertEqual(threads, 1)
        self.assertLess(pss_kb, 10_000)


class LeftRunning(unittest.TestCase):
    """An inverter that runs although nobody regulates; as another controller would leave it, too."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.site = GuardedSite(self, folder.name)
        # Without a guard, so that its death leaves the inverter as it is.
        self.daemon = processes.Daemon(self, self.folder, self.site.config_text(), "--no_guard").wait_ready()
        delivers = lambda: self.site.told_w() < -0.8 * LOAD_W
        processes.wait_until(delivers, f"the inverter delivers {LOAD_W} W", 60.0)
        processes.wait_until(lambda: list((self.folder / "state").glob("*.last")), "its configuration is kept")
        self.daemon.process.signal(signal.SIGKILL)
        self.daemon.process.wait()
        self.assertTrue(delivers())


class ObserverTest(LeftRunning):
    """abcdsd --observe: beside another controller, whose setpoint stays."""

    def test_nothing_is_commanded_from_start_to_end(self):
        setpoint = self.site.told_w()
        first = len(self.site.process.lines)
        observer = processes.Daemon(self, self.folder, self.site.config_text(), "--observe").wait_ready()
        observer.process.wait_for(r"observing, commands nothing")
        address = observer.grpc_address
        explains = lambda: "would discharge" in processes.abcdsctl("explain", address=address)[1]
        # The other one's setpoint is its own affair: to an observer all that the grid shows is to be covered.
        self.site.say("load 590")
        processes.wait_until(explains, "it explains what it would do", 30.0)
        code, _, error = processes.abcdsctl("mode", "automatic", address=address)
        self.assertNotEqual(code, 0)
        self.assertIn("--observe", error)
        before = observer.worker_pid()
        os.kill(before, signal.SIGKILL)
        processes.wait_until(lambda: observer.worker_pid() not in (before, None), "another worker observes")
        processes.wait_until(explains, "it explains again", 30.0)
        observer.process.signal(signal.SIGTERM)
        self.assertEqual(observer.process.wait(), 0)
        told = {float(line.group(4)) for line in map(STATUS.search, self.site.process.lines[first:]) if line}
        self.assertEqual(told, {setpoint})
        self.assertNotIn("0 W", "\n".join(line for line in observer.process.lines if "guard:" in line))


class WrongConfigurationTest(LeftRunning):
    """A boot with a file that somebody has edited: the inverter may run by itself, and nobody will regulate."""

    def once(self, *arguments):
        return processes.abcdsd_once("--config", self.daemon.config, f"--state_dir={self.folder}/state",
                                     "--allow_non_realtime", *arguments)

    def wait_zero(self):
        processes.wait_until(lambda: self.site.told_w() == 0.0, "0 W on the wire")

    def runs(self):
        return self.site.told_w() < -0.8 * LOAD_W

    def wait_zero(self):
        processes.wait_until(lambda: self.site.told_w() == 0.0, "0 W on the wire")

    def test_start_stops_what_regulated_last(self):
        self.daemon.config.write_text("half an ed", encoding="utf-8")
        self.assertEqual(self.once("--check")[0], 1)
        self.assertTrue(self.runs(), "a check touches no device")
        code, lines = self.once()
        self.assertEqual(code, 1)
        self.wait_zero()
        text = "\n".join(lines)
        self.assertRegex(text, r"abcds.textproto:1.*half")
        self.assertRegex(text, r"nobody regulates: the converters of the configuration that regulated last .* 0 W")
        self.assertRegex(text, r"inverter: 0 W confirmed")
        self.daemon.config.unlink()
        code, lines = self.once()
        self.assertEqual(code, 1)
        self.assertRegex("\n".join(lines), r"inverter: 0 W confirmed", "also where the file is gone")

    def test_safe_state_stops_what_regulated_last(self):
        other = self.folder / "other.textproto"
        other.write_text("half an ed", encoding="utf-8")
        code, lines = self.once("--safe_state", "--config", other)
        self.assertEqual(code, 1)
        self.assertRegex("\n".join(lines), r"no converter was commanded")
        self.assertTrue(self.runs(), "of a file that never regulated nothing is known")
        self.daemon.config.write_text("half an ed", encoding="utf-8")
        code, lines = self.once("--safe_state")
        self.assertEqual(code, 0, lines)
        self.wait_zero()


class RefusalTest(unittest.TestCase):
    """What can never work is not tried again."""

    def test_wrong_configuration_ends_at_once(self):
        with tempfile.TemporaryDirectory() as folder:
            config = pathlib.Path(folder) / "wrong.textproto"
            config.write_text("nonsense: 1\n", encoding="utf-8")
            code, lines = processes.abcdsd_once("--config", config)
        self.assertEqual(code, 1)
        self.assertEqual(sum("nonsense" in line for line in lines), 1, lines)

    def test_guards_own_argument_is_refused(self):
        done = subprocess.run([processes.ABCDSD, "--guarded=1"], capture_output=True, text=True, timeout=20, check=False)
        self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    unittest.main()
