"""What a row of the campaign stands on: a folder, programs that end with it, and what was measured."""

import os
import pathlib
import statistics
import sys
import tempfile
import threading
import time

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "system"))

# pylint: disable=wrong-import-position
import plants
import processes
import reflection
import simulated_site

LOAD_W = 390
INVERTER_CONFIG = """
converter {{
  name: "inverter{number}"
  lumentree {{
    model: MODEL_600
    bus: "line{line}"
    address: {address}
  }}
}}
"""
LINE_CONFIG = """
bus {{
  name: "line{line}"
  port: "{path}"
  baud: 9600
}}
"""
BMS_CONFIG = """
bms {{
  jk_bms {{
    bus: "bms-line"
  }}
  silence_grace_s: {grace_s}
}}

bus {{
  name: "bms-line"
  port: "{path}"
  baud: 115200
}}
"""
SITE_CONFIG = """
site: "campaign"

meter {{
  interval_s: 1
  latency_s: 0.6
  averaging_s: 0
  shelly_3em {{
    host: "127.0.0.1"
    port: {meter_port}
  }}
}}

battery {{
  cells: 8
  capacity_ah: 100
  max_discharge_current_a: 120
}}
"""


class Heartbeat:
    """How late this process itself gets a processor: what is measured here, the machine may have done."""

    BEAT_S = 0.01
    WORTH_TELLING_S = 0.05

    def __init__(self):
        self._late = []  # (from, until) of what was slept over
        threading.Thread(target=self._beat, daemon=True).start()

    def _beat(self):
        while True:
            due = time.monotonic() + self.BEAT_S
            time.sleep(self.BEAT_S)
            now = time.monotonic()
            if now - due > self.BEAT_S:
                self._late.append((due, now))

    def held_up_s(self, since, until):
        """The longest time between the two in which this process could not run."""
        return max((min(end, until) - max(begin, since) for begin, end in list(self._late)
                    if begin < until and end > since), default=0.0)


HEARTBEAT = Heartbeat()


class Seconds(float):
    """A measured time, and how long the machine kept the measuring process from running meanwhile."""

    def __new__(cls, since, until):
        value = super().__new__(cls, until - since)
        value.held_up_s = HEARTBEAT.held_up_s(since, until)
        return value


def held_up(values):
    """"", or how long the machine was the cause of what these values say, at most."""
    most_s = max((getattr(value, "held_up_s", 0.0) for value in values), default=0.0)
    return f" (machine held up the measurement for {most_s:.2f} s)" if most_s > Heartbeat.WORTH_TELLING_S else ""


class Stage:
    """Given to each row. Everything that it starts ends with it, the last first."""

    def __init__(self, long):
        self.long = long
        self.facts = []     # sentences for the table
        self.broken = []    # of these, those beyond the promise
        self.daemons = []
        self._clean_ups = []
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def addCleanup(self, function, *arguments):  # pylint: disable=invalid-name
        """Named as unittest's, so that what was made for test cases works here."""
        self._clean_ups.append((function, arguments))

    def clean_up(self):
        while self._clean_ups:
            function, arguments = self._clean_ups.pop()
            function(*arguments)

    def within(self, text, value, most, unit="s", digits=2):
        """Puts "TEXT VALUE UNIT" into the table; more than `most` breaks the promise."""
        fact = f"{text} {value:.{digits}f} {unit}".rstrip() + held_up([value])
        self.facts.append(fact)
        if not value <= most:
            self.broken.append(f"{fact}, promised {most:g} {unit}")

    def worst(self, text, values, most, unit="s"):
        """The same for many: the table shows how many, median and worst."""
        self.facts.append(f"{text}: {len(values)} times, median {statistics.median(values):.2f} {unit}, "
                          f"worst {max(values):.2f} {unit}{held_up(values)}")
        self.broken += [f"{text} {value:.2f} {unit}, promised {most:g} {unit}{held_up([value])}" for value in values
                        if not value <= most]

    def holds(self, text, condition):
        """Puts the sentence into the table; a false one breaks the promise."""
        self.facts.append(text if condition else f"NOT: {text}")
        if not condition:
            self.broken.append(f"not so: {text}")

    def start_daemon(self, config, *arguments):
        daemon = processes.Daemon(self, self.folder, config, *arguments).wait_ready()
        daemon.server = None
        self.daemons.append(daemon)
        return daemon

    def ask(self, daemon):
        """The daemon over gRPC, of which only its reflection is known."""
        if daemon.server is None:
            daemon.server = reflection.Server(daemon.grpc_address)
            self.addCleanup(daemon.server.close)
        return daemon.server

    def faults(self, daemon):
        """What is wrong now, or was and must be cleared by people."""
        return {fault.id for fault in self.ask(daemon).state().faults if fault.active or fault.latched}

    def shown(self, daemon, fault, timeout_s=5.0):
        """That people get to see the fault."""
        processes.wait_until(lambda: fault in self.faults(daemon), f"{fault} is shown", timeout_s)
        self.facts.append(f"shown as {fault}")


