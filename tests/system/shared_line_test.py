"""Two kinds of inverter on one RS485 line and a BMS on another: the real daemon, seen from the devices' ends of the wires."""

import pathlib
import re
import subprocess
import tempfile
import unittest

import processes

EACH = re.compile(r"each ([+-]\d+) W \(told ([+-]\d+) W\) ([+-]\d+) W \(told ([+-]\d+) W\)")
LOAD_W = 1100  # more than either of them gives alone


class SharedLineTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        config = pathlib.Path(folder.name) / "site.textproto"
        cls.site = processes.start(
            cls, processes.ABCDS_SIM, "--inverter", "lumentree:600,trucki:1000", "--bms", "jk",
            "--pty", f"{folder.name}/line", "--bms_pty", f"{folder.name}/bms", "--write_config", config,
            "--print_interval", "0.1", "--load", f"constant:{LOAD_W}", "--seed", "3", stdin=subprocess.PIPE)
        processes.wait_until(lambda: config.exists() and EACH.search(cls.site.text()), "the simulator runs")
        cls.daemon = processes.Daemon(cls, folder.name, config.read_text(encoding="utf-8")).wait_ready()

    def setUp(self):
        self.site.say("ok")
        processes.wait_until(lambda: self.told()[0] < -200 and self.told()[1] < -300, "both deliver", 60.0)

    def told(self):
        """What the Lumentree and the board were told last, in W."""
        return self.all_told()[-1]

    def all_told(self, since=0):
        found = (EACH.search(line) for line in self.site.lines[since:])
        return [(int(match.group(2)), int(match.group(4))) for match in found if match]

    def test_one_that_is_silent_leaves_the_other_its_line(self):
        self.site.say("trucki silent")
        processes.wait_until(lambda: "LIFECYCLE_CONNECTING" in self.status(),
                             "the daemon says that the board is lost", 20.0)
        self.assertLess(self.told()[0], -200, "the Lumentree goes on")
        before = len(self.site.lines)
        self.site.say("trucki ok")
        processes.wait_until(lambda: any(told[1] == 0 for told in self.all_told(before)), "0 W first when it answers again", 20.0)
        processes.wait_until(lambda: self.told()[1] < -300, "and then its part", 40.0)

    def test_a_silent_bms_stops_both(self):
        self.site.say("bms silent")
        processes.wait_until(lambda: self.told() == (0, 0), "0 W for both", 60.0)

    def test_both_get_0_w_when_the_daemon_is_told_to_end(self):
        code, _, err = processes.abcdsctl("mode", "idle", "--lease", "3s", address=self.daemon.grpc_address)
        self.assertEqual(code, 0, err)
        processes.wait_until(lambda: self.told() == (0, 0), "0 W for both", 5.0)

    def status(self):
        _, out, _ = processes.abcdsctl("status", "--json", address=self.daemon.grpc_address)
        return out


if __name__ == "__main__":
    unittest.main()
