"""The rules of the house as functions: facts about the tree in, sentences about what is wrong out."""

import re

# Which rooms a room may know directly. A room is the longest prefix found here; `*` stands for one folder. What a room
# reaches through others is their business, but for FORBIDDEN_PATHS below. Our own folders only; libraries: LIBRARIES.
MAY_KNOW = {
    "hal/units": [],
    "hal/rt": ["hal/units"],
    "hal/text": ["hal/units", "hal/rt"],
    "hal/api": ["hal/units", "hal/rt"],
    "hal/transport": ["hal/units", "hal/rt"],
    "hal/drivers/*": ["hal/units", "hal/rt", "hal/text", "hal/api", "hal/transport", "hal/drivers/meter"],
    "hal/drivers/meter": ["hal/units", "hal/rt", "hal/text", "hal/api"],  # what all meters share; no device
    "hal/drivers/bus": ["hal/units", "hal/rt", "hal/transport"],
    "hal/drivers/lumentree": ["hal/units", "hal/rt", "hal/text", "hal/api", "hal/transport", "hal/drivers/bus",
                              "hal/drivers/register_inverter"],
    "hal/drivers/register_inverter": ["hal/units", "hal/rt", "hal/api", "hal/transport"],  # what such inverters share
    "hal/drivers/trucki": ["hal/units", "hal/rt", "hal/text", "hal/api", "hal/transport", "hal/drivers/register_inverter"],
    "hal/drivers/house": ["hal/units", "hal/rt", "hal/api", "hal/sim/house"],
    "hal/sim/house": ["hal/units", "hal/rt"],
    "hal/sim/wire": ["hal/units", "hal/rt", "hal/sim/house", "hal/transport"],
    "hal/sim": ["hal/units", "hal/rt", "hal/sim/house", "hal/sim/wire"],
    "control/core": ["hal/units"],
    "control/runtime": ["hal/units", "hal/rt", "hal/api", "control/core"],
    "monitoring": ["hal/units", "hal/rt", "hal/api", "control/core", "control/runtime"],
    "proto": [],
    "clients": ["proto"],
    "server/log": ["hal/units", "hal/rt"],
    "server/plant": ["hal/units", "hal/rt", "hal/api", "control/core", "control/runtime", "server/log"],
    "server/config": ["hal/units", "hal/rt", "proto", "control/core", "control/runtime"],
    "server/devices": ["hal/units", "hal/rt", "hal/text", "hal/api", "hal/drivers/*", "proto", "control/core",
                       "control/runtime", "server/config", "server/log", "server/state"],
    "server/state": ["hal/units", "hal/api"],
    "server/tool": ["hal/units", "hal/rt", "proto", "server/config", "server/devices"],
    "server/grpc": ["hal/units", "hal/rt", "hal/api", "proto", "control/core", "control/runtime", "server/log",
                    "server/plant"],
    "server/guard": ["hal/units", "hal/rt", "server/log"],
    "server/main": ["hal/units", "hal/rt", "hal/api", "control/core", "control/runtime", "monitoring", "server/log",
                    "server/guard", "server/plant", "server/config", "server/devices", "server/state", "server/tool",
                    "server/grpc"],
    "server": ["server/main"],
    "tests": None,  # all
    "tools": [],
    "docs": ["proto"],
}

