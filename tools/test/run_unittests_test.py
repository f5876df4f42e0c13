import pathlib
import subprocess
import sys
import tempfile
import unittest

import count_cases

RUNNER = pathlib.Path(__file__).resolve().parent / "run_unittests.py"
# The case notes its runs in a file, so that it knows which one this is.
CASES = """import pathlib
import unittest


class Case(unittest.TestCase):
    def test_good(self):
        pass

    def test_late(self):
        note = pathlib.Path(__file__).with_name("runs")
        runs = len(note.read_text()) if note.exists() else 0
        note.write_text("x" * (runs + 1))
        self.assertGreaterEqual(runs, {good_from})
"""


class RunUnittestsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_cases(self, good_from, *options):
        """Exit code, and the count, of a case that fails in its first `good_from` runs."""
        (self.folder / "late_test.py").write_text(CASES.format(good_from=good_from), encoding="utf-8")
        xml = self.folder / "late.xml"
        done = subprocess.run([sys.executable, str(RUNNER), "--name", "late", "--xml", str(xml), *options, str(self.folder)],
                              capture_output=True, text=True, check=False, timeout=60)
        return done.returncode, count_cases.count_xml(xml, "late")

    def test_what_passes_at_a_second_try_has_passed_and_is_named(self):
        code, count = self.run_cases(1, "--again")
        self.assertEqual((code, count.passed, count.failed), (0, 2, []))
        self.assertEqual(count.again, ["late: late_test.Case.test_late: failed once, passed at a second try"])

    def test_what_fails_twice_has_failed(self):
        code, count = self.run_cases(2, "--again")
        self.assertEqual((code, count.passed, count.failed), (1, 1, ["late: late_test.Case.test_late"]))
        self.assertEqual(count.again, [])

    def test_nothing_is_tried_again_unasked(self):
        code, count = self.run_cases(1)
        self.assertEqual((code, count.passed, count.failed), (1, 1, ["late: late_test.Case.test_late"]))

    def test_nothing_is_tried_again_that_has_passed(self):
        code, count = self.run_cases(0, "--again")
        self.assertEqual((code, count.passed, count.failed, count.again), (0, 2, [], []))


if __name__ == "__main__":
    unittest.main()