class SimulatedSite(simulated_site.Site):
    """abcds-sim that says 50 times a second what the inverter was told; a steady house, a meter without noise."""

    OPTIONS = ("--print_interval", "0.02", "--load", f"constant:{LOAD_W}", "--meter_interval", "0.5",
               "--meter_latency", "0.2", "--meter_noise", "0")

    def wait_delivering(self, timeout_s=60.0):
        processes.wait_until(lambda: self.told_w() < -0.8 * LOAD_W, f"the inverter delivers {LOAD_W} W", timeout_s)

    def seconds_until_zero(self, timeout_s, since=None):
        since = time.monotonic() if since is None else since
        processes.wait_until(lambda: self.told_w() == 0.0, "0 W on the wire", timeout_s, 0.01)
        return Seconds(since, time.monotonic())

    def seconds_until_delivering(self, timeout_s=60.0):
        since = time.monotonic()
        self.wait_delivering(timeout_s)
        return time.monotonic() - since


class PlantSite:
    """Inverters, each on a line of its own or all on one, a meter over HTTP and, if wanted, a BMS: all of `plants`."""

    def __init__(self, stage, inverters=1, grace_s=None, load_w=LOAD_W, told_w=0, one_line=False):
        self.house = plants.House(load_w)
        self.meter = plants.ShellyMeter(stage, self.house)
        self.config = SITE_CONFIG.format(meter_port=self.meter.port)
        self.house.inverters = [plants.Inverter(told_w) for _ in range(inverters)]
        numbered = list(enumerate(self.house.inverters, 1))
        self.lines = []
        for line, units in enumerate([numbered] if one_line else [[entry] for entry in numbered], 1):
            path = f"{stage.folder}/inverter{line}"
            addressed = {address: inverter for address, (_, inverter) in enumerate(units, 1)}
            self.lines.append(plants.InverterLine(stage, path, addressed))
            self.config += LINE_CONFIG.format(line=line, path=path) + "".join(
                INVERTER_CONFIG.format(number=number, line=line, address=address)
                for address, (number, _) in enumerate(units, 1))
        self.bms = None
        if grace_s is not None:
            self.bms = plants.JkBoard(stage, f"{stage.folder}/bms")
            self.config += BMS_CONFIG.format(grace_s=grace_s, path=f"{stage.folder}/bms")

    @property
    def inverter(self):
        return self.house.inverters[0]

    def wait_delivering(self, timeout_s=60.0):
        processes.wait_until(lambda: sum(inverter.told_w for inverter in self.house.inverters) < -0.8 * self.house.load_w,
                             f"the inverters deliver {self.house.load_w} W", timeout_s)

    def seconds_until_delivering(self, timeout_s=60.0):
        since = time.monotonic()
        self.wait_delivering(timeout_s)
        return time.monotonic() - since

    def wait_steady(self, seconds=3.0, within_w=40.0, timeout_s=60.0):
        """Until the grid has been near zero for some time."""
        quiet_since, deadline = time.monotonic(), time.monotonic() + timeout_s
        while time.monotonic() - quiet_since < seconds:
            if abs(self.house.grid_w()) > within_w:
                quiet_since = time.monotonic()
            if time.monotonic() > deadline:
                raise AssertionError(f"it does not regulate: {self.house.grid_w():.0f} W at the grid")
            time.sleep(0.05)


def told_zero_after(inverter, since, timeout_s, meanwhile=False):
    """Seconds from `since` to the last bit of the first 0 W after it.

    Nothing else may have come before that, unless regulation may go on `meanwhile`. What was on its way already may still
    arrive: a setpoint takes 12 ms on the wire.
    """
    def zero():
        return next((when for when, watts in list(inverter.writes) if when > since and watts == 0), None)

    when = processes.wait_until(zero, "0 W on the wire", timeout_s, 0.01)
    took = Seconds(since, when)
    between = [f"{watts} W after {moment - since:.3f} s" for moment, watts in list(inverter.writes)
               if since + 0.05 + took.held_up_s < moment < when and watts != 0]
    if between and not meanwhile:
        raise AssertionError(f"told {between} after it had happened, and before 0 W{held_up([took])}")
    return took


def has_ended(pid):
    """Gone, or waiting for somebody to ask how it ended."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def worker_of(daemon, timeout_s=processes.PATIENCE_S):
    return processes.wait_until(daemon.worker_pid, "there is a worker", timeout_s, 0.01)


def resources(pid):
    """(resident kB, open descriptors) of a process."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    resident_kb = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))
    return resident_kb, len(os.listdir(f"/proc/{pid}/fd"))
