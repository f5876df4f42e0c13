"""Every check of the house finds a planted sin, and leaves an innocent neighbour alone."""

import unittest

import checks


def rule(deps=(), files=(), testonly=False):
    return {"deps": list(deps), "files": list(files), "testonly": testonly}


class ChecksTest(unittest.TestCase):

    def expect(self, problems, *parts):
        """One problem for each of `parts`, in order, which contains it."""
        self.assertEqual(len(problems), len(parts), problems)
        for problem, part in zip(problems, parts):
            self.assertIn(part, problem)

    def test_forbidden_chain_is_found_with_its_way(self):
        targets = {
            "//control/core:a": rule(["//hal/units:x"]),
            "//hal/units:x": rule(["//third_party/protobuf:protobuf"]),
            "//third_party/protobuf:protobuf": rule(),
        }
        self.assertEqual(checks.path_between("//control/core", "//third_party/protobuf", targets),
                         ["//control/core:a", "//hal/units:x", "//third_party/protobuf:protobuf"])
        self.assertIsNone(checks.path_between("//control/core", "//third_party/grpc", targets))

    def test_similar_folder_names_are_different_folders(self):
        targets = {"//control/core_extra:a": rule(["//proto:api_cc"]), "//proto:api_cc": rule()}
        self.assertIsNone(checks.path_between("//control/core", "//proto", targets))

    def test_driver_must_not_know_another_driver(self):
        targets = {"//hal/drivers/new:device": rule(["//hal/drivers/other:codec", "//hal/api:converter",
                                                     "//hal/drivers/new:codec"])}
        self.expect(checks.direct_dependencies("hal/drivers/*", targets), "//hal/drivers/other:codec")

    def test_only_tests_of_a_driver_know_the_other_end_of_its_wire(self):
        targets = {"//hal/drivers/new:device": rule(["//hal/sim/wire:new"]),
                   "//hal/drivers/new:device_test": rule(["//hal/sim/wire:new"], testonly=True)}
        self.expect(checks.direct_dependencies("hal/drivers/*", targets), "//hal/drivers/new:device depends")
        self.assertIsNotNone(checks.path_between("//hal/drivers", "//hal/sim/wire", checks.product_of(targets)))
        del targets["//hal/drivers/new:device"]
        self.assertIsNone(checks.path_between("//hal/drivers", "//hal/sim/wire", checks.product_of(targets)))

    def test_only_the_house_driver_knows_the_house_model(self):
        targets = {"//hal/drivers/new:device": rule(["//hal/sim/house"]),
                   "//hal/drivers/house:device": rule(["//hal/sim/house"])}
        self.expect(checks.direct_dependencies("hal/drivers/*", targets), "//hal/drivers/new:device")
        self.expect(checks.direct_dependencies("hal/drivers/house", targets))

    def test_clients_must_not_use_the_daemons_words(self):
        targets = {"//clients:report": rule(["//proto:api_cc", "//hal/units:quantity"])}
        self.expect(checks.direct_dependencies("clients", targets), "//hal/units:quantity")

    def test_server_knows_drivers_in_devices_only(self):
        targets = {"//server/devices:x": rule(["//hal/drivers/new:device"]),
                   "//server/plant:x": rule(["//hal/drivers/new:device"])}
        self.expect(checks.direct_dependencies("server/devices", targets))
        self.expect(checks.direct_dependencies("server/plant", targets), "//server/plant:x")

    def test_library_outside_its_room(self):
        targets = {"//monitoring:x": rule(["//third_party/grpc:grpcpp", "//third_party/prometheus_cpp"])}
        self.expect(checks.direct_dependencies("monitoring", targets), "uses the library grpc")

    def test_test_library_is_for_tests(self):
        targets = {"//clients:a": rule(["//third_party/gtest"]), "//clients:b_test": rule(["//third_party/gtest"], testonly=True)}
        self.expect(checks.direct_dependencies("clients", targets), "//clients:a uses")

    def test_new_folder_needs_a_rule(self):
        self.expect(checks.unknown_rooms({"//attic:a": rule(), "//hal/drivers/new:a": rule(), "//third_party/x:x": rule()}),
                    "//attic:a")

    def test_included_library_must_be_declared(self):
        files = {"control/core/a.cc": "#include <vector>\n  #include \"absl/status/status.h\"\n"}
        targets = {"//control/core:a": rule(files=["//control/core:a.cc"])}
        self.expect(checks.undeclared_libraries(files, targets), "absl/status/status.h")
        targets["//control/core:a"]["deps"].append("//third_party/abseil:status")
        self.expect(checks.undeclared_libraries(files, targets))

    def test_source_without_target(self):
        files = {"clients/a.cc": "", "clients/dead.cc": ""}
        self.expect(checks.files_without_target(files, {"//clients:a": rule(files=["//clients:a.cc"])}), "clients/dead.cc")

    def test_core_with_clock_thread_or_heap(self):
        for sin in ("#include <thread>\n", "#include <sys/socket.h>\n", "auto t = std::chrono::steady_clock::now();\n",
                    "int* p = new int;\n", "throw 1;\n"):
            with self.subTest(sin):
                self.assertTrue(checks.impure_core({"control/core/a.cc": sin}))
        innocent = "#include <array>\nA(const A&) = delete;\n// a new value\nint newest = 0;\n"
        self.expect(checks.impure_core({"control/core/a.cc": innocent, "control/core/a_test.cc": "#include <vector>\n"}))

    def test_core_symbols(self):
        allowed = ["abcds::Regulate(abcds::Inputs const&)", "memcpy", "memset", "sqrt@GLIBC_2.2.5", "fmod", "lround"]
        self.expect(checks.core_symbols(allowed))
        for sin in ("malloc", "operator new(unsigned long)", "__cxa_throw", "pthread_mutex_lock", "clock_gettime",
                    "std::__throw_out_of_range_fmt(char const*, ...)", "printf", "absl::Status::Status()"):
            with self.subTest(sin):
                self.expect(checks.core_symbols([sin]), sin)

    def test_clock_outside_its_place(self):
        files = {"hal/drivers/x/device.cc": "a = steady_clock::now();", "hal/rt/clock.cc": "clock_gettime(CLOCK_MONOTONIC, &t);", "control/runtime/r.cc": "clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);",
                 "server/log/log.cc": "system_clock::now()", "control/runtime/a.cc": "// no steady_clock::now here"}
        self.expect(checks.clocks(files), "hal/drivers/x/device.cc asks steady_clock::now")

    def test_public_visibility(self):
        files = {path: 'visibility = ["//visibility:public"]' for path in
                 ("hal/units/BUILD.bazel", "third_party/grpc/BUILD.bazel", "control/core/BUILD.bazel")}
        self.expect(checks.public_targets(files), "control/core/BUILD.bazel")

    def test_library_linked_by_hand(self):
        self.expect(checks.system_libraries({"hal/a/BUILD.bazel": 'linkopts = ["-lmodbus"]',
                                             "third_party/m/BUILD.bazel": '"-lmodbus"'}), "-lmodbus")

    def test_globbed_sources(self):
        self.expect(checks.globbed_sources({"a/BUILD.bazel": 'srcs = glob(["*.cc"])', "b/BUILD.bazel": 'srcs = ["a.cc"]'}),
                    "a/BUILD.bazel")

    def test_unfinished_work(self):
        sin = "int a;  // TO" + "DO: units\n"
        self.expect(checks.unfinished({"a.cc": "int b;\n" + sin, "b.cc": "// to do so\n"}), "a.cc:2")

    def test_folder_without_readme(self):
        self.expect(checks.missing_readmes({"a/BUILD.bazel", "b/BUILD.bazel", "b/README.md", "third_party/x/BUILD.bazel"}),
                    "a has no README.md")

    def test_long_file(self):
        self.expect(checks.long_files({"a.cc": "\n" * 451, "b.cc": "\n" * 450, "c.md": "\n" * 900}), "a.cc has 451 lines")

    def test_copied_include_guard(self):
        good = "#ifndef ABCDS_HAL_A_H_\n#define ABCDS_HAL_A_H_\n#endif\n"
        self.expect(checks.include_guards({"hal/a.h": good, "hal/b.h": good}), "hal/b.h")

    def test_machine_path(self):
        files = {"a.md": "see " + "/home" + "/joe/abcds", "b.md": "see /etc/abcds/abcds.textproto and a/work/b"}
        self.expect(checks.machine_paths(files), "a.md")


if __name__ == "__main__":
    unittest.main()
