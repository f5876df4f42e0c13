"""What happens to the meter, and to the broker that it speaks through."""

import os
import signal
import time

from rows import row
from stage import LOAD_W, SimulatedSite, processes, resources

# The limit for silence: max(10 s, 3T + latency), with T = 0.5 s.
SILENT_S = 10.0
FADING_S = 3.0


def begin(stage, *options):
    site = SimulatedSite(stage, stage.folder, *options)
    daemon = stage.start_daemon(site.config_text())
    site.wait_delivering()
    site.collect(3.0)
    return site, daemon


def largest_deviation_w(told):
    return max(told) - min(told)


@row("meter silent", "less from 3 s, 0 W by 10 s; back by itself")
def meter_silent(stage):
    site, daemon = begin(stage)
    before, begun = site.told_w(), time.monotonic()
    site.say("meter silent")
    processes.wait_until(lambda: abs(site.told_w()) < abs(before) - 20, "the inverter is reduced", 20.0, 0.01)
    # A meter may be late: nothing is cut at once. Its last message was up to 0.5 s old.
    reduced_s = time.monotonic() - begun
    stage.within("less after", reduced_s, SILENT_S)
    stage.holds("not before 2.5 s", reduced_s > FADING_S - 0.5)
    stage.within("0 W after", site.seconds_until_zero(20.0, begun), SILENT_S)
    stage.shown(daemon, "meter_silent")
    site.say("meter ok")
    stage.within("back after", site.seconds_until_delivering(), 15.0)


@row("meter repeats one value while own power changes by 100 W", "found in 60 s, then as silent", weight=80)
def meter_frozen(stage):
    site, daemon = begin(stage)
    # Frozen just when the house draws more: own power follows a value that never moves again.
    site.say("load 540")
    processes.wait_until(lambda: site.now()[1] == 540, "the load has changed")
    time.sleep(0.8)
    site.say("meter frozen")
    before = site.told_w()
    processes.wait_until(lambda: abs(site.told_w() - before) >= 100, "own power has changed by 100 W", 20.0, 0.01)
    begun = time.monotonic()
    processes.wait_until(lambda: stage.faults(daemon) & {"meter_frozen", "meter_disagrees"}, "the meter is suspected", 70.0)
    stage.within("suspected after", time.monotonic() - begun, 60.0)
    stage.within("0 W after", site.seconds_until_zero(20.0, begun), 60.0 + SILENT_S)
    if "meter_frozen" in stage.faults(daemon):
        site.say("ok")
        stage.within("back after", site.seconds_until_delivering(), 20.0)


@row("meter sends NaN, no number, nothing, or 100 kW", "no effect at all")
def meter_implausible(stage):
    site, daemon = begin(stage)
    site.say("load 300")
    site.collect(5.0)
    before = site.told_w()
    for payload in ("nan", "-100000", "1e9", "inf", "off", "{}", "0x10", "1,5", "12.5.5", "9" * 500):
        site.say(f"meter raw {payload}")
    told = [told for _, _, _, told in site.collect(6.0)]
    stage.within("largest change of the setpoint", max(abs(value - before) for value in told), 10.0, "W", 0)
    refused = sum(count for name, count in stage.ask(daemon).state().meter.details.counters.items() if "refused" in name)
    stage.holds(f"{refused} refusals counted", refused >= 10)


def latched_after_steps(stage, site, daemon, timeout_s):
    """The meter is wrong: after how many standing steps of our own it is found, and that it stays at 0 W then."""
    steps, standing, since, last = 0, site.told_w(), time.monotonic(), site.told_w()
    begun = time.monotonic()
    while "meter_disagrees" not in stage.faults(daemon):
        if time.monotonic() - begun > timeout_s:
            raise AssertionError(f"not found after {timeout_s:.0f} s and {steps} own steps")
        now = site.told_w()
        since = time.monotonic() if now != last else since
        last = now
        if time.monotonic() - since > 1.0 and abs(now - standing) >= 100:
            steps, standing = steps + 1, now
        time.sleep(0.02)
    stage.within("found after", time.monotonic() - begun, timeout_s, digits=0)
    # What drove it to the limit, and then three that it took to ask the meter.
    stage.within("own steps until then:", steps, 4, "", 0)
    stage.within("then 0 W after", site.seconds_until_zero(5.0), 2.0)
    site.say("ok")
    told = [told for _, _, _, told in site.collect(5.0)]
    stage.holds("stays at 0 W until cleared", not any(told))
    code, _, error = processes.abcdsctl("clear-fault", "meter_disagrees", address=daemon.grpc_address)
    if code != 0:
        raise AssertionError(error)
    stage.within("back after", site.seconds_until_delivering(), 30.0)


@row("meter's sign flips", "found within three own steps of 100 W taken to ask it, then 0 W and latched", weight=60)
def meter_flipped(stage):
    site, daemon = begin(stage)
    # Little power at first: what it is driven to then are several steps.
    site.say("load 130")
    site.collect(6.0)
    site.say("meter flip")
    site.say("load 70")
    latched_after_steps(stage, site, daemon, 60.0)


