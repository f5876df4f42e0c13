"""What was saved of a write budget outlives every end of the daemon, and is spent by whoever writes."""

import json
import pathlib
import re
import signal
import tempfile
import unittest
import zlib

import processes
from simulated_site import Site

DEVICE = "meanwell 241105000042"  # as abcds-sim's says
SAVED, WRITTEN = 200, 5000        # a daemon that knows nothing begins with 54


class WriteBudgetTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.site = Site(self, folder.name, "--charger=meanwell-npb-1200-24", f"--can_pty={folder.name}/can",
                         "--old_firmware")
        name = re.search(r'^site: "(.*)"', self.site.config_text(), re.MULTILINE).group(1)
        self.state = self.folder / f"state/{name}.state.json"

    def keep(self, writes):
        """As a daemon has left it, and somebody who has written since."""
        content = {"devices": {DEVICE: {"writes": writes, "facts": ["lacks_eeprom_off"]}}, "latches": [],
                   "operator": {}, "write_savings": {"charger": {"left": SAVED, "written": WRITTEN}}}
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
        self.state.parent.mkdir(exist_ok=True)
        self.state.write_text(json.dumps({"version": 1, "checksum": f"{zlib.crc32(canonical.encode()):08x}",
                                          "content": content}), encoding="utf-8")

    def kept(self):
        return json.loads(self.state.read_text(encoding="utf-8"))["content"]

    def savings(self):
        return self.kept()["write_savings"]["charger"]

    @staticmethod
    def charger_is_active(address):
        listed = processes.abcdsctl("device", "list", address=address)[1]
        return re.search(r"^charger: .*, active", listed, re.MULTILINE)

    def run_until(self, what, condition):
        """A daemon, ended in order when `condition(address)` holds."""
        daemon = processes.Daemon(self, self.folder, self.site.config_text()).wait_ready()
        processes.wait_until(lambda: condition(daemon.grpc_address), what)
        daemon.process.signal(signal.SIGTERM)
        daemon.process.wait()

    def test_outlives_an_end(self):
        self.keep(WRITTEN)
        for _ in range(2):
            self.run_until("the charger is there", self.charger_is_active)
            # Some are for starting and ending.
            self.assertIn(self.savings()["left"], range(SAVED - 40, SAVED + 1))
            self.assertGreaterEqual(self.kept()["devices"][DEVICE]["writes"], WRITTEN)

    def test_what_was_written_meanwhile_is_spent(self):
        self.keep(WRITTEN + 90)
        self.run_until("they were taken off", lambda _: self.savings()["written"] >= WRITTEN + 90)
        self.assertIn(self.savings()["left"], range(SAVED - 90 - 40, SAVED - 90 + 1))


if __name__ == "__main__":
    unittest.main()
