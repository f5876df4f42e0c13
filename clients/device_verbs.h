// Verbs about single devices: device list, scan, probe, read, write.
#ifndef ABCDS_CLIENTS_DEVICE_VERBS_H_
#define ABCDS_CLIENTS_DEVICE_VERBS_H_

#include <array>
#include <string_view>

#include "clients/arguments.h"
#include "clients/invocation.h"

namespace abcds {

inline constexpr std::array<std::string_view, 5> kDeviceActions = {"list", "scan", "probe", "read", "write"};

inline constexpr std::array<Option, 11> kDeviceOptions = {{
    {"port", "PORT", "serial line: device node, pty, or tcp://HOST:PORT"},
    {"baud", "N", "its speed (default: what the type expects)"},
    {"device-address", "N", "address on a line with several devices (default: the type's)"},
    {"host", "HOST[:PORT]", "a device or a broker on the network"},
    {"set", "K=V[,K=V]", "what the type needs besides: see list --types"},
    {"types", "", "list: the types of devices that this build knows"},
    {"type", "TYPE[,TYPE]", "scan: only these"},
    {"addresses", "N", "scan: addresses 1 to N (default 8)"},
    {"count", "N", "read: so many registers (default 1)"},
    {"for", "TIME", "write: how long a power is held, then 0 W (default 10s); keep: it stays"},
    {"yes", "", "write: does not ask"},
}};

inline constexpr std::string_view kDeviceDetails =
    "list [--types]            every device of the configuration, its state, counters and trouble\n"
    "scan [PORT...]            looks for devices on serial lines; only reads. Without a PORT: on all of them\n"
    "probe NAME|TYPE           asks one device who it is\n"
    "read NAME|TYPE [VALUE]    its newest values, or one of them by name\n"
    "read TYPE register N      raw registers, with --count\n"
    "write TYPE VALUE NUMBER   writes one value, reads it back; a power is held --for a while, then 0 W\n"
    "NAME is a device of the configuration; TYPE with --port or --host is any other one. Through the running\n"
    "daemon, which is never disturbed; where none answers, directly.\n"
    "  abcdsctl device scan\n"
    "  abcdsctl device probe jk-bms --port /dev/ttyUSB1\n"
    "  abcdsctl device read lumentree register 107 --port /dev/ttyUSB0 --device-address 2\n"
    "  abcdsctl device write lumentree power_w -100W --port /dev/ttyUSB0 --set model=600 --for 10s\n";

int RunDeviceVerb(const Invocation& invocation);

}  // namespace abcds

#endif  // ABCDS_CLIENTS_DEVICE_VERBS_H_
