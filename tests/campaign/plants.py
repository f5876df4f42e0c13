"""Devices on real wires, written in a second language: they share neither code nor constants with the daemon or abcds-sim.

Every device keeps what it heard with the moment of its last bit, by the wire's own speed. Powers: + is drawn from the AC
bus, so an inverter's output is negative; times are time.monotonic().
"""

import http.server
import json
import math
import os
import pty
import random
import select
import threading
import time
import tty


class House:
    """A constant load, and inverters that follow their setpoints with a lag."""

    LAG_S = 0.4

    def __init__(self, load_w):
        self.load_w = load_w
        self.inverters = []

    def grid_w(self):
        return self.load_w + sum(inverter.output_w() for inverter in self.inverters)


class Port:
    """A serial line on a pty under a stable name, served by a thread of its own."""

    def __init__(self, stage, path, baud):
        self.path = path
        self.byte_s = 10.0 / baud
        self.arrived = 0.0  # when the first byte of what is being served came; the pty itself takes no time
        self._lock = threading.RLock()
        self._far = self._near = -1
        self._ended = False
        self.plug()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        stage.addCleanup(self.close)

    def plug(self):
        with self._lock:
            if self._near >= 0:
                return
            self._near, self._far = pty.openpty()
            tty.setraw(self._far)
            os.symlink(os.ttyname(self._far), self.path)

    def unplug(self):
        """As pulling the adapter: its name is gone, and who has it open sees it hang up."""
        with self._lock:
            if self._near < 0:
                return
            os.unlink(self.path)
            os.close(self._near)
            # Its far end stays open: the kernel would give the number to another row's line, while somebody of this one
            # may still hold the node.
            self._near = self._far = -1

    def close(self):
        self._ended = True
        self._thread.join(5.0)
        self.unplug()

    def say(self, data):
        """The moment of its last bit."""
        time.sleep(len(data) * self.byte_s)
        now = time.monotonic()
        with self._lock:
            if self._near >= 0:
                os.write(self._near, data)
        return now

    def _hear(self):
        """Bytes that have come, b"" after 50 ms of silence."""
        with self._lock:
            near = self._near
        if near < 0:
            time.sleep(0.02)
            return b""
        try:
            if not select.select([near], [], [], 0.05)[0]:
                return b""
            self.arrived = time.monotonic()
            return os.read(near, 4096)
        except (OSError, ValueError):  # unplugged meanwhile
            return b""

    def _run(self):
        heard = b""
        while not self._ended:
            data = self._hear()
            heard = self.serve(heard + data) if data else b""

    def serve(self, heard):
        """Takes whole requests from the front; returns the rest."""
        raise NotImplementedError


def modbus_checksum(data):
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return bytes((crc & 0xFF, crc >> 8))


class Inverter:
    """A Lumentree 600 as its registers show it. Without being told, it delivers all it can."""

    FULL_W = 600

    def __init__(self, told_w=-FULL_W):
        self._lock = threading.Lock()
        self._from_w, self._since = float(told_w), time.monotonic()
        self.told_w = told_w
        self.most_w = self.FULL_W  # less: it is limited by something of its own
        self.writes = []  # (when its last bit arrived, W)
        self.heard = []   # when any request for it had arrived
        self.silent = False
        self.refuses = 0  # a Modbus exception
        self.battery_v = 26.4

    def output_w(self):
        with self._lock:
            share = 1.0 - math.exp(-(time.monotonic() - self._since) / House.LAG_S)
            return self._from_w + (max(self.told_w, -self.most_w) - self._from_w) * share

    def tell(self, watts, when):
        output_w = self.output_w()
        with self._lock:
            self._from_w, self._since, self.told_w = output_w, time.monotonic(), -watts
            self.writes.append((when, -watts))

    def read(self, register):
        return {40: -self.told_w, 70: 2317, 94: 319, 107: round(-10 * self.output_w()),
                109: round(10 * self.battery_v)}.get(register)


class InverterLine(Port):
    """A Modbus RTU line with several inverters."""

    TURNAROUND_S = 0.004

    def __init__(self, stage, path, units, baud=9600):
        self.units = units
        super().__init__(stage, path, baud)

    def serve(self, heard):
        while len(heard) >= 8:
            length = 9 + heard[6] if heard[1] == 16 else 8
            if len(heard) < length:
                break
            request, heard = heard[:length], heard[length:]
            if modbus_checksum(request[:-2]) != request[-2:]:
                return b""
            # Its last bit comes by the wire's own time, however late this thread wakes up.
            self.arrived += length * self.byte_s
            time.sleep(max(0.0, self.arrived - time.monotonic()))
            self._obey(request, self.arrived)
        return heard

    def _obey(self, request, now):
        inverter = self.units.get(request[0])
        if inverter is None or inverter.silent:
            return
        inverter.heard.append(now)
        register, count = int.from_bytes(request[2:4], "big"), int.from_bytes(request[4:6], "big")
        if inverter.refuses:
            reply = bytes((request[0], request[1] | 0x80, inverter.refuses))
        elif request[1] == 16:
            if register == 40:
                inverter.tell(int.from_bytes(request[7:9], "big"), now)
            reply = request[:6]
        else:
            values = [inverter.read(register + i) for i in range(count)]
            if None in values:
                reply = bytes((request[0], request[1] | 0x80, 2))
            else:
                reply = bytes((request[0], 3, 2 * count)) + b"".join(value.to_bytes(2, "big") for value in values)
        time.sleep(self.TURNAROUND_S)
        self.say(reply + modbus_checksum(reply))


