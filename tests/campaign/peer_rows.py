"""Peers that mean no good: nothing that they do reaches the cycle, nor takes memory or descriptors without end."""

import contextlib
import multiprocessing
import os
import random
import socket
import time

import grpc

from rows import row
from stage import PlantSite, processes, reflection, resources, worker_of


def begin(stage):
    site = PlantSite(stage)
    daemon = stage.start_daemon(site.config)
    site.wait_delivering()
    site.wait_steady(2.0)
    return site, daemon


def judge(stage, site, daemon, attack):
    """Runs `attack` and measures what it did to cycle, memory and descriptors.

    In a process of its own, so that it does not attack the meter and the inverter of this one.
    """
    worker = worker_of(daemon)
    before, (before_kb, before_fds) = stage.ask(daemon).state().cycle, resources(worker)
    worst_w, most_fds = 0.0, 0
    attacker = multiprocessing.get_context("spawn").Process(
        target=attack, args=(daemon.grpc_address, daemon.metrics_address, stage.long), daemon=True)
    attacker.start()
    while attacker.is_alive():
        worst_w = max(worst_w, abs(site.house.grid_w()))
        most_fds = max(most_fds, resources(worker)[1])
        time.sleep(0.05)
    stage.holds("the attack went to its end", attacker.exitcode == 0)
    time.sleep(2.0)
    after, (after_kb, after_fds) = stage.ask(daemon).state().cycle, resources(worker)
    stage.holds("the same worker", worker_of(daemon) == worker)
    stage.within("grid at most", worst_w, 60.0, "W", 0)
    stage.within("cycles missed:", after.missed - before.missed, 0.02 * (after.sequence - before.sequence), "", 0)
    stage.within("memory grew by", (after_kb - before_kb) / 1024, 24.0, "MB", 1)
    # Beyond 1,024 the library for Modbus ends the process.
    stage.within("descriptors at most", most_fds, 800, "", 0)
    stage.within("left open afterwards:", after_fds - before_fds, 10, "", 0)


def port_of(address):
    return int(address.rsplit(":", 1)[1])


def send_garbage(grpc_address, _, long):
    draw = random.Random(2)
    for _ in range(300 if long else 60):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port_of(grpc_address)), 2) as peer:
            if draw.random() < 0.5:
                peer.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            peer.sendall(os.urandom(draw.randrange(1, 4000)))
    server = reflection.Server(grpc_address)
    for path in ("abcds.v1.StateService/GetState", "abcds.v1.ControlService/SetMode", "abcds.v1.ControlService/SetTarget",
                 "abcds.v1.NoService/NoMethod"):
        for _ in range(100 if long else 30):
            with contextlib.suppress(grpc.RpcError):
                server.raw(path, os.urandom(draw.randrange(1, 3000)))


@row("malformed gRPC: garbage on the port, wrong messages, unknown methods", "no effect on the cycle, memory bounded")
def grpc_malformed(stage):
    site, daemon = begin(stage)
    judge(stage, site, daemon, send_garbage)
    stage.holds("answers afterwards", stage.ask(daemon).state().cycle.sequence > 0)


def say_half(grpc_address, metrics_address, _):
    with contextlib.ExitStack() as peers:
        opened = [peers.enter_context(socket.socket()) for _ in range(1000)]
        for number, peer in enumerate(opened):
            peer.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                peer.connect(("127.0.0.1", port_of(metrics_address if number % 2 else grpc_address)))
        time.sleep(2.0)
        for byte in b"GET /m":
            for peer in opened:
                with contextlib.suppress(OSError):
                    peer.send(bytes((byte,)))
            time.sleep(1.0)


@row("500 connections each to metrics and gRPC that drip half a request", "no effect on the cycle, descriptors bounded")
def silent_clients(stage):
    site, daemon = begin(stage)
    judge(stage, site, daemon, say_half)
    # What was open is closed by now, or by the server's own patience.
    processes.wait_until(lambda: processes.connects(daemon.metrics_address), "metrics are served again", 40.0)


def stream_and_scrape(grpc_address, metrics_address, long):
    until = time.monotonic() + (30.0 if long else 6.0)
    server = reflection.Server(grpc_address)
    streams = [server.stream("abcds.v1.StateService/WatchState", timeout_s=60, min_interval={"nanos": 50_000_000})
               for _ in range(20)]
    for stream in streams:
        next(stream)
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port_of(metrics_address)), 2) as peer:
            peer.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            while peer.recv(65536):
                pass
    for stream in streams:
        stream.cancel()


@row("20 clients stream states and scrape as fast as they can", "no effect on the cycle")
def busy_clients(stage):
    site, daemon = begin(stage)
    judge(stage, site, daemon, stream_and_scrape)
