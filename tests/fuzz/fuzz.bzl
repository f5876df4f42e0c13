"""Fuzz targets: programs that libFuzzer drives. Built by `--config=asan` only, which has clang."""

def fuzz_target(name, deps):
    """One program `name` from `name`.cc, with the seeds in seeds/`name`, if there are any."""
    native.cc_binary(
        name = name,
        testonly = True,
        srcs = [name + ".cc"],
        linkopts = ["-fsanitize=fuzzer"],
        # Other compilers know no fuzzer.
        tags = ["manual"],
        deps = deps + [
            ":input",
            "//hal/units:check",
        ],
    )
