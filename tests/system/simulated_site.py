"""abcds-sim for a test: an inverter on a wire, a meter, and what they say of themselves."""

import pathlib
import re
import statistics
import subprocess
import time

import processes

STATUS = re.compile(r"grid +([+-]?\d+) W +load +(-?\d+) W .*inverter +([+-]?\d+) W \(told +([+-]?\d+) W\)")
LOAD_W = 300


class Site:
    """abcds-sim with an inverter 600 on a pty and a broker of its own; `options` are further flags for it."""

    OPTIONS = ("--print_interval", "0.1", "--load", f"constant:{LOAD_W}", "--meter_interval", "1")

    def __init__(self, test, folder, *options):
        self.config = pathlib.Path(folder) / "site.textproto"
        self.process = processes.start(
            test, processes.ABCDS_SIM, "--pty", f"{folder}/inverter", "--write_config", self.config,
            *self.OPTIONS, "--seed", "7", *options, stdin=subprocess.PIPE)
        processes.wait_until(lambda: self.config.exists() and STATUS.search(self.process.text()), "the simulator runs")

    def config_text(self):
        return self.config.read_text(encoding="utf-8")

    def say(self, command):
        self.process.say(command)

    def now(self):
        """(grid, load, inverter, told) in W, + as everywhere; from the newest status line."""
        for line in reversed(self.process.lines):
            found = STATUS.search(line)
            if found:
                return tuple(float(value) for value in found.groups())
        raise AssertionError(self.process.text())

    def told_w(self):
        return self.now()[3]

    def collect(self, seconds):
        """What the status lines of the next seconds say."""
        first, deadline = len(self.process.lines), time.monotonic() + seconds
        while time.monotonic() < deadline:
            time.sleep(0.05)
        found = (STATUS.search(line) for line in self.process.lines[first:])
        return [tuple(float(value) for value in match.groups()) for match in found if match]

    def mean_grid_w(self, seconds):
        return statistics.mean(grid for grid, *_ in self.collect(seconds))
