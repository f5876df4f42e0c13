"""The daemon may die at any moment: what the inverter is told then, and when.

Every time is read from the other end of the wire: "told" is the last setpoint that arrived in the inverter's register.
"""

import os
import pathlib
import subprocess
import tempfile
import time
import unittest

import processes
from processes import signal
from simulated_site import Site

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

    def zero_after(self, what, act, promise_s):
        """Does `act`, and measures until the inverter was told 0 W and stays there for a moment."""
        self.assertLess(self.site.told_w(), -0.8 * LOAD_W)
        begun = time.monotonic()
        act()
        processes.wait_until(lambda: self.site.told_w() == 0.0, f"0 W on the wire after {what}", 10.0, 0.01)
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

    def test_what_only_a_person_may_undo_outlives_a_crash(self):
        address = self.daemon.grpc_address
        self.assertEqual(processes.abcdsctl("disable", "discharger", address=address)[0], 0)
        processes.wait_until(lambda: self.site.told_w() == 0.0, "0 W")
        kept = lambda: "".join(file.read_text(encoding="utf-8")
                               for file in (self.folder / "state").glob("*.state.json"))
        processes.wait_until(lambda: '"discharging_disabled": true' in kept(), "it is kept")
        before = self.daemon.worker_pid()
        os.kill(before, signal.SIGKILL)
        self.daemon.process.wait_for("discharging is disabled, as an operator left it")
        processes.wait_until(lambda: self.daemon.worker_pid() not in (before, None), "another worker regulates")
        self.assertEqual(self.site.told_w(), 0.0)
        processes.wait_until(lambda: processes.abcdsctl("enable", "discharger", address=address)[0] == 0, "it answers")
        self.wait_delivering()

        self.assertEqual(processes.abcdsctl("disable", "discharger", address=address)[0], 0)
        self.daemon.process.signal(signal.SIGTERM)
        self.daemon.process.wait()
        self.start_daemon()  # and it delivers: who stops and starts it has looked

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
