"""Starts real programs for a test and ends them with it: daemon, broker, simulator, Prometheus."""

import contextlib
import os
import pathlib
import queue
import re
import secrets
import signal
import socket
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARIES = pathlib.Path(os.environ.get("ABCDS_BINARIES", ROOT / ".build/bin"))
ABCDSD = BINARIES / "server/abcdsd"
ABCDSCTL = BINARIES / "clients/abcdsctl"
ABCDS_SIM = BINARIES / "hal/sim/abcds-sim"

for _binary in (ABCDSD, ABCDSCTL, ABCDS_SIM):
    if not _binary.exists():
        raise RuntimeError(f"{_binary} has not been built; `./test system` builds it")

# A busy machine with two processors: what takes milliseconds may take seconds. Used for "it must come", never as a pause.
PATIENCE_S = 20.0


def free_port():
    """A loopback port nobody listens on. Of those that the kernel gives to nobody by itself, as connections would take
    one before its use; of several tests at once, each draws its own."""
    while True:
        port = secrets.randbelow(16_000) + 16_000
        with socket.socket() as probe:
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port


def wait_until(condition, what, timeout_s=PATIENCE_S, interval_s=0.05):
    """The first true value of `condition()`, which is asked again and again."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"after {timeout_s:.0f} s still not: {what}")
        time.sleep(interval_s)


class Process:
    """A child process whose output (both streams) is collected line by line with its time of arrival."""

    def __init__(self, *command, stdin=subprocess.DEVNULL, environment=None, cwd=None):
        self.command = [str(part) for part in command]
        self.lines = []
        self._arrivals = queue.Queue()
        self._process = subprocess.Popen(self.command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                         text=True, errors="replace", env={**os.environ, **(environment or {})}, cwd=cwd)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))
            self._arrivals.put((time.monotonic(), self.lines[-1]))
        self._process.stdout.close()

    @property
    def pid(self):
        return self._process.pid

    def text(self):
        return "\n".join(self.lines)

    def running(self):
        return self._process.poll() is None

    def say(self, line):
        """Types a line into its standard input, which must be a pipe."""
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def wait_for(self, pattern, timeout_s=PATIENCE_S):
        """The first match of `pattern` in its output, also in what it has said already."""
        deadline = time.monotonic() + timeout_s
        seen = 0
        while True:
            while seen < len(self.lines):
                found = re.search(pattern, self.lines[seen])
                if found:
                    return found
                seen += 1
            if time.monotonic() > deadline or (not self.running() and not self._reader.is_alive() and
                                               seen == len(self.lines)):
                raise AssertionError(f"{self.command[0]} did not say {pattern!r}; it said:\n{self.text()}")
            time.sleep(0.02)

    def signal(self, number):
        self._process.send_signal(number)

    def wait(self, timeout_s=PATIENCE_S):
        """Its exit code, once it has ended by itself."""
        try:
            code = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.command[0]} did not end; it said:\n{self.text()}") from None
        self._reader.join(PATIENCE_S)
        return code

    def stop(self, timeout_s=10.0):
        """Ends it, by force if need be. For clean-up: tests of the end itself use signal() and wait()."""
        if self.running():
            self._process.terminate()
            try:
                self._process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._reader.join(timeout_s)
        if self._process.stdin:
            self._process.stdin.close()


def start(test, *command, **options):
    """A Process that ends with the test case (or, given a class, with the class)."""
    process = Process(*command, **options)
    clean_up = test.addClassCleanup if isinstance(test, type) else test.addCleanup
    clean_up(process.stop)
    return process


class Daemon:
    """abcdsd on free ports, ready to be asked."""

    def __init__(self, test, folder, config, *arguments, under=()):
        self.grpc_address = f"127.0.0.1:{free_port()}"
        self.metrics_address = f"127.0.0.1:{free_port()}"
        self.config = pathlib.Path(folder) / "abcds.textproto"
        self.config.write_text(with_services(config, self.grpc_address, self.metrics_address), encoding="utf-8")
        self.process = start(test, *under, ABCDSD, "--config", self.config, "--allow_non_realtime",
                             f"--state_dir={folder}/state", *arguments)

    def wait_ready(self):
        self.process.wait_for(re.escape(self.grpc_address))
        wait_until(lambda: connects(self.grpc_address) or not self.process.running(), "gRPC listens")
        if not self.process.running():
            raise AssertionError(f"abcdsd has ended:\n{self.process.text()}")
        return self

    def worker_pid(self):
        """The process that regulates; the one that was started is its guard. None while there is none."""
        for pid in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                name, rest = (pid / "stat").read_text(encoding="utf-8").rsplit(")", 1)
            except (OSError, ValueError):
                continue  # it has ended meanwhile
            state, parent = rest.split()[:2]
            if int(parent) == self.process.pid and name.endswith("(abcdsd-worker") and state != "Z":
                return int(pid.name)
        return None


def connects(address):
    host, port = address.rsplit(":", 1)
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((host, int(port))) == 0


def with_services(config, grpc_address, metrics_address):
    """The configuration with its `services` replaced."""
    config = re.sub(r"^services\s*{.*?^}", "", config, flags=re.DOTALL | re.MULTILINE)
    return (f'{config}\nservices {{\n  grpc_listen: "{grpc_address}"\n  metrics_listen: "{metrics_address}"\n}}\n')


def house_config():
    """What `./run` starts."""
    return (ROOT / "docs/examples/house.textproto").read_text(encoding="utf-8")


def abcdsctl(*arguments, address="127.0.0.1:1", timeout_s=30.0, stdin=None):
    """Runs the command line as a user does; (exit code, standard output, standard error)."""
    done = subprocess.run([str(ABCDSCTL), *arguments], capture_output=True, text=True, timeout=timeout_s, check=False,
                          input=stdin, stdin=None if stdin is not None else subprocess.DEVNULL,
                          env={**os.environ, "ABCDS_ADDRESS": address})
    return done.returncode, done.stdout, done.stderr


def abcdsd_once(*arguments, timeout_s=PATIENCE_S):
    """Runs the daemon's binary until it ends by itself; (exit code, output lines)."""
    process = Process(ABCDSD, *arguments)
    try:
        return process.wait(timeout_s), process.lines
    finally:
        process.stop()


__all__ = ["ABCDSCTL", "ABCDSD", "ABCDS_SIM", "Daemon", "PATIENCE_S", "Process", "ROOT", "abcdsctl", "abcdsd_once",
           "connects", "free_port", "house_config", "signal", "start", "wait_until", "with_services"]
