#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "server/config/field_rules.h"
#include "server/config/print.h"
#include "server/config/schema.h"

namespace abcds {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

namespace {

// The comment as running text, safe within a table.
std::string Running(const std::vector<std::string>& lines) {
  return absl::StrReplaceAll(absl::StrJoin(lines, " "), {{"|", "\\|"}});
}

std::string TypeText(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return absl::StrCat("[", field.message_type()->name(), "](#", absl::AsciiStrToLower(field.message_type()->name()),
                          ") block", field.is_repeated() ? ", any number" : "");
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return "number";
    case FieldDescriptor::CPPTYPE_UINT32:
      return "whole number";
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true, false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return AllowedValues(field);
    default:
      return "text";
  }
}

void PrintMessage(const Descriptor& message, std::string& out) {
  absl::StrAppend(&out, "\n## ", message.name(), "\n\n");
  const std::vector<std::string> comment = CommentOf(message);
  if (!comment.empty()) absl::StrAppend(&out, absl::StrJoin(comment, "\n"), "\n\n");
  if (message.field_count() == 0) {
    absl::StrAppend(&out, "No fields.\n");
    return;
  }
  absl::StrAppend(&out, "| field | value | meaning |\n|---|---|---|\n");
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    const bool arm = field.real_containing_oneof() != nullptr;
    std::string meaning =
        arm ? absl::StrCat("A device: ", Running(CommentOf(*field.message_type()))) : Running(CommentOf(field));
    if (meaning.empty()) meaning = "see above";
    absl::StrAppend(&out, "| `", field.name(), "` | ", TypeText(field), " | ", meaning, " |\n");
  }
  for (int i = 0; i < message.nested_type_count(); ++i) PrintMessage(*message.nested_type(i), out);
}

}  // namespace

std::string PrintReference(const DeviceCatalog& catalog) {
  std::vector<std::string> names;
  for (const DeviceRules* rules : catalog) {
    const std::string name = absl::StrCat("`", rules->name(), "`");
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  std::string out = absl::StrCat(
      "# Configuration reference\n\n"
      "<!-- Written by `abcdsd --tool config-reference` from proto/abcds/v1/config.proto; change it there. -->\n\n"
      "One file describes a site: by default `/etc/abcds/abcds.textproto`, else `abcdsd --config FILE`. It is protobuf "
      "text\n"
      "format: `field: value` lines, `block { … }`, comments from `#` to the end of the line. The field names carry "
      "the unit.\n\n"
      "* Start from `abcdsd --print_config lumentree+mqtt` or from a file in [examples](examples/README.md).\n"
      "* Check with `abcdsctl config check FILE` or `abcdsd --config FILE --check`. All problems are reported at once, "
      "each\n"
      "  with its line, the full path of the field and what is allowed. Nothing is corrected silently: the daemon does "
      "not\n"
      "  start on a file with a problem.\n"
      "* Ranges are [lowest, highest], both included. Signs: + is power drawn from the AC bus, at the grid + is "
      "import.\n"
      "* Where the text says \"the device's\", the value depends on the type of device; `--print_config` shows it.\n\n"
      "Devices of this version: ",
      absl::StrJoin(names, ", "), ".\n");
  const FileDescriptor& file = *v1::Config::descriptor()->file();
  for (int i = 0; i < file.message_type_count(); ++i) PrintMessage(*file.message_type(i), out);
  return out;
}

}  // namespace abcds
