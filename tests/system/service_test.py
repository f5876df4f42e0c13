"""The systemd unit that docs/install.md installs: its commands work as they are written, and systemd understands it."""

import configparser
import pathlib
import shlex
import shutil
import subprocess
import tempfile
import unittest

import processes

UNIT = processes.ROOT / "packaging/abcdsd.service"
CONFIG = "--config=/etc/abcds/abcds.textproto"


class ServiceTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def command(self, key):
        """The arguments of one of the unit's commands, for a configuration that exists here."""
        unit = configparser.ConfigParser(interpolation=None)
        unit.read(UNIT, encoding="utf-8")
        program, *arguments = shlex.split(unit["Service"][key])
        self.assertEqual(program, "/usr/bin/abcdsd")
        self.assertIn(CONFIG, arguments)
        house = processes.ROOT / "docs/examples/house.textproto"
        return [f"--config={house}" if argument == CONFIG else argument for argument in arguments]

    def test_the_daemon_takes_the_command_line(self):
        code, lines = processes.abcdsd_once(*self.command("ExecStart"), "--check")
        self.assertEqual(code, 0, lines)

    def test_afterwards_every_converter_is_told_off(self):
        code, lines = processes.abcdsd_once(*self.command("ExecStopPost"), f"--state_dir={self.folder}")
        self.assertEqual(code, 0, lines)
        self.assertIn("inverter: 0 W confirmed", lines)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
    def test_systemd_understands_it(self):
        unit = self.folder / UNIT.name
        unit.write_text(UNIT.read_text(encoding="utf-8").replace("/usr/bin/abcdsd", str(processes.ABCDSD)), encoding="utf-8")
        done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
