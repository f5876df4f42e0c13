#include "server/tool/tool.h"

#include <iostream>

#include "server/config/print.h"
#include "server/config/site.h"
#include "server/devices/meanwell_verbs.h"
#include "server/devices/registry.h"
#include "server/tool/decode.h"
#include "server/tool/device.h"
#include "server/tool/exit_status.h"

namespace abcds {

namespace {

using Arguments = std::vector<std::string>;

int CheckFile(const Arguments& arguments, std::istream&, std::ostream& out, std::ostream& err) {
  if (arguments.size() != 1) {
    err << "config-check wants one file\n";
    return kToolUsage;
  }
  const auto site = LoadSite(arguments[0], KnownDevices());
  if (!site.ok()) {
    err << site.status().message() << "\n";
    return kToolFailed;
  }
  out << arguments[0] << ": good: site \"" << site->name << "\", meter " << site->meter.type << ", ";
  for (const Site::Device& converter : site->converters) out << "converter " << converter.name << ", ";
  out << site->core.battery.cells << " cells\n";
  return kToolOk;
}

int PrintFile(const Arguments& arguments, std::istream&, std::ostream& out, std::ostream& err) {
  if (arguments.size() != 1) {
    err << "config-print wants device names, for example lumentree+mqtt\n";
    return kToolUsage;
  }
  const auto text = PrintConfig(arguments[0], KnownDevices());
  if (!text.ok()) {
    err << text.status().message() << "\n";
    return kToolFailed;
  }
  out << *text;
  return kToolOk;
}

int PrintReferencePage(const Arguments& arguments, std::istream&, std::ostream& out, std::ostream& err) {
  if (!arguments.empty()) {
    err << "config-reference wants nothing more\n";
    return kToolUsage;
  }
  out << PrintReference(KnownDevices());
  return kToolOk;
}

struct Verb {
  const char* name;
  const char* usage;
  int (*run)(const Arguments&, std::istream&, std::ostream&, std::ostream&);
};

constexpr Verb kVerbs[] = {
    {"decode", "decode DEVICE [--request HEX] [--set KEY=VALUE]… [HEX…] | decode --list", RunDecode},
    {"device", "device CALL REQUEST", RunDevice},
    {"meanwell", "meanwell VERB [VALUE] [DEVICE] … | meanwell help", RunMeanwell},
    {"config-check", "config-check FILE", CheckFile},
    {"config-print", "config-print DEVICE[+DEVICE]…", PrintFile},
    {"config-reference", "config-reference", PrintReferencePage},
};

}  // namespace

int RunTool(const std::vector<std::string>& arguments, std::istream& in, std::ostream& out, std::ostream& err) {
  if (!arguments.empty()) {
    for (const Verb& verb : kVerbs) {
      if (arguments[0] == verb.name) return verb.run(Arguments(arguments.begin() + 1, arguments.end()), in, out, err);
    }
    err << "unknown verb \"" << arguments[0] << "\"\n";
  }
  err << "usage: abcdsd --tool VERB …\n";
  for (const Verb& verb : kVerbs) err << "  " << verb.usage << "\n";
  return kToolUsage;
}

int RunTool(const std::vector<std::string>& arguments) {
  const int status = RunTool(arguments, std::cin, std::cout, std::cerr);
  std::cout.flush();
  if (std::cout.good()) return status;
  std::cerr << "writing to standard output failed\n";
  return kToolFailed;
}

}  // namespace abcds