# Which system libraries a room may name. Test libraries are free for test targets.
LIBRARIES = {
    "hal/units": ["abseil"],
    "hal/rt": ["abseil"],
    "hal/text": ["abseil", "nlohmann_json"],
    "hal/api": [],
    "hal/transport": ["abseil", "curl", "libmodbus", "libmosquitto", "libserialport", "libsocketcan", "openssl"],
    "hal/drivers/*": ["abseil", "nlohmann_json"],
    "hal/drivers/bus": ["abseil"],
    "hal/drivers/meter": ["abseil"],
    "hal/drivers/lumentree": ["abseil"],
    "hal/drivers/register_inverter": ["abseil"],
    "hal/drivers/trucki": ["abseil"],
    "hal/drivers/house": ["abseil"],
    "hal/sim/house": ["abseil"],
    "hal/sim/wire": ["abseil", "libmosquitto", "nlohmann_json"],
    "hal/sim": ["abseil"],
    "control/core": [],
    "control/runtime": ["abseil"],
    "monitoring": ["abseil", "prometheus_cpp"],
    "proto": ["grpc", "protobuf"],
    "clients": ["abseil", "grpc", "protobuf"],
    "server/log": ["abseil"],
    "server/plant": ["abseil"],
    "server/config": ["abseil", "protobuf"],
    "server/devices": ["abseil", "nlohmann_json", "protobuf"],
    "server/state": ["abseil", "nlohmann_json"],
    "server/tool": ["abseil", "nlohmann_json", "protobuf"],
    "server/grpc": ["abseil", "grpc", "protobuf"],
    "server/guard": ["abseil"],
    "server/main": ["abseil"],
    "server": [],
    "tools": [],
    "docs": [],
}
TEST_LIBRARIES = {"*": {"gtest"}, "hal/sim": {"libmosquitto"}}

# What a room's tests may know besides: a device is tested against the other end of its wire, with which it shares no code.
TESTS_MAY_KNOW = {
    "hal/drivers/*": ["hal/sim/wire"],
    "hal/drivers/lumentree": ["hal/sim/wire"],
    "hal/drivers/trucki": ["hal/sim/wire"],
    "hal/transport": ["hal/sim/wire"],
}

# (from, to, why): no chain of dependencies may lead from a target that starts with `from` to one that starts with `to`.
FORBIDDEN_PATHS = [
    ("//control/core", "//hal/rt", "the core is pure: it owns no clock, no thread and no queue"),
    ("//control/core", "//hal/api", "the core knows values, not devices"),
    ("//control/core", "//hal/transport", "the core never sees a wire"),
    ("//control/core", "//hal/drivers", "the core works with any device"),
    ("//control/core", "//hal/sim", "the core cannot tell the simulator from the plant"),
    ("//control/core", "//proto", "the promise to the outside changes at its own pace"),
    ("//control/core", "//server", "the core does not know who asks"),
    ("//control/core", "//third_party/grpc", "no network near the real-time path"),
    ("//control/core", "//third_party/protobuf", "no allocation near the real-time path"),
    ("//control/core", "//third_party/abseil", "the core stands on the standard library alone"),
    ("//control/core", "//third_party/libmosquitto", "no network near the real-time path"),
    ("//control/runtime", "//hal/transport", "the control thread never waits for a wire"),
    ("//control/runtime", "//hal/drivers", "the control thread works with any device, also a simulated one"),
    ("//control/runtime", "//proto", "generated types stop in the server"),
    ("//control/runtime", "//server", "the runtime does not know who asks"),
    ("//control/runtime", "//third_party/grpc", "no network near the real-time path"),
    ("//control/runtime", "//third_party/protobuf", "no allocation near the real-time path"),
    ("//hal/units", "//hal/rt", "the ground floor has no stairs down"),
    ("//hal/api", "//hal/transport", "says what a converter is, not how to reach it"),
    ("//hal/api", "//hal/drivers", "an interface does not know its implementations"),
    ("//hal/api", "//proto", "generated types stop in the server"),
    ("//hal/transport", "//hal/api", "a transport moves frames, never their meaning"),
    ("//hal/transport", "//hal/drivers", "a transport knows no device"),
    ("//hal/drivers", "//control", "a driver takes commands, it does not regulate"),
    ("//hal/drivers", "//proto", "generated types stop in the server"),
    ("//hal/drivers", "//server", "a driver is assembled, it does not assemble"),
    ("//hal/sim/house", "//hal/api", "the model of the plant stands on the ground floor only"),
    ("//hal/sim/house", "//hal/transport", "the model of the plant stands on the ground floor only"),
    ("//hal/sim", "//hal/drivers", "an error copied to both ends of a wire would be invisible"),
    ("//hal/sim", "//control", "the simulated devices do not know who steers them"),
    ("//hal/sim", "//proto", "generated types stop in the server"),
    ("//hal/sim", "//server", "the simulated devices do not know who steers them"),
    ("//monitoring", "//hal/drivers", "monitoring observes; it has no way to act"),
    ("//monitoring", "//hal/transport", "monitoring observes; it has no way to act"),
    ("//monitoring", "//server", "monitoring reads the snapshot only"),
    ("//monitoring", "//proto", "monitoring reads the snapshot only"),
    ("//clients", "//server", "clients know the proto only"),
    ("//clients", "//hal", "clients know the proto only"),
    ("//clients", "//control", "clients know the proto only"),
    ("//clients", "//monitoring", "clients know the proto only"),
    ("//proto", "//hal", "the proto knows nothing of ours"),
    ("//proto", "//server", "the proto knows nothing of ours"),
    ("//server/plant", "//proto", "the plant speaks our words; a service translates"),
    ("//server/plant", "//hal/drivers", "only server/devices knows drivers"),
    ("//server/grpc", "//hal/drivers", "only server/devices knows drivers"),
    ("//server/config", "//hal/drivers", "only server/devices knows drivers"),
    ("//server", "//hal/sim/wire", "the product does not contain the other end of the wire"),
    ("//server", "//clients", "the daemon does not know its clients"),
]