@row("meter's unit changes to kW", "found within three own steps of 100 W taken to ask it, then 0 W and latched", weight=600,
     long=True)
def meter_kilowatts(stage):
    site, daemon = begin(stage)
    site.say("meter kilowatts")
    # Somebody wants to export 150 W, and the meter never shows it.
    processes.abcdsctl("target", "-150", address=daemon.grpc_address)
    latched_after_steps(stage, site, daemon, 900.0)


@row("old messages replayed after an outage", "not used")
def meter_replayed(stage):
    site, daemon = begin(stage)
    # A past with other loads in it.
    for load_w in (560, 150, LOAD_W):
        site.say(f"load {load_w}")
        site.collect(3.0)
    site.collect(3.0)
    site.say("broker stop")
    stage.within("broker gone: 0 W after", site.seconds_until_zero(20.0), SILENT_S)
    site.say("meter silent")
    site.say("broker ok")
    connects = stage.ask(daemon).state().meter.details.counters["connects"]
    processes.wait_until(lambda: stage.ask(daemon).state().meter.details.counters["connects"] > connects,
                         "the daemon is connected again", 30.0)
    time.sleep(5.5)  # so is the meter, whose client library takes up to 5 s
    site.say("meter replay 30")
    told = [told for _, _, _, told in site.collect(4.0)]
    stage.holds("30 old messages at once: 0 W throughout", not any(told))
    site.say("meter ok")
    stage.within("live ones: back after", site.seconds_until_delivering(), 15.0)


@row("retained message at connect", "not used: nothing before the second live one")
def meter_retained(stage):
    site = SimulatedSite(stage, stage.folder)
    site.say("meter retained")
    site.collect(1.5)
    site.say("meter silent")
    stage.start_daemon(site.config_text())
    told = [told for _, _, _, told in site.collect(8.0)]
    stage.holds("0 W for 8 s", told and not any(told[-100:]))
    site.say("ok")
    begun = time.monotonic()
    site.wait_delivering()
    took = time.monotonic() - begun
    stage.holds("not before 0.25 s of live ones", took > 0.25)
    stage.within("live ones: delivers after", took, 15.0)


@row("broker restarts", "0 W by 10 s; everything comes back without a restart", weight=40)
def broker_restart(stage):
    site, _ = begin(stage)
    site.say("broker stop")
    stage.within("0 W after", site.seconds_until_zero(20.0), SILENT_S)
    site.say("broker ok")
    # The meter itself, mosquitto's client library, waits up to 5 s before it connects again.
    stage.within("back after", site.seconds_until_delivering(), 30.0)


@row("broker answers nothing, connections stay open", "0 W by 10 s; back by itself", weight=40)
def broker_frozen(stage):
    site, _ = begin(stage)
    site.say("broker freeze")
    stage.within("0 W after", site.seconds_until_zero(20.0), SILENT_S)
    site.say("broker ok")
    stage.within("back after", site.seconds_until_delivering(), 30.0)


@row("broker and meter gone together, then the worker killed", "0 W by 10 s, and it stays; back by itself", weight=45)
def broker_and_meter(stage):
    site, daemon = begin(stage)
    site.say("meter silent")
    site.say("broker stop")
    stage.within("0 W after", site.seconds_until_zero(20.0), SILENT_S)
    worker = daemon.worker_pid()
    os.kill(worker, signal.SIGKILL)
    processes.wait_until(lambda: daemon.worker_pid() not in (None, worker), "another worker")
    told = [told for _, _, _, told in site.collect(4.0)]
    stage.holds("0 W throughout", not any(told))
    site.say("ok")
    stage.within("back after", site.seconds_until_delivering(), 40.0)


@row("HTTP meter drips, stalls, resets, lies about its length, sends without end, no HTTP", "0 W by 10 s; memory "
     "bounded; back by itself", weight=70)
def meter_hostile_http(stage):
    site, daemon = begin(stage, "--meter", "shelly-3em")
    before_kb, before_fds = resources(daemon.worker_pid())
    worst_s = 0.0
    for fault in ("drip", "endless", "not_http") if not stage.long else (
            "drip", "stall", "reset", "endless", "long", "not_http", "silent", "refuse", "html", "deep", "truncated"):
        site.say(f"meter {fault}")
        worst_s = max(worst_s, site.seconds_until_zero(20.0))
        site.say("meter ok")
        site.wait_delivering()
        site.collect(1.0)
    stage.within("0 W after at most", worst_s, SILENT_S + 0.5)
    kb, fds = resources(daemon.worker_pid())
    stage.within("memory grew by", (kb - before_kb) / 1024, 8.0, "MB", 1)
    stage.within("descriptors by", fds - before_fds, 3, "", 0)


