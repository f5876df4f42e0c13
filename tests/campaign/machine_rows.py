"""What the machine does to guard and worker: nobody reads their output, disks are full, memory ends, ports are taken."""

import contextlib
import os
import resource
import signal
import socket
import subprocess
import time

from process_rows import begin, kill
from rows import row
from stage import LOAD_W, PlantSite, has_ended, processes, told_zero_after, worker_of


class Bare:
    """The daemon's program, to be started again and again, or with an output of its own; asked like processes.Daemon
    who its worker is."""

    def __init__(self, stage, site, output=None):
        self.grpc_port, metrics_port = processes.free_port(), processes.free_port()
        config = stage.folder / "abcds.textproto"
        config.write_text(processes.with_services(site.config, f"127.0.0.1:{self.grpc_port}", f"127.0.0.1:{metrics_port}"),
                          encoding="utf-8")
        self.command = [processes.ABCDSD, "--config", config, "--allow_non_realtime", f"--state_dir={stage.folder}/state"]
        self._stage, self._output = stage, output

    def start(self):
        if self._output is None:
            self.process = processes.start(self._stage, *self.command)
            self._stage.daemons.append(self)
            return self
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=self._output, stderr=self._output)
        self._stage.addCleanup(self.process.wait)
        self._stage.addCleanup(self.process.terminate)
        return self

    worker_pid = processes.Daemon.worker_pid


def follows_a_step(stage, site):
    site.house.load_w = 250
    time.sleep(4.0)
    site.wait_steady(2.0)
    stage.within("load step followed, grid at", abs(site.house.grid_w()), 40.0, "W", 0)


@row("disk full: standard output and error cannot be written", "regulation goes on")
def log_full(stage):
    site = PlantSite(stage)
    with open("/dev/full", "wb") as full:
        Bare(stage, site, full).start()
        stage.within("delivers after", site.seconds_until_delivering(), 20.0)
    site.lines[0].unplug()  # something to say
    time.sleep(1.0)
    site.lines[0].plug()
    site.wait_steady(2.0)
    follows_a_step(stage, site)


@row("nobody reads what it says (a pager, Ctrl-S): the pipe is full, then the worker is killed", "0 W within 2 s; restarted; "
     "SIGTERM ends it")
def reader_hung(stage):
    site = PlantSite(stage)
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writing, bytes(4096))
    os.set_blocking(writing, True)
    daemon = Bare(stage, site, writing).start()
    site.wait_delivering()
    worker = worker_of(daemon)
    begun = kill(worker)
    stage.within("0 W after", told_zero_after(site.inverter, begun, 10.0), 2.0)
    processes.wait_until(lambda: daemon.worker_pid() not in (None, worker), "another worker", 60.0)
    stage.within("back after", site.seconds_until_delivering(), 20.0)
    begun = kill(daemon.process.pid, signal.SIGTERM)
    stage.within("SIGTERM: 0 W after", told_zero_after(site.inverter, begun, 10.0), 2.0)
    daemon.process.wait(10.0)
    os.close(reading)
    os.close(writing)


@row("state directory cannot be made or written", "regulation goes on, a killed worker is replaced")
def state_unwritable(stage):
    for directory in (f"{stage.folder}/abcds.textproto/state", "/proc/abcds"):
        site, daemon = begin(stage, f"--state_dir={directory}")
        begun = kill(worker_of(daemon))
        stage.within("0 W after", told_zero_after(site.inverter, begun, 10.0), 2.0)
        site.wait_delivering()
        daemon.process.stop()
        site.lines[0].close()


@row("guard and worker stopped for long, as a suspend does, then both go on", "0 W is the first that is heard")
def both_stopped(stage):
    site, daemon = begin(stage)
    worker = worker_of(daemon)
    for pid in (daemon.process.pid, worker):
        os.kill(pid, signal.SIGSTOP)
    time.sleep(20.0 if stage.long else 6.0)
    written = len(site.inverter.writes)
    begun = time.monotonic()
    for pid in (worker, daemon.process.pid):
        os.kill(pid, signal.SIGCONT)
    stage.within("0 W after", told_zero_after(site.inverter, begun, 10.0), 2.0)
    stage.holds("0 W first", site.inverter.writes[written][1] == 0)
    stage.within("back after", site.seconds_until_delivering(), 30.0)


