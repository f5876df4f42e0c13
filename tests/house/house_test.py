"""The borders of the house (CONTRIBUTING.md), asked of Bazel and of the files as they are."""

import os
import pathlib
import subprocess
import unittest
import xml.etree.ElementTree as ElementTree

import checks

ROOT = pathlib.Path(__file__).resolve().parents[2]
IGNORED_FOLDERS = {".git", ".build", "node_modules", "__pycache__"}
TEXT_SUFFIXES = (".cc", ".h", ".proto", ".py", ".sh", ".bzl", ".bazel", ".md", ".textproto", ".yml", ".yaml")


def run(*command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}\n{done.stderr}")
    return done.stdout


def read_targets():
    """All rules and what they depend on, as Bazel sees them: label → {deps, files, testonly}."""
    xml = run("bazel", "query", "--noimplicit_deps", "--notool_deps", "--output=xml", "kind(rule, //...)")
    # Bazel announces XML 1.1, which Python does not read; nothing in it needs more than 1.0.
    root = ElementTree.fromstring(xml.split("?>", 1)[1])
    targets = {}
    for rule in root.iter("rule"):
        values = {name: [label.get("value") for label in rule.findall(f"list[@name='{name}']/label")]
                  for name in ("deps", "srcs", "hdrs", "textual_hdrs")}
        testonly = rule.find("boolean[@name='testonly']")
        targets[rule.get("name")] = {
            "deps": [label for label in values["deps"] if label.startswith("//")],
            "files": [label for name in ("srcs", "hdrs", "textual_hdrs") for label in values[name]
                      if label.startswith("//")],
            "testonly": rule.get("class").endswith("_test") or
                        (testonly is not None and testonly.get("value") == "true"),
        }
    return {label: rule for label, rule in targets.items() if label.startswith("//")}


def read_files():
    """Text files of the tree by their path in it."""
    files = {}
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in IGNORED_FOLDERS and not name.startswith("bazel-")]
        for name in names:
            path = pathlib.Path(folder, name)
            if name.endswith(TEXT_SUFFIXES) or name in ("run", "test", "WORKSPACE", ".bazelrc"):
                if path.is_file() and not path.is_symlink():
                    files[str(path.relative_to(ROOT))] = path.read_text(encoding="utf-8")
    return files


class HouseTest(unittest.TestCase):
    """Each method asks one question; the sentences of the answer are the failure."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.targets = read_targets()
        cls.files = read_files()
        cls.build_files = {path: text for path, text in cls.files.items() if path.endswith("BUILD.bazel")}

    def expect_none(self, problems):
        if problems:
            self.fail("\n".join(["", *problems]))

    def test_every_folder_is_a_room_with_rules(self):
        self.expect_none(checks.unknown_rooms(self.targets))

    def test_libraries_are_declared_where_they_are_used(self):
        self.expect_none(checks.undeclared_libraries(self.files, self.targets))

    def test_every_source_is_built(self):
        self.expect_none(checks.files_without_target(
            {path: text for path, text in self.files.items() if not path.startswith("third_party/")}, self.targets))

    def test_core_is_pure(self):
        self.expect_none(checks.impure_core(self.files))

    def test_core_links_nothing_but_itself(self):
        binaries = os.environ.get("ABCDS_BINARIES")
        if not binaries:
            self.skipTest("ABCDS_BINARIES does not say where the build is; ./test sets it")
        archives = sorted(pathlib.Path(binaries, "control/core").glob("*.a"))
        self.assertTrue(archives, "control/core has not been built")
        undefined = []
        for archive in archives:
            for line in run("nm", "-uC", str(archive)).splitlines():
                if line.strip().startswith("U "):
                    undefined.append(line.strip()[2:].strip())
        self.expect_none(checks.core_symbols(undefined))

    def test_time_comes_from_one_place(self):
        self.expect_none(checks.clocks(self.files))

    def test_only_the_ground_floor_is_open_to_everybody(self):
        self.expect_none(checks.public_targets(self.build_files))

    def test_system_libraries_are_named_in_third_party_only(self):
        self.expect_none(checks.system_libraries(self.build_files))

    def test_sources_are_listed(self):
        self.expect_none(checks.globbed_sources(self.build_files))

    def test_nothing_is_marked_unfinished(self):
        self.expect_none(checks.unfinished(self.files))

    def test_every_folder_explains_itself(self):
        self.expect_none(checks.missing_readmes(set(self.files)))

    def test_files_are_short(self):
        self.expect_none(checks.long_files(self.files))

    def test_include_guards_name_their_path(self):
        self.expect_none(checks.include_guards(self.files))

    def test_no_machine_is_named(self):
        self.expect_none(checks.machine_paths(self.files))

    def test_nothing_depends_on_tests(self):
        sinners = [f"{label} depends on {dependency}" for label, rule in sorted(self.targets.items())
                   for dependency in rule["deps"]
                   if dependency.startswith("//tests") and not label.startswith("//tests")]
        self.expect_none(sinners)


def add_room_test(room):
    def test(self):
        self.expect_none(checks.direct_dependencies(room, self.targets))
    setattr(HouseTest, f"test_room_{room.replace('/', '_').replace('*', 'each')}_knows_only_what_it_may", test)


def add_path_test(source, destination, why, product_only):
    def test(self):
        targets = checks.product_of(self.targets) if product_only else self.targets
        path = checks.path_between(source, destination, targets)
        if path:
            self.fail(f"{' -> '.join(path)}, although {why}")
    name = f"test_{source[2:]}_never_reaches_{destination[2:]}".replace("/", "_")
    assert not hasattr(HouseTest, name), name
    setattr(HouseTest, name, test)


for _room in checks.MAY_KNOW:
    if checks.MAY_KNOW[_room] is not None:
        add_room_test(_room)
for _source, _destination, _why in checks.FORBIDDEN_PATHS:
    add_path_test(_source, _destination, _why, product_only=False)
for _source, _destination, _why in checks.FORBIDDEN_PATHS_OF_PRODUCT:
    add_path_test(_source, _destination, _why, product_only=True)

if __name__ == "__main__":
    unittest.main()
