"""What happens to an inverter and its line, read at the inverter."""

import random
import threading
import time

from rows import row
from stage import PlantSite, processes, told_zero_after


def begin(stage, inverters=1, **options):
    site = PlantSite(stage, inverters, **options)
    daemon = stage.start_daemon(site.config)
    site.wait_delivering()
    site.wait_steady(2.0)
    return site, daemon


def carrier_and_other(site):
    """Of two inverters the one that carries the load, and the other."""
    first, second = site.house.inverters
    return (first, second) if abs(first.told_w) >= abs(second.told_w) else (second, first)


def carries(inverter, site):
    return inverter.told_w < -0.8 * site.house.load_w


def hand_over(stage, site, daemon, carrier, other, fault, most_s):
    """Measures from now until the other inverter has the share, and that the fault is shown."""
    begun = time.monotonic()
    processes.wait_until(lambda: carries(other, site), "the other one carries the load", 40.0, 0.01)
    stage.within("the other has its share after", other.writes[-1][0] - begun, most_s)
    processes.wait_until(lambda: fault in stage.faults(daemon), f"{fault} is shown", 20.0)
    return begun, carrier


@row("one of two inverters falls silent", "its share to the other; 0 W first when it is back; shown", weight=40)
def converter_silent(stage):
    site, daemon = begin(stage, 2)
    carrier, other = carrier_and_other(site)
    carrier.silent = True
    hand_over(stage, site, daemon, carrier, other, "converter_silent", 6.0)
    written = len(carrier.writes)
    time.sleep(2.0)
    carrier.silent = False
    begun = time.monotonic()
    stage.within("back on the line: 0 W after", told_zero_after(carrier, begun, 10.0), 2.0)
    stage.holds("0 W before anything else", carrier.writes[written][1] == 0)
    processes.wait_until(lambda: "converter_silent" not in stage.faults(daemon), "the fault has gone", 20.0)


@row("one of two inverters answers with errors", "its share to the other; 0 W until confirmed; shown", weight=40)
def converter_refuses(stage):
    site, daemon = begin(stage, 2)
    carrier, other = carrier_and_other(site)
    carrier.refuses = 4
    hand_over(stage, site, daemon, carrier, other, "converter_faulty", 6.0)
    written = len(carrier.writes)
    time.sleep(1.0)
    carrier.refuses = 0
    begun = time.monotonic()
    stage.within("when it obeys again: 0 W after", told_zero_after(carrier, begun, 10.0), 2.0)
    stage.holds("0 W before anything else", carrier.writes[written][1] == 0)


@row("one of two inverters gives less than it acknowledged", "the other gives the rest; shown", weight=50)
def converter_not_following(stage):
    site, daemon = begin(stage, 2)
    carrier, _ = carrier_and_other(site)
    carrier.most_w = 100
    begun = time.monotonic()
    processes.wait_until(lambda: abs(site.house.grid_w()) < 40, "the grid is at zero again", 60.0, 0.02)
    site.wait_steady(3.0)
    stage.within("grid at zero again after", time.monotonic() - begun - 3.0, 40.0)
    processes.wait_until(lambda: "converter_not_following" in stage.faults(daemon), "the fault is shown", 30.0)
    stage.within("shown after", time.monotonic() - begun, 30.0)


@row("inverter's adapter unplugged, and plugged in under another node", "0 W first; back without a restart", weight=40)
def converter_unplugged(stage):
    site, daemon = begin(stage)
    draw, zero, back = random.Random(3), [], []
    for _ in range(10 if stage.long else 2):
        time.sleep(draw.random())
        site.lines[0].unplug()
        processes.wait_until(lambda: "converter_silent" in stage.faults(daemon), "the fault is shown", 20.0)
        written = len(site.inverter.writes)
        begun = time.monotonic()
        site.lines[0].plug()
        zero.append(told_zero_after(site.inverter, begun, 20.0))
        stage.broken += [] if site.inverter.writes[written][1] == 0 else ["something else before 0 W"]
        back.append(site.seconds_until_delivering())
    stage.worst("plugged in: 0 W after", zero, 3.0)
    stage.worst("delivers after", back, 15.0)


@row("inverter restarts by itself, into full power", "0 W or its setpoint again by 6 s")
def converter_restarts(stage):
    site, _ = begin(stage)
    begun = time.monotonic()
    # Its register forgets, and nobody is told.
    site.inverter.tell(site.inverter.FULL_W, begun)
    site.inverter.writes.pop()
    processes.wait_until(lambda: site.inverter.writes[-1][0] > begun, "it is told again", 20.0, 0.01)
    stage.within("told again after", site.inverter.writes[-1][0] - begun, 6.0)
    site.wait_steady(2.0)


def babble(line, seconds, draw):
    """Noise on the line: bytes from nowhere, in bursts."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        line.say(bytes(draw.randrange(256) for _ in range(draw.randrange(1, 30))))
        time.sleep(draw.random() * 0.2)


@row("garbage on the inverter's line", "no setpoint beyond its limit, no effect on the cycle; back by itself", weight=40)
def converter_line_garbage(stage):
    site, daemon = begin(stage)
    before = stage.ask(daemon).state().cycle
    noise = threading.Thread(target=babble, args=(site.lines[0], 60 if stage.long else 12, random.Random(11)))
    first = len(site.inverter.writes)
    noise.start()
    noise.join()
    told = [watts for _, watts in site.inverter.writes[first:]]
    stage.facts.append(f"{len(told)} setpoints arrived")
    # It commands 0 W and starts again whenever it is not understood; an acknowledgement that was lost is no load.
    most = 1.1 * site.house.load_w
    stage.within(f"largest at {site.house.load_w} W of load:", max((-watts for watts in told), default=0), most, "W", 0)
    after = stage.ask(daemon).state().cycle
    stage.within("cycles missed:", after.missed - before.missed, 0.05 * (after.sequence - before.sequence), "", 0)
    begun = time.monotonic()
    site.wait_steady(2.0)
    stage.within("quiet line: steady after", time.monotonic() - begun, 20.0)
