#!/usr/bin/python3
"""Writes compile_commands.json for clangd and clang-tidy from Bazel's own command lines.

Usage: tools/dev/compile_commands.py [TARGET...]   (default: all)
Build once before, so that generated headers exist.
"""

import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def bazel(*arguments):
    return subprocess.run(["bazel", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def commands(targets):
    """(source, arguments) of each compilation. Bazel's own wrappers and dependency files do not interest an editor."""
    union = " + ".join(f"deps({target})" for target in targets)
    actions = json.loads(bazel("aquery", "--output=jsonproto", f'mnemonic("CppCompile", {union})'))
    for action in actions.get("actions", []):
        arguments = list(action.get("arguments", []))
        if "-c" not in arguments:
            continue
        source = arguments[arguments.index("-c") + 1]
        if (ROOT / source).exists():
            yield source, arguments


def main():
    targets = sys.argv[1:] or ["//..."]
    execroot = bazel("info", "execution_root").strip()
    database, seen = [], set()
    for source, arguments in commands(targets):
        if source in seen:  # the same file for another configuration
            continue
        seen.add(source)
        database.append({"directory": execroot, "file": str(ROOT / source), "arguments": arguments})
    path = ROOT / "compile_commands.json"
    path.write_text(json.dumps(database, indent=1) + "\n", encoding="utf-8")
    print(f"{path}: {len(database)} files")


if __name__ == "__main__":
    main()
