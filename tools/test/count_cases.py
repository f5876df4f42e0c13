#!/usr/bin/python3
"""Counts the test cases of a whole run. Last line: "N passed, N failed, N skipped".

Takes a folder with
  NAME.bep.json   Bazel's build events of one run: which targets ran, where their test.xml is, what did not build
  NAME.again.json the same of a second run of targets that failed; they are judged by that one, which is said
  NAME.xml        JUnit XML of tests that ran outside Bazel
  NAME.failed     one line for a step that failed as a whole; it counts only where no failed case explains it

With --failed FILE: prints the targets of these build events that may have failed because the machine was busy, one a line;
exit code 1 if there is none, or if so many failed that a second run means nothing.
"""

import json
import pathlib
import re
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree

# More failures than this are no matter of a machine that was busy.
MOST_TO_TRY_AGAIN = 8

# What a sanitizer has seen once, it has seen.
SANITIZER_REPORT = re.compile(r"(Thread|Address|Leak|UndefinedBehavior)Sanitizer|: runtime error: ")


class Count:
    """Cases by how they ended, with the sentences that belong to failed and skipped ones."""

    def __init__(self):
        self.passed = 0
        self.failed = []
        self.skipped = []
        self.again = []

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.again += other.again

    def cases(self):
        return self.passed + len(self.failed) + len(self.skipped)


def skip_reason(case):
    skipped = case.find("skipped")
    if skipped is not None:
        lines = (skipped.get("message") or skipped.text or "").strip().splitlines()
        # GoogleTest puts the place of the skip into the first line.
        reason = " ".join(line.strip() for line in (lines[1:] if len(lines) > 1 else lines))
        return reason or "no reason given"
    if case.get("status") == "notrun" or case.get("result") == "suppressed":
        return "disabled in the source"
    return None


def count_xml(path, target):
    count = Count()
    for case in ElementTree.parse(path).iter("testcase"):
        name = ".".join(part for part in (case.get("classname"), case.get("name")) if part)
        reason = skip_reason(case)
        if case.find("failure") is not None or case.find("error") is not None:
            count.failed.append(f"{target}: {name}")
        elif reason is not None:
            count.skipped.append(f"{target}: {name}: {reason}")
        else:
            count.passed += 1
            if case.get("again") == "true":
                count.again.append(f"{target}: {name}: failed once, passed at a second try")
    return count


def count_target(target, status, xml_paths):
    """One target's cases. Its own verdict stands above its XML: a crash after the last case is a failure."""
    count = Count()
    for path in xml_paths:
        try:
            count.add(count_xml(path, target))
        except (OSError, ElementTree.ParseError):
            pass  # judged by the status below
    if status in ("PASSED", "FLAKY"):
        # Every attempt of a flaky target left an XML; it has passed in the end.
        if count.cases() == 0:
            count.passed = 1
        if status == "FLAKY":
            count.passed += len(count.failed)
            count.failed = []
    elif not count.failed:
        count.failed.append(f"{target}: {status.lower().replace('_', ' ')}")
    return count


def local_path(uri):
    parts = urllib.parse.urlparse(uri)
    return urllib.parse.unquote(parts.path) if parts.scheme == "file" else None


class Events:
    """What Bazel's build events say of one run."""

    def __init__(self, path):
        self.statuses, self.xml_paths, self.logs, self.broken = {}, {}, {}, []
        for line in path.read_text(encoding="utf-8").splitlines():
            self._take(json.loads(line))

    def _take(self, event):
        kind = event.get("id", {})
        if "testSummary" in kind:
            self.statuses[kind["testSummary"]["label"]] = event.get("testSummary", {}).get("overallStatus", "NO_STATUS")
        elif "testResult" in kind:
            for output in event.get("testResult", {}).get("testActionOutput", []):
                files = {"test.xml": self.xml_paths, "test.log": self.logs}.get(output.get("name"))
                if files is not None and local_path(output.get("uri", "")):
                    files.setdefault(kind["testResult"]["label"], []).append(local_path(output["uri"]))
        elif "targetCompleted" in kind:
            if "aborted" not in event and not event.get("completed", {}).get("success", False):
                self.broken.append(kind["targetCompleted"]["label"])
        elif "aborted" in event and event["aborted"].get("reason") not in ("SKIPPED", "NO_BUILD", None):
            self.broken.append(kind.get("unconfiguredLabel", kind.get("pattern", {})).get("label", "the build"))

    def failed(self):
        return sorted(target for target, status in self.statuses.items() if status not in ("PASSED", "FLAKY"))

    def reported_by_a_sanitizer(self, target):
        """Also true where nobody can tell."""
        try:
            texts = [pathlib.Path(log).read_text(encoding="utf-8", errors="replace") for log in self.logs[target]]
        except (KeyError, OSError):
            return True
        return any(SANITIZER_REPORT.search(text) for text in texts)


def count_bazel(path, again_path):
    events = Events(path)
    again = Events(again_path) if again_path.exists() else None
    count = Count()
    for target in sorted(events.statuses):
        if target in events.broken:
            continue
        judged = again if again is not None and target in again.statuses else events
        counted = count_target(target, judged.statuses[target], judged.xml_paths.get(target, []))
        if judged is again and not counted.failed:
            count.again.append(f"{target}: failed beside others, passed alone")
        count.add(counted)
    for target in sorted(set(events.broken)):
        count.failed.append(f"{target}: does not build")
    return count


def count_folder(folder):
    total = Count()
    names = {path.name.split(".")[0] for path in folder.iterdir()}
    for name in sorted(names):
        count = Count()
        events, xml, failed = (folder / f"{name}{suffix}" for suffix in (".bep.json", ".xml", ".failed"))
        if events.exists():
            count.add(count_bazel(events, folder / f"{name}.again.json"))
        if xml.exists():
            count.add(count_xml(xml, name))
        if failed.exists() and not count.failed:
            count.failed.append(failed.read_text(encoding="utf-8").strip())
        # The same target may run in several configurations: say in which it failed.
        count.failed = [f"[{name}] {text}" for text in count.failed]
        count.again = [f"[{name}] {text}" for text in count.again]
        print(f"{name}: {count.passed} passed, {len(count.failed)} failed, {len(count.skipped)} skipped")
        total.add(count)
    return total


def print_failed(path):
    events = Events(path)
    failed = events.failed()
    again = [target for target in failed if not events.reported_by_a_sanitizer(target)]
    print("\n".join(again))
    return 0 if again and len(failed) <= MOST_TO_TRY_AGAIN else 1


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--failed":
        return print_failed(pathlib.Path(sys.argv[2]))
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    total = count_folder(pathlib.Path(sys.argv[1]))
    for text in total.skipped:
        print(f"SKIPPED {text}")
    for text in total.again:
        print(f"AGAIN   {text}")
    for text in total.failed:
        print(f"FAILED  {text}")
    if total.cases() == 0:
        total.failed.append("nothing ran")
        print("FAILED  nothing ran")
    print(f"{total.passed} passed, {len(total.failed)} failed, {len(total.skipped)} skipped")
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
