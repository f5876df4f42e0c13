"""The last line of ./test must be believed: what happens to good, bad and strange results."""

import contextlib
import io
import json
import pathlib
import tempfile
import unittest

import count_cases

GOOD = '<testsuites><testsuite><testcase name="a" classname="S"/><testcase name="b" classname="S"/></testsuite></testsuites>'
BAD = '<testsuites><testsuite><testcase name="a" classname="S"><failure message="1 != 2"/></testcase></testsuite></testsuites>'
SKIPPED = ('<testsuites><testsuite><testcase name="a" classname="S"><skipped message="x.cc:5&#10;no CAN here"/></testcase>'
           '<testcase name="DISABLED_b" status="notrun" classname="S"/></testsuite></testsuites>')


class CountCasesTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def bazel(self, name, *targets, file="bep", log="expected 1, got 2"):
        """Build events for (label, status, xml or None); the status "broken" is a target that does not build."""
        lines = []
        for number, (label, status, xml) in enumerate(targets):
            if status == "broken":
                lines.append({"id": {"targetCompleted": {"label": label}}, "completed": {}})
                lines.append({"id": {"testSummary": {"label": label}}, "testSummary": {"overallStatus": "NO_STATUS"}})
                continue
            lines.append({"id": {"targetCompleted": {"label": label}}, "completed": {"success": True}})
            outputs = []
            for kind, text in (("test.xml", xml), ("test.log", log)):
                if text is None:
                    continue
                path = self.folder.parent / f"{self.folder.name}-{file}-{number}.{kind}"
                path.write_text(text, encoding="utf-8")
                self.addCleanup(path.unlink, missing_ok=True)
                outputs.append({"name": kind, "uri": f"file://{path}"})
            lines.append({"id": {"testResult": {"label": label}}, "testResult": {"testActionOutput": outputs}})
            lines.append({"id": {"testSummary": {"label": label}}, "testSummary": {"overallStatus": status}})
        (self.folder / f"{name}.{file}.json").write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")

    def count(self):
        with contextlib.redirect_stdout(io.StringIO()):
            total = count_cases.count_folder(self.folder)
        return total.passed, len(total.failed), len(total.skipped)

    def test_cases_are_counted_not_targets(self):
        self.bazel("opt", ("//a:t", "PASSED", GOOD), ("//b:t", "PASSED", GOOD))
        self.assertEqual(self.count(), (4, 0, 0))

    def test_target_without_cases_is_one(self):
        self.bazel("opt", ("//a:t", "PASSED", None), ("//b:t", "PASSED", "<testsuites/>"))
        self.assertEqual(self.count(), (2, 0, 0))

    def test_failed_case(self):
        self.bazel("opt", ("//a:t", "FAILED", BAD), ("//b:t", "PASSED", GOOD))
        self.assertEqual(self.count(), (2, 1, 0))

    def test_crash_after_the_last_case_is_a_failure(self):
        self.bazel("opt", ("//a:t", "FAILED", GOOD))
        self.assertEqual(self.count(), (2, 1, 0))

    def test_timeout_without_results_is_a_failure(self):
        self.bazel("opt", ("//a:t", "TIMEOUT", None))
        self.assertEqual(self.count(), (0, 1, 0))

    def test_unreadable_results_of_a_failed_target(self):
        self.bazel("opt", ("//a:t", "FAILED", "<testsuites><tests"))
        self.assertEqual(self.count(), (0, 1, 0))

    def test_target_that_does_not_build(self):
        self.bazel("opt", ("//a:t", "broken", None), ("//b:t", "PASSED", GOOD))
        self.assertEqual(self.count(), (2, 1, 0))

    def test_what_passes_alone_has_passed_and_is_named(self):
        self.bazel("opt", ("//a:t", "FAILED", BAD), ("//b:t", "PASSED", GOOD))
        self.bazel("opt", ("//a:t", "PASSED", GOOD), file="again")
        self.assertEqual(self.count(), (4, 0, 0))
        with contextlib.redirect_stdout(io.StringIO()):
            total = count_cases.count_folder(self.folder)
        self.assertEqual(total.again, ["[opt] //a:t: failed beside others, passed alone"])

    def test_what_fails_alone_as_well_has_failed_once(self):
        self.bazel("opt", ("//a:t", "FAILED", BAD), ("//b:t", "PASSED", GOOD))
        self.bazel("opt", ("//a:t", "FAILED", BAD), file="again")
        self.assertEqual(self.count(), (2, 1, 0))

    def failed_targets(self, *targets, log="expected 1, got 2"):
        self.bazel("opt", *targets, log=log)
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            code = count_cases.print_failed(self.folder / "opt.bep.json")
        return code, out.getvalue().split()

    def test_failed_targets_are_named_for_a_second_run(self):
        self.assertEqual(self.failed_targets(("//a:t", "FAILED", BAD), ("//b:t", "PASSED", GOOD), ("//c:t", "TIMEOUT", None)),
                         (0, ["//a:t", "//c:t"]))

    def test_what_a_sanitizer_has_reported_is_not_tried_again(self):
        for report in ("WARNING: ThreadSanitizer: data race (pid=7)", "==7==ERROR: AddressSanitizer: heap-use-after-free",
                       "==7==ERROR: LeakSanitizer: detected memory leaks", "a.cc:3:5: runtime error: signed integer overflow"):
            self.assertEqual(self.failed_targets(("//a:t", "FAILED", BAD), log=f"[ RUN ] S.a\n{report}\n"), (1, []), report)

    def test_what_left_no_log_is_not_tried_again(self):
        self.assertEqual(self.failed_targets(("//a:t", "FAILED", BAD), log=None), (1, []))

    def test_many_failures_are_not_tried_again(self):
        self.assertEqual(self.failed_targets(*((f"//a:t{i}", "FAILED", BAD) for i in range(9)))[0], 1)

    def test_skips_name_their_reason(self):
        self.bazel("opt", ("//a:t", "PASSED", SKIPPED))
        with contextlib.redirect_stdout(io.StringIO()):
            total = count_cases.count_folder(self.folder)
        self.assertEqual(total.skipped, ["//a:t: S.a: no CAN here", "//a:t: S.DISABLED_b: disabled in the source"])

    def test_results_of_python_tests(self):
        (self.folder / "system.xml").write_text(
            '<testsuite><testcase name="a"/><testcase name="b"><failure/></testcase></testsuite>', encoding="utf-8")
        self.assertEqual(self.count(), (1, 1, 0))

    def test_failed_step_counts_once(self):
        (self.folder / "system.xml").write_text('<testsuite><testcase name="b"><failure/></testcase></testsuite>',
                                                encoding="utf-8")
        (self.folder / "system.failed").write_text("system failed", encoding="utf-8")
        (self.folder / "binaries.failed").write_text("the binaries do not build", encoding="utf-8")
        self.assertEqual(self.count(), (0, 2, 0))

    def test_nothing_at_all_is_no_success(self):
        self.assertEqual(self.count(), (0, 0, 0))


if __name__ == "__main__":
    unittest.main()
