"""The command line as a user types it, against a running daemon."""

import json
import os
import pty
import select
import subprocess
import tempfile
import time
import unittest

import processes


class AbcdsctlTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        cls.daemon = processes.Daemon(cls, folder.name, processes.house_config()).wait_ready()
        # The meter speaks last: it is asked when every converter is known to be at 0 W.
        processes.wait_until(lambda: "power_w" in json.loads(cls.run_ok("status", "--json"))["meter"],
                             "all devices are there")

    @classmethod
    def run_any(cls, *arguments, **options):
        return processes.abcdsctl(*arguments, address=cls.daemon.grpc_address, **options)

    @classmethod
    def run_ok(cls, *arguments, **options):
        code, out, err = cls.run_any(*arguments, **options)
        if code != 0:
            raise AssertionError(f"{arguments}: exit code {code}\n{out}{err}")
        return out

    def status(self):
        return json.loads(self.run_ok("status", "--json"))

    def test_status_shows_the_plant_in_words(self):
        out = self.run_ok("status")
        for word in ("Site", "Mode", "Grid", "House", "Battery", "charger", "inverter", "Decision", "Faults", "Cycle"):
            self.assertIn(f"\n{word}" if word != "Site" else word, out)
        self.assertRegex(out, r"importing|exporting|Grid +0 W")

    def test_json_has_the_names_of_the_proto(self):
        state = self.status()
        self.assertIn("power_w", state["meter"])
        self.assertEqual(state["mode"], "MODE_AUTOMATIC")
        self.assertIn("summary", json.loads(self.run_ok("explain", "--json")))

    def test_watch_prints_a_line_for_each_state(self):
        lines = self.run_ok("watch", "--interval", "200ms", "--count", "4").splitlines()
        self.assertEqual(len(lines), 4)
        states = [json.loads(line) for line in
                  self.run_ok("watch", "--json", "--interval", "100ms", "--count", "3").splitlines()]
        sequences = [int(state["cycle"]["sequence"]) for state in states]
        self.assertEqual(sequences, sorted(set(sequences)))

    def test_explain_is_readable(self):
        self.assertGreater(len(self.run_ok("explain").splitlines()), 2)

    def test_mode_target_enable_and_back(self):
        self.addCleanup(self.run_ok, "mode", "automatic")
        self.assertIn("The mode is idle", self.run_ok("mode", "idle", "--lease", "5m"))
        self.assertEqual(self.status()["mode"], "MODE_IDLE")
        self.run_ok("mode", "automatic")
        self.assertEqual(self.status()["mode"], "MODE_AUTOMATIC")
        self.run_ok("target", "0.1kW", "--lease", "2s")
        self.assertEqual(self.status()["target_w"], 100)
        self.run_ok("disable", "charger")
        self.assertFalse(self.status()["charger_enabled"])
        self.run_ok("enable", "charger")
        self.assertTrue(self.status()["charger_enabled"])

    def test_daemons_refusal_is_exit_code_one(self):
        code, out, err = self.run_any("target", "90kW")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("20000", err)
        self.assertEqual(err.count("\n"), 1, err)

    def test_wrong_command_line_is_exit_code_two(self):
        code, _, err = self.run_any("statsu")
        self.assertEqual(code, 2)
        self.assertIn("did you mean status?", err)

    def test_no_daemon_is_exit_code_three(self):
        code, _, err = processes.abcdsctl("status", address=f"127.0.0.1:{processes.free_port()}")
        self.assertEqual(code, 3)
        self.assertIn("check that abcdsd runs", err)

    def test_daemon_and_command_line_have_one_version(self):
        versions = json.loads(self.run_ok("version", "--json"))
        self.assertEqual(versions["abcdsd"], versions["abcdsctl"])
        self.assertEqual(versions["abcdsd"], (processes.ROOT / "VERSION").read_text(encoding="utf-8").strip())

    def test_config_check_and_print(self):
        config = f"{self.folder}/printed.textproto"
        with open(config, "w", encoding="utf-8") as file:
            file.write(self.run_ok("config", "print", "house"))
        self.run_ok("config", "check", config)
        with open(config, "a", encoding="utf-8") as file:
            file.write("\nnonsense: 1\n")
        code, out, err = self.run_any("config", "check", config)
        self.assertEqual(code, 1)
        self.assertIn("nonsense", out + err)
        result = json.loads(self.run_any("config", "check", config, "--json")[1])
        self.assertFalse(result["ok"])
        self.assertTrue(any("nonsense" in line for line in result["output"] + result["problems"]), result)

    def test_decode_needs_no_daemon(self):
        code, out, err = processes.abcdsctl("decode", "mqtt", stdin="412.5\n")
        self.assertEqual(code, 0, err)
        decoded = json.loads(out)
        self.assertEqual(decoded["kind"], "meter")
        self.assertEqual(decoded["values"]["power_w"], 412.5)
        code, out, err = processes.abcdsctl("decode", "mqtt", stdin="nan\n")
        self.assertEqual((code, out), (1, ""))
        self.assertEqual(err.count("\n"), 1, err)

    def test_top_draws_until_q_and_leaves_the_terminal_as_it_was(self):
        code, screen = self.run_top(b"q")
        self.assertEqual(code, 0)
        self.assertIn("Grid", screen)
        self.assertIn("q quits", screen)
        self.assertTrue(screen.endswith("\x1b[?25h\x1b[?1049l"), "cursor and screen are given back")

    def test_top_ends_with_control_c(self):
        code, screen = self.run_top(b"\x03")
        self.assertEqual(code, 0)
        self.assertTrue(screen.endswith("\x1b[?25h\x1b[?1049l"))

    def test_top_without_a_terminal_says_what_to_use(self):
        code, _, err = self.run_any("top")
        self.assertEqual(code, 2)
        self.assertIn("abcdsctl watch", err)

    def run_top(self, key):
        """Runs `top` on a terminal, presses a key after the first screen; (exit code, all that it wrote)."""
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        process = subprocess.Popen([str(processes.ABCDSCTL), "top", "--interval", "200ms"], stdin=slave, stdout=slave,
                                   stderr=slave, start_new_session=True,
                                   env={**os.environ, "ABCDS_ADDRESS": self.daemon.grpc_address})
        os.close(slave)
        written, pressed, deadline = b"", False, time.monotonic() + processes.PATIENCE_S
        while time.monotonic() < deadline:
            if select.select([master], [], [], 0.2)[0]:
                try:
                    data = os.read(master, 65536)
                except OSError:  # the other side is closed
                    break
                written += data
            if not pressed and b"q quits" in written:
                os.write(master, key)
                pressed = True
            if process.poll() is not None and not select.select([master], [], [], 0)[0]:
                break
        else:
            process.kill()
        return process.wait(processes.PATIENCE_S), written.decode()


if __name__ == "__main__":
    unittest.main()