# The same for the product only: the tests of `from` may know `to`.
FORBIDDEN_PATHS_OF_PRODUCT = [
    ("//hal/drivers", "//hal/sim/wire", "a driver must not share code with the other end of its wire"),
    ("//hal/transport", "//hal/sim", "a transport does not know the simulators that use it"),
]

# Headers of system libraries, and the package in third_party that stands for each.
LIBRARY_HEADERS = {
    "absl/": "abseil", "curl/": "curl", "grpcpp/": "grpc", "grpc/": "grpc", "google/protobuf/": "protobuf", "modbus": "libmodbus",
    "mosquitto.h": "libmosquitto", "libserialport.h": "libserialport", "libsocketcan.h": "libsocketcan", "nlohmann/": "nlohmann_json",
    "openssl/": "openssl",
    "prometheus/": "prometheus_cpp", "gtest/": "gtest", "gmock/": "gtest",
}

# What the pure core must not even include: threads, clocks that run by themselves, the heap's friends, input and output.
CORE_HEADERS_FORBIDDEN = {
    "thread", "mutex", "shared_mutex", "condition_variable", "future", "atomic", "iostream", "fstream", "sstream", "cstdio",
    "ctime", "memory", "functional", "string", "vector", "map", "deque", "list", "set", "unordered_map", "random",
    "unistd.h", "time.h", "stdio.h", "pthread.h", "filesystem", "regex",
}

# What the control core's objects may leave to the linker: our own functions, the compiler's memory moves, mathematics.
CORE_SYMBOLS_ALLOWED = re.compile(
    r"^(abcds::.*|(vtable|typeinfo|typeinfo name) for abcds::.*|memcpy|memset|memmove|memcmp|"
    r"(sqrt|exp|exp2|expm1|log|log2|log1p|pow|fmod|floor|ceil|round|trunc|lround|llround|lrint|llrint|rint|nearbyint|hypot|"
    r"remainder|copysign|fabs|fmin|fmax|tanh)f?l?|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_)(@.*)?$")

LINES_MAX = 450


def package_of(label):
    """"//a/b:c" → "a/b"."""
    return label[2:].split(":")[0]


def room_of(package, rooms):
    """The longest room that the package is in, or None."""
    parts = package.split("/")
    for length in range(len(parts), 0, -1):
        exact = "/".join(parts[:length])
        if exact in rooms:
            return exact
        wildcard = "/".join([*parts[:length - 1], "*"])
        if wildcard in rooms:
            return wildcard
    return None


def matches(package, room):
    """Whether a package is in a room such as "hal/drivers/*"."""
    pattern = re.escape(room).replace(r"\*", "[^/]+")
    return re.fullmatch(f"{pattern}(/.*)?", package) is not None


