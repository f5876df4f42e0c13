#!/usr/bin/python3
"""Runs the fuzz targets, each for some seconds, and writes the results as JUnit XML.

Seeds in seeds/TARGET are what a target begins with: *.hex are bytes in hexadecimal with # comments, all else is taken as
it is. What a target has learned stays in KEEP/corpus/TARGET and is where the next run goes on; an input that it failed at
is in KEEP/crashes, and is tried again by `TARGET FILE`.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

FOLDER = pathlib.Path(__file__).resolve().parent
EXAMPLES = FOLDER.parents[1] / "docs/examples"
# Where the seeds of a target exist already.
SEEDS_ELSEWHERE = {"config_text_fuzz": EXAMPLES}
# A second on one input is a bug in itself; the real connection over loopback may be held up by a busy machine.
LONGEST_S = 10
MEMORY_MB = 1024


def seed_bytes(path):
    if path.suffix != ".hex":
        return path.read_bytes()
    return bytes.fromhex("".join(line.split("#")[0] for line in path.read_text(encoding="utf-8").splitlines()))


def plant_seeds(target, folder):
    """The target's seeds as files of bytes in `folder`."""
    for source in (FOLDER / "seeds" / target, SEEDS_ELSEWHERE.get(target, FOLDER / "none")):
        for path in sorted(source.glob("*")) if source.is_dir() else []:
            if path.is_file() and path.suffix not in (".md", ".bazel"):
                (folder / path.name).write_bytes(seed_bytes(path))


class Outcome:
    """How one target ended."""

    def __init__(self, target, code, text):
        self.target = target
        self.text = text
        runs = re.search(r"stat::number_of_executed_units: (\d+)", text)
        self.runs = int(runs.group(1)) if runs else 0
        covered = re.findall(r"\bft: (\d+)", text)
        self.features = int(covered[-1]) if covered else 0
        self.good = code == 0 and self.runs > 0

    def line(self, seconds):
        return (f"{'ok' if self.good else 'FAILED':8}{self.target:24}{self.runs:10} inputs {self.runs / seconds:9.0f} /s"
                f"{self.features:8} features")


def run(binary, seconds, keep):
    target = binary.name
    corpus, crashes = keep / "corpus" / target, keep / "crashes"
    for folder in (corpus, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as seeds:
        plant_seeds(target, pathlib.Path(seeds))
        command = [binary, f"-max_total_time={seconds}", f"-timeout={LONGEST_S}", f"-rss_limit_mb={MEMORY_MB}",
                   "-max_len=2000", "-print_final_stats=1", "-verbosity=1", f"-artifact_prefix={crashes}/{target}-",
                   corpus, seeds]
        done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
                              env={**os.environ, "UBSAN_OPTIONS": "print_stacktrace=1"})
    return Outcome(target, done.returncode, done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binaries", required=True, type=pathlib.Path, help="where Bazel has put the targets")
    parser.add_argument("--seconds", type=int, default=4, help="for each target")
    parser.add_argument("--keep", required=True, type=pathlib.Path, help="folder for corpora and for inputs that fail")
    parser.add_argument("--xml", type=pathlib.Path)
    parser.add_argument("targets", nargs="*", help="only these")
    arguments = parser.parse_args()

    binaries = sorted(path for path in arguments.binaries.glob("*_fuzz")
                      if not arguments.targets or path.name in arguments.targets)
    missing = {path.stem for path in FOLDER.glob("*_fuzz.cc")} - {path.name for path in arguments.binaries.glob("*_fuzz")}
    suite = ElementTree.Element("testsuite", name="fuzz")
    good = bool(binaries) and not missing
    for target in sorted(missing):
        case = ElementTree.SubElement(suite, "testcase", name=target)
        ElementTree.SubElement(case, "failure").text = "has not been built"
        print(f"FAILED  {target}: has not been built")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        running = [pool.submit(run, path.resolve(), arguments.seconds, arguments.keep.resolve()) for path in binaries]
        for future in running:
            outcome = future.result()
            print(outcome.line(arguments.seconds), flush=True)
            case = ElementTree.SubElement(suite, "testcase", name=outcome.target, time=str(arguments.seconds))
            if not outcome.good:
                good = False
                print(outcome.text[-6000:], flush=True)
                ElementTree.SubElement(case, "failure").text = outcome.text[-6000:]
    if arguments.xml:
        ElementTree.ElementTree(suite).write(arguments.xml, encoding="utf-8")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
