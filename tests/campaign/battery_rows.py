"""What happens to the BMS and what it says."""

import random
import statistics
import time

from rows import row
from stage import PlantSite, processes, told_zero_after


def begin(stage, grace_s):
    site = PlantSite(stage, grace_s=grace_s)
    daemon = stage.start_daemon(site.config)
    site.wait_delivering()
    site.wait_steady(2.0)
    return site, daemon


def silence(stage, grace_s):
    site, daemon = begin(stage, grace_s)
    begun = time.monotonic()
    site.bms.silent = True
    # Five polls of 1 s without an answer are silence.
    took = told_zero_after(site.inverter, begun, 60.0, meanwhile=True)
    stage.within("0 W after", took, grace_s + 7.0)
    stage.holds("not before the grace is over", took > grace_s - 1.5)
    stage.shown(daemon, "battery_silent")
    site.bms.silent = False
    stage.within("back after", site.seconds_until_delivering(), 15.0)


@row("BMS silent, no grace configured", "0 W by 7 s (five polls unanswered); back by itself")
def bms_silent(stage):
    silence(stage, 0)


@row("BMS silent, grace of 10 s (default 30 s)", "0 W at the end of the grace; back by itself", weight=45)
def bms_silent_grace(stage):
    silence(stage, 10)


@row("BMS forbids discharging", "0 W commanded within one cycle of 20 ms after the frame (and 30 ms of wire)", weight=45)
def bms_forbids(stage):
    site, _ = begin(stage, 30)
    draw, took = random.Random(5), []
    for _ in range(20 if stage.long else 4):
        time.sleep(draw.random())
        site.bms.discharge_switch = False
        processes.wait_until(lambda: site.bms.replies and not site.bms.replies[-1][1], "the BMS has said so", 10.0, 0.005)
        frame_at = next(when for when, allowed in reversed(site.bms.replies) if not allowed)
        # What the frame found on the wire goes first: one poll of 20 ms.
        took.append(told_zero_after(site.inverter, frame_at - 0.005, 5.0) - 0.005)
        site.bms.discharge_switch = True
        site.wait_delivering()
    stage.within("median", statistics.median(took), 0.1)
    # Without real-time priority, beside all the other rows.
    stage.worst("0 W after the frame's last bit", took, 0.5)


@row("a cell at 2.70 V", "0 W with the next frame; not back before it has recovered")
def cell_empty(stage):
    site, _ = begin(stage, 30)
    healthy, begun = list(site.bms.cells_mv), time.monotonic()
    site.bms.cells_mv = [2700 if i == 3 else mv for i, mv in enumerate(healthy)]
    stage.within("0 W after", told_zero_after(site.inverter, begun, 10.0, meanwhile=True), 1.5)
    told = len(site.inverter.writes)
    # Empty at 3.05 V, until 3.20 V: no see-saw at the limit.
    site.bms.cells_mv = [3120] * len(healthy)
    time.sleep(4.0)
    stage.holds("0 W while they are at 3.12 V", not any(watts for _, watts in site.inverter.writes[told:]))
    site.bms.cells_mv = healthy
    stage.within("at 3.30 V: back after", site.seconds_until_delivering(), 15.0)


@row("cells at -20 °C", "0 W with the second frame that says so; back by itself")
def too_cold(stage):
    site, daemon = begin(stage, 30)
    begun = time.monotonic()
    site.bms.battery_c = -20
    # A jump of 40 °C from one second to the next is believed when it is confirmed, 0.1 s later.
    stage.within("0 W after", told_zero_after(site.inverter, begun, 10.0, meanwhile=True), 2.0)
    stage.shown(daemon, "temperature_outside")
    site.bms.battery_c = 20
    stage.within("back after", site.seconds_until_delivering(), 15.0)


@row("BMS adapter unplugged and plugged in again", "as silent; back without a restart", weight=40)
def bms_unplugged(stage):
    site, _ = begin(stage, 0)
    begun = time.monotonic()
    site.bms.unplug()
    stage.within("0 W after", told_zero_after(site.inverter, begun, 20.0, meanwhile=True), 7.0)
    time.sleep(2.0)
    site.bms.plug()
    stage.within("back after", site.seconds_until_delivering(), 15.0)


def watch_values(stage, site, daemon, seconds):
    """Lets the pack change, and compares all that the daemon says of it with what it ever was; (states seen, wrong)."""
    board, draw = site.bms, random.Random(7)

    def truth():
        cells = board.cells_mv
        return round(sum(cells) / 10) / 100, min(cells) / 1000, max(cells) / 1000, board.current_a

    true, seen, wrong = {truth()}, set(), []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        step = draw.randrange(-20, 20)
        with board.values_lock:
            board.current_a = -draw.randrange(0, 4000) / 100
            board.cells_mv = [3300 + step + i % 4 for i in range(len(board.cells_mv))]
        true.add(truth())
        time.sleep(0.25)
        battery = stage.ask(daemon).state().battery
        if not battery.HasField("voltage_v"):
            continue  # too old to be shown
        said = tuple(round(value, 3) for value in (battery.voltage_v, battery.cell_lowest_v, battery.cell_highest_v,
                                                   battery.current_a))
        seen.add(said)
        if said not in true or (battery.soc_ratio, battery.temperature_lowest_c) != (0.61, 20):
            wrong.append(said)
    stage.broken += [f"never had: {said}" for said in wrong[:3]]
    return seen, wrong


@row("JK: a byte wrong in 5 % of the replies, and a foreign master on the line", "never a wrong value; regulation goes on",
     weight=50)
def bms_damaged_replies(stage):
    site, daemon = begin(stage, 30)
    site.bms.damaged_replies, site.bms.foreign = 0.05, True
    seconds = 600 if stage.long else 25
    seen, wrong = watch_values(stage, site, daemon, seconds)
    stage.within(f"{seconds} s, {len(seen)} states shown, wrong ones:", len(wrong), 0, "", 0)
    counters = stage.ask(daemon).state().battery.details.counters
    stage.facts.append(f"{counters['damaged_frames']} damaged frames, {counters['samples']} samples")
    stage.holds("samples go on", counters["samples"] > 0.3 * seconds)
    stage.holds("it delivers", site.inverter.told_w < -300)


@row("JK: 5 % of all bytes wrong, and a foreign master on the line", "never a wrong value; 0 W as when silent, back by itself",
     weight=50)
def bms_damaged_bytes(stage):
    site, daemon = begin(stage, 0)
    begun = time.monotonic()
    site.bms.damaged_bytes, site.bms.foreign = 0.05, True
    stage.within("0 W after", told_zero_after(site.inverter, begun, 60.0, meanwhile=True), 12.0)
    seconds = 600 if stage.long else 10
    seen, wrong = watch_values(stage, site, daemon, seconds)
    stage.within(f"{seconds} s, {len(seen)} states shown, wrong ones:", len(wrong), 0, "", 0)
    site.bms.damaged_bytes, site.bms.foreign = 0.0, False
    # The line is doubted for a minute: each reply must be confirmed by the next.
    stage.within("back after", site.seconds_until_delivering(), 40.0)
