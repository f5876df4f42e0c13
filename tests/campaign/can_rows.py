"""What happens to a Mean Well charger and its CAN bus: an NPB-1200-24 behind an SLCAN adapter, in the sun."""

import os
import re
import signal
import time

from rows import row
from stage import SimulatedSite, processes, worker_of

LOAD_W = 100
SUN_W = 1000
# Of the charger, which stands last.
CHARGER = re.compile(r"each .* [+-]\d+ W \(told ([+-]\d+) W\)")


class ChargingSite(SimulatedSite):
    """Charges with what the sun gives and the house does not take."""

    def __init__(self, stage):
        sun = stage.folder / "sun.csv"
        sun.write_text(f"seconds,pv_w\n0,{SUN_W}\n1000000,{SUN_W}\n", encoding="utf-8")
        super().__init__(stage, stage.folder, "--charger=meanwell-npb-1200-24", f"--can_pty={stage.folder}/can",
                         "--load", f"constant:{LOAD_W}", f"--sun={sun}")

    def charger_told_w(self):
        for line in reversed(self.process.lines):
            found = CHARGER.search(line)
            if found:
                return float(found.group(1))
        raise AssertionError(self.process.text())

    def wait_charging(self, load_w=LOAD_W, timeout_s=60.0):
        def follows():
            return self.charger_told_w() > 0.6 * (SUN_W - load_w) and abs(self.now()[0]) < 100.0
        processes.wait_until(follows, f"it charges with what {load_w} W of load leave", timeout_s, 0.05)

    def seconds_until(self, condition, what, timeout_s):
        begun = time.monotonic()
        processes.wait_until(condition, what, timeout_s, 0.01)
        return time.monotonic() - begun


def begin(stage):
    site = ChargingSite(stage)
    daemon = stage.start_daemon(site.config_text())
    site.wait_charging()
    return site, daemon


def stops(stage, site, most_s):
    stage.within("told 0 W after", site.seconds_until(lambda: site.charger_told_w() == 0.0, "0 W on the wire", most_s + 20.0),
                 most_s)


def comes_back(stage, site, most_s, load_w=LOAD_W):
    begun = time.monotonic()
    site.wait_charging(load_w, most_s + 20.0)
    stage.within("charges again after", time.monotonic() - begun, most_s)


@row("kill -9 of the worker while an NPB charges", "0 W acknowledged within 2 s; charges again by itself")
def charger_worker_killed(stage):
    site, daemon = begin(stage)
    os.kill(worker_of(daemon), signal.SIGKILL)
    stops(stage, site, 2.0)
    comes_back(stage, site, 30.0)


@row("the meter falls silent while an NPB charges", "0 W by 10 s")
def charger_meter_silent(stage):
    site, _ = begin(stage)
    site.say("meter silent")
    stops(stage, site, 10.0)


# Whatever it was told last it goes on doing: nothing reaches it. That it is reached again shows in its following the load.
def cut_off(stage, fault):
    site, daemon = begin(stage)
    site.say(f"charger {fault}")
    site.say("load 400")
    stage.shown(daemon, "converter_silent", 20.0)
    site.say("charger ok")
    comes_back(stage, site, 15.0, 400)


@row("the charger's SLCAN adapter is pulled, and plugged in again", "shown; follows again without a restart")
def charger_adapter_pulled(stage):
    cut_off(stage, "unplug")


@row("the CAN cable is out, and in again", "shown; follows again without a restart")
def charger_cable_out(stage):
    cut_off(stage, "cable_out")


@row("an NPB says that it is too hot", "0 W; shown; charges again by itself")
def charger_too_hot(stage):
    site, daemon = begin(stage)
    site.say("charger fault 2")
    stops(stage, site, 2.0)
    stage.shown(daemon, "converter_faulty", 10.0)
    site.say("charger ok")
    comes_back(stage, site, 15.0)


@row("an NPB's readings stand still while its setpoint changes", "0 W within 20 s; shown", weight=40)
def charger_readings_stuck(stage):
    site, daemon = begin(stage)
    site.say("charger stuck")
    site.say("load 500")
    stops(stage, site, 20.0)
    stage.shown(daemon, "converter_faulty", 10.0)
