#include "clients/tool_verbs.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "clients/json.h"
#include "clients/meanwell_answers.h"
#include "clients/tool.h"
#include "google/protobuf/struct.pb.h"

namespace abcds {
namespace {

absl::StatusOr<std::string> FindAbcdsdFor(const Invocation& invocation) {
  const char* const path = std::getenv("PATH");
  return FindAbcdsd(invocation.abcdsd, OwnFolder(), path == nullptr ? "" : path);
}

google::protobuf::Value Lines(const std::string& text) {
  google::protobuf::Value lines;
  lines.mutable_list_value();
  for (const auto line : absl::StrSplit(text, '\n')) {
    if (!line.empty()) lines.mutable_list_value()->add_values()->set_string_value(std::string(line));
  }
  return lines;
}

// What the tool prints as lines, in JSON: it speaks to people.
int RunAsJson(const Invocation& invocation, const std::string& program, const std::vector<std::string>& arguments) {
  const auto output = RunTool(program, arguments);
  if (!output.ok()) return invocation.Failed(output.status());
  google::protobuf::Struct result;
  (*result.mutable_fields())["ok"].set_bool_value(output->exit_code == 0);
  (*result.mutable_fields())["output"] = Lines(output->out);
  (*result.mutable_fields())["problems"] = Lines(output->err);
  invocation.out << ToJson(result, true);
  return output->exit_code;
}

// It speaks for itself from here on, JSON included.
int HandOver(const Invocation& invocation, const std::string& tool) {
  const auto program = FindAbcdsdFor(invocation);
  if (!program.ok()) return invocation.Failed(program.status());
  std::vector<std::string> arguments = {"--tool", tool};
  arguments.insert(arguments.end(), invocation.raw.begin(), invocation.raw.end());
  if (invocation.json && tool != "decode") arguments.push_back("--json");  // decode prints nothing else
  invocation.out << std::flush;
  return invocation.Failed(Become(*program, arguments));
}

}  // namespace

int RunConfig(const Invocation& invocation) {
  const std::string& action = invocation.line.words[0];
  const auto program = FindAbcdsdFor(invocation);
  if (!program.ok()) return invocation.Failed(program.status());
  const std::vector<std::string> arguments = {"--tool", absl::StrCat("config-", action), invocation.line.words[1]};
  if (invocation.json) return RunAsJson(invocation, *program, arguments);
  invocation.out << std::flush;
  return invocation.Failed(Become(*program, arguments));
}

int RunDecode(const Invocation& invocation) { return HandOver(invocation, "decode"); }

int RunMeanwell(const Invocation& invocation) {
  const auto answered = AnswerMeanwellByDaemon(invocation);
  return answered.has_value() ? *answered : HandOver(invocation, "meanwell");
}

}  // namespace abcds
