"""The daemon may die at any moment: what the inverter is told then, and when. Read at the inverter."""

import os
import random
import signal
import time

from rows import row
from stage import LOAD_W, PlantSite, has_ended, processes, told_zero_after, worker_of

# After a worker's death the pauses before the next one grow, up to 30 s. A fresh daemon for every so many keeps them as
# short as they are in a house where this happens rarely, so that what is killed is a plant at work.
KILLS_PER_DAEMON = 5


def begin(stage, *arguments, **options):
    site = PlantSite(stage, **options)
    daemon = stage.start_daemon(site.config, *arguments)
    site.wait_delivering()
    return site, daemon


def kill(pid, number=signal.SIGKILL):
    """The moment before."""
    begun = time.monotonic()
    os.kill(pid, number)
    return begun


@row("kill -9 of the worker at a random moment, starting up and at work", "0 W acknowledged within 2 s; back by itself",
     weight=60)
def worker_killed(stage):
    site, draw, took, back, daemon = PlantSite(stage), random.Random(), [], [], None
    for number in range(50 if stage.long else 5):
        if number % KILLS_PER_DAEMON == 0:
            if daemon is not None:
                daemon.process.stop()
            daemon = stage.start_daemon(site.config)
            site.wait_delivering()
        worker = worker_of(daemon)
        # Every third one in the first seconds of its life, when it may be anywhere between its start and full power.
        if number % 3 == 2:
            time.sleep(3.0 * draw.random())
        else:
            site.wait_delivering()
            time.sleep(1.5 * draw.random())
        begun = kill(worker)
        took.append(told_zero_after(site.inverter, begun, 10.0))
        if took[-1] > 2.0:
            stage.broken.append("\n".join(daemon.process.lines[-25:]))
        processes.wait_until(lambda: daemon.worker_pid() not in (None, worker), "another worker", 60.0, 0.02)
        started = time.monotonic()
        site.wait_delivering()
        back.append(time.monotonic() - started)
    stage.worst("0 W after", took, 2.0)
    stage.worst("the next worker delivers after", back, 20.0)


@row("kill -9 of the guard at a random moment", "the worker commands 0 W within 2 s, and ends", weight=60)
def guard_killed(stage):
    site, draw, took, ended = PlantSite(stage), random.Random(), [], []
    for _ in range(50 if stage.long else 5):
        daemon = stage.start_daemon(site.config)
        site.wait_delivering()
        time.sleep(1.5 * draw.random())
        worker = worker_of(daemon)
        begun = kill(daemon.process.pid)
        took.append(told_zero_after(site.inverter, begun, 10.0))
        processes.wait_until(lambda: has_ended(worker), "the worker has ended", 10.0, 0.01)
        ended.append(time.monotonic() - begun)
    stage.worst("0 W after", took, 2.0)
    stage.worst("worker gone after", ended, 5.0)


@row("kill -9 of guard and worker at once; then a new start", "the new start commands 0 W first")
def both_killed(stage):
    site, daemon = begin(stage)
    os.kill(daemon.process.pid, signal.SIGSTOP)  # so that it cannot answer the worker's death
    worker = daemon.worker_pid()
    os.kill(worker, signal.SIGKILL)
    os.kill(daemon.process.pid, signal.SIGKILL)
    daemon.process.wait()
    time.sleep(0.5)
    stage.holds("nobody is left to tell it", site.inverter.told_w < -0.8 * LOAD_W)
    begun = time.monotonic()
    stage.start_daemon(site.config)
    stage.within("0 W after the start", told_zero_after(site.inverter, begun, 10.0), 2.0)
    stage.within("delivers after", site.seconds_until_delivering(), 20.0)


@row("SIGTERM, SIGINT, SIGHUP", "0 W within 2 s, then the end with exit code 0", weight=40)
def orderly_end(stage):
    site, took, ended = PlantSite(stage), [], []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        daemon = stage.start_daemon(site.config)
        site.wait_delivering()
        begun = kill(daemon.process.pid, number)
        stage.broken += [] if daemon.process.wait() == 0 else [f"{number.name}: exit code is not 0"]
        ended.append(time.monotonic() - begun)
        took.append(told_zero_after(site.inverter, begun, 1.0))
    stage.worst("0 W after", took, 2.0)
    stage.worst("ended after", ended, 6.0)


