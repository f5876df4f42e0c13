"""A site whose charger is on a CAN interface of the kernel: daemon and simulator meet on vcan0 only. Runs in the machine of
boot.sh, as root."""

import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time
import unittest

import processes
from simulated_site import Site

LOAD_W = 100
SUN_W = 700
# Of the charger, which stands last.
CHARGER = re.compile(r"each .* [+-]\d+ W \(told ([+-]\d+) W\)")


def link(*arguments):
    subprocess.run(["ip", "link", *arguments], check=True)


class CanSiteTest(unittest.TestCase):

    def setUp(self):
        link("add", "vcan0", "type", "vcan")
        self.addCleanup(lambda: link("del", "vcan0"))
        link("set", "vcan0", "up")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        sun = pathlib.Path(folder.name) / "sun.csv"
        sun.write_text(f"seconds,pv_w\n0,{SUN_W}\n1000000,{SUN_W}\n", encoding="utf-8")
        self.site = Site(self, folder.name, "--charger=meanwell-npb-1200-24", "--can=vcan0", "--inverter=lumentree:600",
                         f"--load=constant:{LOAD_W}", f"--sun={sun}")
        self.daemon = processes.Daemon(self, folder.name, self.site.config_text()).wait_ready()

    def charger_told_w(self):
        for line in reversed(self.site.process.lines):
            found = CHARGER.search(line)
            if found:
                return float(found.group(1))
        raise AssertionError(self.site.process.text())

    def wait_charging(self):
        deadline = time.monotonic() + 90.0
        while abs(self.site.mean_grid_w(2.0)) > 60.0 or self.charger_told_w() < 0.6 * (SUN_W - LOAD_W):
            self.assertLess(time.monotonic(), deadline, "it does not charge:\n" + "\n".join(
                self.daemon.process.lines[-30:] + self.site.process.lines[-30:]))

    def test_charges_and_outlives_interface_and_worker(self):
        self.wait_charging()

        with self.subTest("the interface goes down and comes back"):
            link("set", "vcan0", "down")
            self.daemon.process.wait_for("vcan0 is down: bring it up with: ip link set vcan0 up")
            link("set", "vcan0", "up")
            self.wait_charging()

        with self.subTest("the worker is killed"):
            first = len(self.site.process.lines)
            os.kill(self.daemon.worker_pid(), signal.SIGKILL)
            processes.wait_until(
                lambda: any(found and float(found.group(1)) == 0.0
                            for found in map(CHARGER.search, self.site.process.lines[first:])), "0 W on the wire")
            self.wait_charging()


if __name__ == "__main__":
    unittest.main()