class JkBoard(Port):
    """A JK BMS with the 4E57 protocol on a line that may damage what it carries."""

    def __init__(self, stage, path, cells=8, seed=1):
        self.cells_mv = [3300 + i % 4 for i in range(cells)]
        self.battery_c = 20
        self.current_a = -3.5
        self.soc_percent = 61
        self.warnings = 0
        self.charge_switch = self.discharge_switch = True
        self.silent = False
        self.damaged_replies = 0.0  # share of the replies with one byte replaced
        self.damaged_bytes = 0.0    # share of all bytes
        self.foreign = False        # another master talks to another device in between
        self.values_lock = threading.Lock()  # for who changes several values that belong together
        self.requests = []  # when they had arrived
        self.replies = []   # (when the last bit of one left, whether discharging was allowed in it)
        self._random = random.Random(seed)
        super().__init__(stage, path, 115200)

    def content(self):
        cells = b"".join(bytes((i + 1,)) + mv.to_bytes(2, "big") for i, mv in enumerate(self.cells_mv))
        current = round(abs(self.current_a) * 100) | (0x8000 if self.current_a > 0 else 0)
        celsius = 100 - self.battery_c if self.battery_c < 0 else self.battery_c
        switches = (1 if self.charge_switch else 0) | (2 if self.discharge_switch else 0)

        def word(identifier, value):
            return bytes((identifier,)) + value.to_bytes(2, "big")

        return (bytes((0x79, len(cells))) + cells + word(0x80, 24) + word(0x81, 20) + word(0x82, celsius) +
                word(0x83, round(sum(self.cells_mv) / 10)) + word(0x84, current) + bytes((0x85, self.soc_percent)) +
                bytes((0x86, 1)) + word(0x8A, len(self.cells_mv)) + word(0x8B, self.warnings) + word(0x8C, switches) +
                bytes((0xC0, 1)))

    def frame(self):
        with self.values_lock:
            content = self.content()
        data = (b"\x4e\x57" + (len(content) + 18).to_bytes(2, "big") + bytes(4) + b"\x06\x00\x01" + content + bytes(4) +
                b"\x68")
        return data + bytes(2) + (sum(data) & 0xFFFF).to_bytes(2, "big")

    def damaged(self, data):
        draw, data = self._random, bytearray(data)
        if draw.random() < self.damaged_replies:
            data[draw.randrange(len(data))] ^= draw.randrange(1, 256)
        for i in range(len(data)):
            if draw.random() < self.damaged_bytes:
                data[i] ^= draw.randrange(1, 256)
        return bytes(data)

    def serve(self, heard):
        begin = heard.find(b"\x4e\x57")
        if begin < 0 or len(heard) < begin + 21:
            return heard[max(begin, 0):] if begin >= 0 else b""
        request, heard = heard[begin:begin + 21], heard[begin + 21:]
        if sum(request[:-4]) & 0xFFFF != int.from_bytes(request[-2:], "big"):
            return heard
        self.requests.append(time.monotonic())
        if self.silent:
            return heard
        foreign = b""
        if self.foreign and self._random.random() < 0.5:
            # The beginning of one of our own frames among them.
            foreign = b"\x05\x03\x00\x4e\x57\x01\x21" + bytes((self._random.randrange(256),))
        allowed = self.discharge_switch
        self.replies.append((self.say(self.damaged(foreign + self.frame())), allowed))
        return heard


class ShellyMeter:
    """A Shelly 3EM (generation 1) over HTTP."""

    def __init__(self, stage, house):
        self.house = house
        self.requests = []  # (when, path)
        self.silent = False
        self.last_w = None
        meter = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # pylint: disable=invalid-name
                meter.requests.append((time.monotonic(), self.path))
                if meter.silent:
                    return
                body = json.dumps(meter.document(self.path)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # a client that was killed
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        stage.addCleanup(self._server.server_close)
        stage.addCleanup(self._server.shutdown)

    def document(self, path):
        if path != "/status":
            return {"type": "SHEM-3", "mac": "A8032AB1C2D3", "auth": False, "fw": "20230913-114244/v1.14.0-gcb84623"}
        power_w, count = self.house.grid_w(), len(self.requests)
        self.last_w = power_w
        phases = [{"power": round(power_w * share, 2), "pf": 0.9, "current": 1.0, "voltage": 230 + 0.01 * (count % 17),
                   "is_valid": True, "total": 1000.0 + 0.1 * count, "total_returned": 7.0} for share in (0.5, 0.3, 0.2)]
        return {"unixtime": int(time.time()), "emeters": phases, "total_power": round(power_w, 2)}