@row("SIGSTOP of the worker", "0 W by 3 s; restarted", weight=40)
def worker_stopped(stage):
    site, daemon = begin(stage)
    took = []
    for _ in range(5 if stage.long else 2):
        worker = worker_of(daemon)
        site.wait_delivering()
        begun = kill(worker, signal.SIGSTOP)
        took.append(told_zero_after(site.inverter, begun, 10.0))
        processes.wait_until(lambda: daemon.worker_pid() not in (None, worker), "another worker", 60.0)
    site.wait_delivering()
    stage.worst("0 W after", took, 3.0)


@row("abort, segmentation fault, out of memory (SIGKILL by the kernel)", "0 W within 2 s; restarted", weight=45)
def worker_crashes(stage):
    site, daemon = begin(stage)
    took = []
    for number in (signal.SIGABRT, signal.SIGSEGV, signal.SIGKILL):
        worker = worker_of(daemon)
        site.wait_delivering()
        begun = kill(worker, number)
        took.append(told_zero_after(site.inverter, begun, 10.0))
        processes.wait_until(lambda: daemon.worker_pid() not in (None, worker), "another worker", 60.0)
    stage.worst("0 W after", took, 2.0)


@row("worker killed with two inverters on two lines, one unplugged", "0 W on the one within 2 s; the other as soon as it is "
     "back", weight=45)
def worker_killed_unplugged(stage):
    site, daemon = begin(stage, inverters=2, load_w=900)
    first, second = site.house.inverters
    processes.wait_until(lambda: first.told_w and second.told_w, "both deliver", 30.0)
    site.lines[1].unplug()
    begun = kill(worker_of(daemon))
    stage.within("0 W after", told_zero_after(first, begun, 10.0), 2.0)
    stage.holds("the other still delivers", second.told_w != 0)
    time.sleep(3.0)
    begun = time.monotonic()
    site.lines[1].plug()
    stage.within("plugged in: 0 W after", told_zero_after(second, begun, 20.0), 3.0)
    site.wait_delivering()


@row("worker killed with four inverters on one line, two of them silent", "0 W on the others within 2 s", weight=45)
def worker_killed_one_line(stage):
    site, daemon = begin(stage, inverters=4, load_w=2000, one_line=True)
    took = []
    for number in range(5 if stage.long else 2):
        for inverter in site.house.inverters:
            inverter.silent = False
        processes.wait_until(lambda: all(inverter.told_w for inverter in site.house.inverters), "all deliver", 60.0)
        # Those that the guard asks first, or last.
        for inverter in site.house.inverters[0:2] if number % 2 == 0 else site.house.inverters[2:4]:
            inverter.silent = True
        worker = worker_of(daemon)
        begun = kill(worker)
        took += [told_zero_after(inverter, begun, 10.0) for inverter in site.house.inverters if not inverter.silent]
        processes.wait_until(lambda: daemon.worker_pid() not in (None, worker), "another worker", 60.0)
    stage.worst("0 W after", took, 2.0)


@row("start beside an inverter that runs at full power by itself", "its 0 W before the daemon has read anything else",
     weight=20)
def start_order(stage):
    orders = []
    for number in range(20 if stage.long else 5):
        site = PlantSite(stage_of(stage, number), grace_s=30, told_w=-600)
        daemon = stage.start_daemon(site.config)
        processes.wait_until(lambda s=site: s.inverter.writes and s.bms.requests and s.meter.requests, "all were asked")
        daemon.process.stop()
        others = min(site.bms.requests[0], site.meter.requests[0][0],
                     min((when for when in site.inverter.heard if when != site.inverter.writes[0][0]), default=1e9))
        orders.append((site.inverter.writes[0][1], others - site.inverter.writes[0][0]))
    stage.holds("0 W is the first that it hears", all(watts == 0 for watts, _ in orders))
    stage.worst("0 W after the first other question to any device", [-lead for _, lead in orders], 0.0)


def stage_of(stage, number):
    """A folder of its own for one more site."""
    folder = stage.folder / str(number)
    folder.mkdir()

    class Sub:
        """What plants need of a stage."""
        addCleanup = stage.addCleanup  # pylint: disable=invalid-name

    Sub.folder = folder
    return Sub
