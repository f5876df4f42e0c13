#!/usr/bin/python3
"""Runs the unittest files (*_test.py) of a folder, prints one line a case, and writes the results as JUnit XML."""

import argparse
import pathlib
import sys
import time
import unittest
import xml.etree.ElementTree as ElementTree


# More failures than this are no matter of a machine that was busy.
MOST_TO_TRY_AGAIN = 4


class Result(unittest.TestResult):
    """Prints each case as it ends and keeps what the XML needs."""

    def __init__(self):
        super().__init__()
        self.suite = ElementTree.Element("testsuite")
        self._started = 0.0
        self._problems = []
        self._skipped = None

    def startTest(self, test):
        super().startTest(test)
        self._started = time.monotonic()
        self._problems = []
        self._skipped = None

    def addError(self, test, err):
        super().addError(test, err)
        self._note(test, self.errors[-1][1])

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._note(test, self.failures[-1][1])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._problems.append(f"{subtest}\n{self._exc_info_to_string(err, test)}")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._skipped = reason
        if not hasattr(test, "_testMethodName"):  # a class was skipped: its cases never start
            self._record(test, 0.0)

    def _note(self, test, text):
        self._problems.append(text)
        if not hasattr(test, "_testMethodName"):  # setUpClass failed, or a file cannot be loaded
            self._record(test, 0.0)

    def stopTest(self, test):
        self._record(test, time.monotonic() - self._started)
        super().stopTest(test)

    def failed_cases(self):
        """Names of the cases that failed; missing where something else than a case did."""
        broken = [test for test, _ in self.errors + self.failures]
        if any(not hasattr(test, "_testMethodName") for test in broken):
            return None
        return sorted({test.id() for test in broken})

    def forgive(self, name):
        """This case has passed at a second try."""
        for case in self.suite.iter("testcase"):
            if case.get("name") == name:
                case.remove(case.find("failure"))
                case.set("again", "true")

    def _record(self, test, seconds):
        case = ElementTree.SubElement(self.suite, "testcase", name=test.id(), time=f"{seconds:.3f}")
        word = "ok"
        if self._problems:
            word = "FAILED"
            ElementTree.SubElement(case, "failure").text = "\n".join(self._problems)
        elif self._skipped is not None:
            word = "skipped"
            ElementTree.SubElement(case, "skipped", message=self._skipped)
        print(f"{word:8}{seconds:7.1f} s  {test.id()}" + (f": {self._skipped}" if word == "skipped" else ""), flush=True)
        for problem in self._problems:
            print(problem, flush=True)
        self._problems = []


def try_again(loader, result):
    """Runs what failed once more, and forgives what passes then; true if that is all of it."""
    names = result.failed_cases()
    if names is None or len(names) > MOST_TO_TRY_AGAIN:
        return False
    print("once more:", flush=True)
    for name in names:
        second = Result()
        loader.loadTestsFromName(name).run(second)
        if not second.wasSuccessful() or second.testsRun != 1:
            return False
        result.forgive(name)
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True, help="what the group is called in the results")
    parser.add_argument("--xml", required=True, type=pathlib.Path)
    parser.add_argument("--only", default="*_test.py", help="pattern of file names")
    parser.add_argument("--case", action="append", help="only cases whose name contains this")
    parser.add_argument("--again", action="store_true", help="what fails is tried once more, and said to be")
    parser.add_argument("folder", type=pathlib.Path)
    arguments = parser.parse_args()

    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{case}*" for case in arguments.case] if arguments.case else None
    suite = loader.discover(str(arguments.folder), pattern=arguments.only, top_level_dir=str(arguments.folder))
    result = Result()
    result.suite.set("name", arguments.name)
    suite.run(result)
    good = result.wasSuccessful() or (arguments.again and try_again(loader, result))
    ElementTree.ElementTree(result.suite).write(arguments.xml, encoding="utf-8")
    if len(result.suite) == 0:
        print(f"no tests in {arguments.folder}")
        return 1
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
