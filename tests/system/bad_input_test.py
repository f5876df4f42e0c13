"""What a user gets who has made a mistake: one clear sentence, an exit code, and nothing else is disturbed."""

import os
import pathlib
import pty
import re
import socket
import tempfile
import tty
import unittest

import processes
import reflection


class BadInputTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, config, grpc=None, metrics=None):
        path = self.folder / "abcds.textproto"
        path.write_text(processes.with_services(config, grpc or f"127.0.0.1:{processes.free_port()}",
                                                metrics or f"127.0.0.1:{processes.free_port()}"), encoding="utf-8")
        return path

    def fails(self, *arguments):
        """Runs the daemon, which must refuse; what it says."""
        code, lines = processes.abcdsd_once(*arguments)
        self.assertNotEqual(code, 0, "\n".join(lines))
        self.assertGreater(code, 0, "it must end by itself, not by a signal")
        self.assertTrue(lines, "it must say why")
        return lines

    def refused(self, config, *parts):
        lines = self.fails("--config", self.write(config), "--allow_non_realtime")
        self.assertEqual(len(lines), 1, "one sentence:\n" + "\n".join(lines))
        for part in parts:
            self.assertIn(part, lines[0])

    def test_no_such_file(self):
        lines = self.fails("--config", self.folder / "none.textproto", "--allow_non_realtime")
        self.assertEqual(len(lines), 1, lines)
        self.assertIn("none.textproto", lines[0])
        self.assertIn("give --config=FILE, or write one: abcdsd --print_config=lumentree+mqtt", lines[0])

    def test_unknown_field_names_file_line_and_field(self):
        self.refused("sitte: \"x\"\n" + processes.house_config(), "abcds.textproto:1", "sitte")

    def test_unknown_device(self):
        config = processes.house_config().replace("house_charger {}", "hous_charger {}")
        lines = self.fails("--config", self.write(config), "--allow_non_realtime")
        self.assertEqual(len([line for line in lines if "hous_charger" in line and '"house_charger"?' in line]), 1, lines)

    def test_converter_without_a_device(self):
        self.refused(processes.house_config().replace("house_charger {}", ""), "converter[0]", "house_charger")

    def test_syntax_error(self):
        self.refused(processes.house_config() + "\nmeter {", "abcds.textproto:")

    def test_missing_meter(self):
        self.refused(re.sub(r"^meter\s*{.*?^}", "", processes.house_config(), flags=re.DOTALL | re.MULTILINE), "meter")

    def test_all_problems_are_reported_at_once(self):
        config = processes.house_config().replace("capacity_ah: 100", "capacity_ah: -1").replace("cells: 8", "cells: 800")
        lines = self.fails("--config", self.write(config), "--allow_non_realtime")
        text = "\n".join(lines)
        self.assertIn("battery.cells = 800", text)
        self.assertIn("battery.capacity_ah = -1", text)

    def test_service_beyond_loopback(self):
        lines = self.fails("--config", self.write(processes.house_config(), grpc="0.0.0.0:50051"), "--allow_non_realtime")
        self.assertIn("0.0.0.0", "\n".join(lines))

    def test_unknown_flag(self):
        self.assertEqual(self.fails("--explode"), ["abcdsd: there is no flag --explode; --help lists them"])
        self.assertEqual(self.fails("--confg", "x"), ['abcdsd: there is no flag --confg; did you mean "--config"?'])

    def test_flags_take_hyphens_as_well(self):
        lines = self.fails("--state-dir=", "--log-level", "loud", "--config", self.write(processes.house_config()))
        self.assertEqual(lines, ["abcdsd: --log_level is debug, info, warning or error"])

    def test_port_in_use_names_it_and_disturbs_nobody(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            for which in ("grpc", "metrics"):
                with self.subTest(which):
                    lines = self.fails("--config", self.write(processes.house_config(), **{which: address}),
                                       "--allow_non_realtime")
                    errors = [line for line in lines if address in line or str(taken.getsockname()[1]) in line]
                    self.assertEqual(len(errors), 1, lines)

    def test_second_daemon_on_the_same_ports_leaves_the_first_alone(self):
        first = processes.Daemon(self, self.folder, processes.house_config()).wait_ready()
        server = reflection.Server(first.grpc_address)
        self.addCleanup(server.close)
        before = server.state().cycle
        lines = self.fails("--config", first.config, "--allow_non_realtime")
        self.assertTrue(any(first.grpc_address in line for line in lines), lines)
        self.assertTrue(first.process.running())
        processes.wait_until(lambda: server.state().cycle.sequence > before.sequence, "the first daemon's cycle runs on")

    def serial_config(self, port):
        config = (processes.ROOT / "docs/examples/lumentree+mqtt.textproto").read_text(encoding="utf-8")
        config = re.sub(r'port: "/dev[^"]*"', f'port: "{port}"', config)
        config = re.sub(r'host: "[^"]*"', 'host: "127.0.0.1"', config)
        return re.sub(r"^\s*(user|password_file): .*$", "", config, flags=re.MULTILINE)

    def test_second_daemon_on_the_same_serial_port(self):
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        tty.setraw(slave)
        config = self.serial_config(os.ttyname(slave))
        first = processes.Daemon(self, self.folder, config).wait_ready()
        lines = self.fails("--config", self.write(config), "--allow_non_realtime")
        errors = [line for line in lines if os.ttyname(slave) in line]
        self.assertEqual(len(errors), 1, lines)
        self.assertTrue(first.process.running(), first.process.text())

    def test_serial_port_that_is_not_there(self):
        port = "/dev/serial/by-id/usb-nothing-here"
        lines = self.fails("--config", self.write(self.serial_config(port)), "--allow_non_realtime")
        self.assertEqual(len([line for line in lines if port in line]), 1, lines)


if __name__ == "__main__":
    unittest.main()