def unknown_rooms(targets):
    """Targets in folders that no rule speaks of: a new room needs a rule."""
    return [f"{label} is in no room of tests/house/checks.py: say there what its folder may know"
            for label in sorted(targets)
            if not package_of(label).startswith("third_party") and package_of(label) and
            room_of(package_of(label), MAY_KNOW) is None]


def direct_dependencies(room, targets):
    """Dependencies of a room's targets that it may not have. `targets`: label → rule."""
    problems = []
    for label, rule in sorted(targets.items()):
        package = package_of(label)
        if room_of(package, MAY_KNOW) != room or MAY_KNOW[room] is None:
            continue
        for dependency in rule["deps"]:
            other = package_of(dependency)
            if other.startswith("third_party/"):
                library = other.split("/")[1]
                tests_only = TEST_LIBRARIES["*"] | TEST_LIBRARIES.get(room, set())
                if library not in LIBRARIES[room] and not (library in tests_only and rule["testonly"]):
                    problems.append(f"{label} uses the library {library}, which {room} may not")
            elif other and not matches_own(package, other, room) and not (
                    rule["testonly"] and other in TESTS_MAY_KNOW.get(room, [])):
                problems.append(f"{label} depends on {dependency}, which {room} may not know")
    return problems


def matches_own(package, other, room):
    """Whether `package` of `room` may know `other`: itself, its own subfolders, or a room on its list."""
    if other == package or (room_of(other, MAY_KNOW) == room and "*" not in room):
        return True
    if "*" in room and (other.startswith(package + "/") or package.startswith(other + "/")):
        return True
    exact_first = room_of(other, MAY_KNOW)
    return any(exact_first == allowed or ("*" in allowed and matches(other, allowed)) for allowed in MAY_KNOW[room])


def product_of(targets):
    """All but tests and what is made for tests."""
    return {label: rule for label, rule in targets.items() if not rule["testonly"]}


def path_between(source, destination, targets):
    """A chain of labels from a target that starts with `source` to one that starts with `destination`, or None."""
    def inside(label, prefix):
        return label.startswith((prefix + ":", prefix + "/"))

    queue = [[label] for label in sorted(targets) if inside(label, source)]
    seen = {path[0] for path in queue}
    while queue:
        path = queue.pop(0)
        for dependency in targets.get(path[-1], {"deps": []})["deps"]:
            if inside(dependency, destination):
                return [*path, dependency]
            if dependency not in seen and not inside(dependency, source):
                seen.add(dependency)
                queue.append([*path, dependency])
    return None


def includes_of(text):
    return re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', text, re.MULTILINE)


def undeclared_libraries(files, targets):
    """System headers that are included although the target does not depend on their library. `files`: path → text."""
    owners = {}
    for label, rule in targets.items():
        for source in rule["files"]:
            owners.setdefault(source[2:].replace(":", "/").lstrip("/"), []).append(label)

    def reaches(label, library):
        stack, seen = [label], set()
        while stack:
            current = stack.pop()
            if package_of(current) == f"third_party/{library}":
                return True
            if current not in seen:
                seen.add(current)
                stack.extend(targets.get(current, {"deps": []})["deps"])
        return False

    problems = []
    for path, text in sorted(files.items()):
        for header in includes_of(text):
            library = next((name for prefix, name in LIBRARY_HEADERS.items() if header.startswith(prefix)), None)
            for owner in owners.get(path, []) if library else []:
                if not reaches(owner, library):
                    problems.append(f"{path} includes <{header}>, but {owner} does not depend on //third_party/{library}")
    return problems


def files_without_target(files, targets):
    """C++ files that no target builds: dead code, or a test that never runs."""
    owned = {source[2:].replace(":", "/").lstrip("/") for rule in targets.values() for source in rule["files"]}
    return [f"{path} is in no target" for path in sorted(files) if path.endswith((".cc", ".h")) and path not in owned]


