"""Ports that somebody else holds when the daemon starts, and a terminal that goes: what the inverter is told."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import processes
from processes import signal
from simulated_site import Site

LOAD_W = 390

# Holds a port under a name that the kernel shows, until its standard input ends.
HOLDER = """
import fcntl, os, sys
name, port = sys.argv[1:]
with open("/proc/self/comm", "w") as comm:
    comm.write(name)
fcntl.flock(os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK), fcntl.LOCK_EX | fcntl.LOCK_NB)
print("held", flush=True)
sys.stdin.read()
"""


class HeldPortTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.site = Site(self, folder.name, "--load", f"constant:{LOAD_W}", "--bms", "jk", "--bms_pty",
                         f"{folder.name}/bms", "--print_interval", "0.05")

    def hold(self, name, port):
        holder = processes.start(self, sys.executable, "-c", HOLDER, name, self.folder / port, stdin=subprocess.PIPE)
        holder.wait_for("held")
        return holder

    def daemon(self, under=()):
        return processes.Daemon(self, self.folder, self.site.config_text(), under=under)

    def release(self, holder):
        holder.signal(signal.SIGTERM)
        holder.wait()

    def wait_delivering(self):
        processes.wait_until(lambda: self.site.told_w() < -0.8 * LOAD_W, "the inverter delivers", 60.0)

    def test_the_port_of_the_bms_held_by_another_program(self):
        holder = self.hold("minicom", "bms")
        daemon = self.daemon().wait_ready()
        daemon.process.wait_for(rf"bms.* is already used by another process \(pid {holder.pid}, minicom\)")
        processes.wait_until(lambda: self.site.told_w() == 0.0, "the inverter is told 0 W without it")
        self.release(holder)
        self.wait_delivering()

    def test_the_port_of_the_inverter_held_by_a_safe_state(self):
        self.assertLess(self.site.told_w(), -500, "it starts at full power by itself")
        holder = self.hold("abcdsd-safe", "inverter")
        daemon = self.daemon()
        # The first seconds it waits for a safe state that has lost its guard; this one outlives them.
        daemon.process.wait_for(r"abcdsd .*: running")
        daemon.process.wait_for(r"inverter.* is already used by another process \(pid \d+, abcdsd-safe\)")
        self.release(holder)
        processes.wait_until(lambda: self.site.told_w() == 0.0, "0 W first", interval_s=0.02)
        self.wait_delivering()

    def test_a_terminal_that_goes(self):
        daemon = self.daemon(under=("nohup",)).wait_ready()
        self.wait_delivering()
        process = daemon.process
        os.kill(daemon.worker_pid(), signal.SIGHUP)
        process.signal(signal.SIGHUP)
        before = len(self.site.process.lines)
        processes.wait_until(lambda: len(self.site.process.lines) > before + 40, "two seconds of the simulator")
        self.assertLess(self.site.told_w(), -0.8 * LOAD_W)
        process.signal(signal.SIGTERM)
        self.assertEqual(process.wait(), 0)
        processes.wait_until(lambda: self.site.told_w() == 0.0, "the simulator says so, too", 1.0)


if __name__ == "__main__":
    unittest.main()
