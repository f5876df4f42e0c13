#!/usr/bin/python3
"""Breaks a running site in every way that the design makes a promise about, and measures what the actuator got.

Each row has a site of its own: guard and worker as they are shipped, a broker or an HTTP meter, inverters and a BMS on
ptys. Rows run side by side. What is measured is read on the simulated wire, never in a log.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import time
import traceback
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

# pylint: disable=wrong-import-position, unused-import
import battery_rows
import can_rows
import converter_rows
import meter_rows
import machine_rows
import peer_rows
import process_rows
import rows
import stage


class Result:
    """How one row went."""

    def __init__(self, row, facts, broken, seconds):
        self.row, self.facts, self.broken, self.seconds = row, facts, broken, seconds

    def line(self):
        word = "FAILED" if self.broken else "ok"
        return f"{word:8}{self.seconds:6.1f} s  {self.row.happens} | {self.row.promise} | {'; '.join(self.facts)}"

    def markdown(self):
        return f"| {self.row.happens} | {self.row.promise} | {'; '.join(self.facts)} | {'no' if self.broken else 'yes'} |"


def run(row, long):
    """Runs the row in a process of its own: rows have nothing in common, not even an interpreter's lock."""
    command = [sys.executable, __file__, "--row", row.name] + (["--long"] if long else [])
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        said = process.communicate()[0]
    try:
        result = Result(row, **json.loads(said.splitlines()[-1]))
    except (IndexError, ValueError, TypeError):
        result = Result(row, [], [f"its process ended with status {process.returncode}: {said}"], 0.0)
    print(result.line(), flush=True)
    for text in result.broken:
        print(f"        {text}", flush=True)
    return result


def run_here(row, long):
    """The process of one row: its last line is what came of it."""
    begun = time.monotonic()
    here = stage.Stage(long)
    try:
        row.function(here)
    except Exception:  # pylint: disable=broad-except
        said = "\n".join(line for daemon in here.daemons[-1:] for line in daemon.process.lines[-20:])
        here.broken.append(f"{traceback.format_exc()}the daemon's last lines:\n{said}")
    finally:
        here.clean_up()
    if (held_up_s := stage.HEARTBEAT.held_up_s(begun, time.monotonic())) > 0.25:
        here.facts.append(f"the machine held up this row for up to {held_up_s:.2f} s")
    print(json.dumps({"facts": here.facts, "broken": here.broken, "seconds": time.monotonic() - begun}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--long", action="store_true", help="50 kills each, ten minutes of a bad line, all hostile peers")
    parser.add_argument("--only", action="append", help="rows whose function's name contains this")
    parser.add_argument("--side_by_side", type=int, default=6 * (os.cpu_count() or 2), help="rows at once")
    parser.add_argument("--xml", type=pathlib.Path)
    parser.add_argument("--markdown", type=pathlib.Path, help="file for the table as measured")
    parser.add_argument("--row", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.row:
        run_here(next(row for row in rows.ROWS if row.name == arguments.row), arguments.long)
        return 0

    chosen = [row for row in rows.ROWS if
              (arguments.long or not row.long) and
              (not arguments.only or any(part in row.name for part in arguments.only))]
    begun = time.monotonic()
    print("what happens | what is promised | what was measured\n", flush=True)
    with concurrent.futures.ThreadPoolExecutor(arguments.side_by_side) as pool:
        futures = {row.name: pool.submit(run, row, arguments.long) for row in sorted(chosen, key=lambda row: -row.weight)}
        results = [futures[row.name].result() for row in chosen]
    # A dozen sites on two processors disturb each other's time: what broke beside the others is measured alone. Both
    # lines stay above.
    for n, result in enumerate(results):
        if result.broken and arguments.side_by_side > 1:
            print("again, alone:", flush=True)
            results[n] = run(result.row, arguments.long)
    broken = [result for result in results if result.broken]
    print(f"\n{len(results)} rows in {time.monotonic() - begun:.0f} s, {len(broken)} broken", flush=True)

    if arguments.xml:
        suite = ElementTree.Element("testsuite", name="campaign")
        for result in results:
            case = ElementTree.SubElement(suite, "testcase", name=result.row.name, time=f"{result.seconds:.1f}")
            if result.broken:
                ElementTree.SubElement(case, "failure").text = "\n".join(result.broken)
        ElementTree.ElementTree(suite).write(arguments.xml, encoding="utf-8")
    if arguments.markdown:
        table = ["| what happens | promise | measured | kept |", "|---|---|---|---|", *(r.markdown() for r in results)]
        arguments.markdown.write_text("\n".join(table) + "\n", encoding="utf-8")
    return 1 if broken or not results else 0


if __name__ == "__main__":
    sys.exit(main())