def impure_core(files):
    """Headers and clocks in control/core (its tests may use them)."""
    problems = []
    for path, text in sorted(files.items()):
        if not path.startswith("control/core/") or path.endswith("_test.cc"):
            continue
        for header in includes_of(text):
            if header in CORE_HEADERS_FORBIDDEN or header.startswith("sys/"):
                problems.append(f"{path} includes <{header}>")
        for word in re.findall(r"\b(?:new|delete|throw|malloc|steady_clock|system_clock|clock_gettime)\b(?!.*;\s*//)",
                               strip_comments(text)):
            if not re.search(rf"=\s*{word}\s*;", text):  # `= delete;` is a declaration
                problems.append(f"{path} uses {word}")
    return problems


def clocks(files):
    """Only hal/rt/clock asks the kernel for the monotonic time; only the server and clients show wall time to people."""
    problems = []
    for path, text in sorted(files.items()):
        if not path.endswith((".cc", ".h")) or path.startswith(("hal/rt/", "clients/", "tests/")):
            continue
        # A thread's own CPU time is a measurement, not a clock.
        pattern = r"steady_clock::now|clock_gettime\s*\(\s*CLOCK_(?!THREAD_CPUTIME)|gettimeofday"
        if not path.startswith("server/"):
            pattern += r"|system_clock::now"
        problems += [f"{path} asks {word}; time comes from hal/rt/clock, or is handed in as `now`"
                     for word in sorted(set(re.findall(pattern, strip_comments(text))))]
    return problems


def strip_comments(text):
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*', "", text)


def core_symbols(undefined):
    """Symbols that the core's objects leave to others and may not."""
    return [f"the control core needs {symbol}" for symbol in sorted(set(undefined))
            if not CORE_SYMBOLS_ALLOWED.match(symbol)]


def public_targets(build_files):
    """Public visibility outside the ground floor and the system libraries. `build_files`: path → text."""
    return [f"{path} opens something to everybody" for path, text in sorted(build_files.items())
            if "//visibility:public" in text and not path.startswith(("hal/units/", "hal/rt/", "third_party/"))]


def system_libraries(build_files):
    """Linker options that name a library outside third_party."""
    return [f"{path} links {option} by itself; it belongs into third_party" for path, text in sorted(build_files.items())
            if not path.startswith("third_party/")
            for option in re.findall(r'"(-l[a-z][\w+-]*)"', text)]


def globbed_sources(build_files):
    return [f"{path} globs sources: adding a file must be a visible act" for path, text in sorted(build_files.items())
            if re.search(r"\b(?:srcs|hdrs)\s*=\s*glob\(.*\.(?:cc|h)\b", text)]


def unfinished(files):
    """Marks of unfinished work."""
    words = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
    return [f"{path}:{number} says {found.group(1)}" for path, text in sorted(files.items())
            for number, line in enumerate(text.splitlines(), 1) if (found := words.search(line))]


def missing_readmes(paths):
    """Folders with a BUILD file but no README. The packages of third_party share one."""
    return [f"{folder} has no README.md" for folder in sorted({path.rpartition("/")[0] for path in paths
                                                               if path.endswith("/BUILD.bazel")})
            if not folder.startswith("third_party/") and f"{folder}/README.md" not in paths]


def long_files(files):
    return [f"{path} has {lines} lines, more than {LINES_MAX}: one idea a file" for path, text in sorted(files.items())
            if path.endswith((".cc", ".h", ".py", ".sh", ".bzl")) and (lines := text.count("\n")) > LINES_MAX]


def include_guards(files):
    """Guards are named for their path: a copied one hides a header."""
    problems = []
    for path, text in sorted(files.items()):
        if path.endswith(".h") and not path.startswith("third_party/"):
            guard = "ABCDS_" + re.sub(r"[/.]", "_", path).upper() + "_"
            if f"#ifndef {guard}\n#define {guard}\n" not in text:
                problems.append(f"{path} is not guarded by {guard}")
    return problems


def machine_paths(files):
    """Paths of one developer's machine."""
    return [f"{path} names {found.group(0)}" for path, text in sorted(files.items())
            if (found := re.search(r"(?<![\w.])/(?:work|root|home/\w+|tmp/ob)/[\w.]*", text))]