@row("guard killed while the worker is stopped (SIGSTOP)", "0 W within 2 s: the kernel wakes an orphaned group")
def guard_killed_worker_stopped(stage):
    site, daemon = begin(stage)
    worker = worker_of(daemon)
    os.kill(worker, signal.SIGSTOP)
    time.sleep(0.3)
    begun = kill(daemon.process.pid)
    stage.within("0 W after", told_zero_after(site.inverter, begun, 10.0), 2.0)
    processes.wait_until(lambda: has_ended(worker), "the worker has ended", 10.0, 0.01)


@row("guard stopped (SIGSTOP), then the worker killed", "nobody is left to act; 0 W within 2 s when the guard goes on")
def guard_stopped_worker_killed(stage):
    site, daemon = begin(stage)
    os.kill(daemon.process.pid, signal.SIGSTOP)
    kill(worker_of(daemon))
    time.sleep(2.0)
    stage.holds("still told its setpoint meanwhile", site.inverter.told_w < -0.8 * LOAD_W)
    begun = kill(daemon.process.pid, signal.SIGCONT)
    stage.within("goes on: 0 W after", told_zero_after(site.inverter, begun, 10.0), 2.0)
    site.wait_delivering()


@row("guard killed, and the daemon started again at once", "0 W within 2 s; the new one waits for the old one's end")
def started_again_at_once(stage):
    site = PlantSite(stage)
    daemon = Bare(stage, site).start()
    took, back = [], []
    for _ in range(10 if stage.long else 3):
        site.wait_delivering()
        begun = kill(daemon.process.pid)
        daemon.start()
        took.append(told_zero_after(site.inverter, begun, 10.0))
        back.append(site.seconds_until_delivering())
    stage.worst("0 W after", took, 2.0)
    stage.worst("the new one delivers after", back, 20.0)


@row("start refused, its port is taken; the inverter runs at full power by itself", "0 W within 2 s all the same; exit code 1; "
     "what another daemon drives is left alone")
def start_refused(stage):
    site = PlantSite(stage, told_w=-600)
    daemon = Bare(stage, site)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", daemon.grpc_port))
        taken.listen()
        begun = time.monotonic()
        daemon.start()
        stage.within("0 W after", told_zero_after(site.inverter, begun, 10.0), 2.0)
        stage.holds("exit code 1", daemon.process.wait(20.0) == 1)
    daemon.start()
    site.wait_delivering()
    site.wait_steady(2.0)
    written = len(site.inverter.writes)
    second = subprocess.run(daemon.command, capture_output=True, text=True, timeout=30, check=False)
    stage.holds("second daemon: exit code 1 and one sentence", (second.returncode, len(second.stderr.splitlines())) == (1, 1))
    stage.holds("the first undisturbed", 0 not in [watts for _, watts in site.inverter.writes[written:]])
    site.wait_steady(2.0)


@row("the worker's memory is at its end (a limit on its address space), clients ask on", "it goes on, or 0 W within 2 s "
     "of its end and restarted")
def out_of_memory(stage):
    site, daemon = begin(stage)
    worker = worker_of(daemon)
    with open(f"/proc/{worker}/status", encoding="utf-8") as status:
        size = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmSize"))
    resource.prlimit(worker, resource.RLIMIT_AS, (size, size))
    alive_at, until = time.monotonic(), time.monotonic() + 8.0
    with contextlib.ExitStack() as peers:
        while time.monotonic() < until and not has_ended(worker):
            alive_at = time.monotonic()
            with contextlib.suppress(OSError):
                address = daemon.grpc_address if peers and int(alive_at * 100) % 2 else daemon.metrics_address
                peer = peers.enter_context(socket.create_connection(("127.0.0.1", int(address.rsplit(":", 1)[1])), 0.2))
                peer.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + os.urandom(40))
    if has_ended(worker):
        stage.within("worker ended: 0 W after", told_zero_after(site.inverter, alive_at, 10.0, meanwhile=True), 2.0)
        processes.wait_until(lambda: daemon.worker_pid() not in (None, worker), "another worker", 60.0)
    else:
        stage.facts.append("it goes on")
    stage.within("delivers after", site.seconds_until_delivering(), 20.0)
    site.wait_steady(2.0)
