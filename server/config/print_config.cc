#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "google/protobuf/text_format.h"
#include "server/config/field_rules.h"
#include "server/config/in_force.h"
#include "server/config/print.h"
#include "server/config/schema.h"
#include "server/config/site.h"

namespace abcds {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

namespace {

// Writes one configuration. `given` is what the file says, `in_force` the same with all defaults.
class Printer {
 public:
  std::string Run(const v1::Config& given, const v1::Config& in_force) {
    PrintBlock(given, in_force, 0, true);
    return std::move(out_);
  }

 private:
  void Line(int depth, const std::string& text) {
    if (!text.empty()) absl::StrAppend(&out_, std::string(static_cast<size_t>(depth) * 2, ' '), text);
    out_ += '\n';
  }

  void Comment(int depth, const std::vector<std::string>& lines) {
    for (const std::string& line : lines) Line(depth, absl::StrCat("# ", line));
  }

  // Fields in the order of the schema; `commented`: with their meaning, and with those that are not given.
  void PrintBlock(const Message& given, const Message& in_force, int depth, bool commented) {
    const Descriptor& type = *given.GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
        PrintScalar(given, in_force, field, depth, commented);
      } else if (field.is_repeated()) {
        PrintRepeated(given, in_force, field, depth);
      } else {
        PrintMessage(given, in_force, field, depth, commented);
      }
    }
  }

  void PrintScalar(const Message& given, const Message& in_force, const FieldDescriptor& field, int depth,
                   bool commented) {
    if (commented) Comment(depth, CommentOf(field));
    const bool is_given = given.GetReflection()->HasField(given, &field) && !IsSecret(field);
    if (is_given) {
      Line(depth, absl::StrCat(field.name(), ": ", Value(given, field), IsYours(given, field) ? "  # yours" : ""));
    } else if (commented) {
      const bool known = in_force.GetReflection()->HasField(in_force, &field) && !IsSecret(field);
      Line(depth, absl::StrCat("# ", field.name(), ":", known ? " " : "", known ? Value(in_force, field) : ""));
    }
  }

  // What depends on the site: all that differs from the default, but for names and the references to them.
  static bool IsYours(const Message& given, const FieldDescriptor& field) {
    if (field.name() == "name" || field.name() == "bus") return false;
    const char* const fallback = RuleOf(field).fallback;
    return fallback == nullptr || absl::StripSuffix(absl::StripPrefix(Value(given, field), "\""), "\"") != fallback;
  }

  static std::string Value(const Message& message, const FieldDescriptor& field) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE) {
      return FormatNumber(message.GetReflection()->GetDouble(message, &field));
    }
    std::string text;
    google::protobuf::TextFormat::PrintFieldValueToString(message, &field, -1, &text);
    return text;
  }

  // Entries after the first one say only what is given: the reader has just seen what else there is.
  void PrintRepeated(const Message& given, const Message& in_force, const FieldDescriptor& field, int depth) {
    const Reflection& reflection = *given.GetReflection();
    const int count = reflection.FieldSize(given, &field);
    Separate(depth);
    Comment(depth, CommentOf(field));
    if (count == 0) Line(depth, absl::StrCat("# ", field.name(), " {}"));
    for (int i = 0; i < count; ++i) {
      Line(depth, absl::StrCat(field.name(), " {"));
      PrintBlock(reflection.GetRepeatedMessage(given, &field, i), reflection.GetRepeatedMessage(in_force, &field, i),
                 depth + 1, i == 0);
      Line(depth, "}");
    }
  }

  void PrintMessage(const Message& given, const Message& in_force, const FieldDescriptor& field, int depth,
                    bool commented) {
    const Reflection& reflection = *given.GetReflection();
    const bool is_given = reflection.HasField(given, &field);
    if (!is_given && (!commented || field.real_containing_oneof() != nullptr)) return;
    Separate(depth);
    // An arm of a oneof is explained by its message, any other block by its field.
    if (commented) {
      Comment(depth, field.real_containing_oneof() != nullptr ? CommentOf(*field.message_type()) : CommentOf(field));
    }
    if (!is_given && !reflection.HasField(in_force, &field)) {
      Line(depth, absl::StrCat("# ", field.name(), " {}"));
      return;
    }
    const Message& block_given = reflection.GetMessage(given, &field);
    const Message& block_in_force = reflection.GetMessage(in_force, &field);
    if (field.message_type()->field_count() == 0) {
      Line(depth, absl::StrCat(field.name(), " {}"));
      return;
    }
    Line(depth, absl::StrCat(field.name(), " {"));
    PrintBlock(block_given, block_in_force, depth + 1, commented);
    Line(depth, "}");
  }

  // A blank line before each top-level block.
  void Separate(int depth) {
    if (depth == 0) Line(0, "");
  }

  std::string out_;
};

std::string KnownNames(const DeviceCatalog& catalog) {
  std::vector<std::string> names;
  for (const DeviceRules* rules : catalog) {
    if (std::find(names.begin(), names.end(), rules->name()) == names.end()) names.push_back(rules->name());
  }
  return absl::StrJoin(names, ", ");
}

// Adds all types of one name; a second meter or BMS is the caller's mistake.
absl::Status AddExamples(const std::string& name, const DeviceCatalog& catalog,
                         std::map<DeviceKind, std::string>& single, v1::Config& config) {
  bool found = false;
  for (const DeviceRules* rules : catalog) {
    if (rules->name() != name) continue;
    found = true;
    if (rules->kind() != DeviceKind::kConverter) {
      const auto [known, is_new] = single.emplace(rules->kind(), name);
      if (!is_new) {
        const char* what = rules->kind() == DeviceKind::kMeter ? "meter" : "BMS";
        return absl::InvalidArgumentError(
            absl::StrCat("a site has one ", what, ", and both ", known->second, " and ", name, " bring one"));
      }
    }
    rules->AddExample(config);
  }
  if (found) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("\"", name, "\" is no known device; known: ", KnownNames(catalog)));
}

}  // namespace

std::string PrintCommented(const v1::Config& config, const DeviceCatalog& catalog) {
  return Printer().Run(config, WithDefaults(config, catalog));
}

absl::StatusOr<std::string> PrintConfig(const std::string& devices, const DeviceCatalog& catalog) {
  v1::Config config;
  std::map<DeviceKind, std::string> single;
  const std::vector<std::string> names = absl::StrSplit(devices, '+');
  for (const std::string& name : names) {
    const absl::Status added = AddExamples(name, catalog, single, config);
    if (!added.ok()) return added;
  }
  config.set_site("home");
  if (config.battery().cells() == 0) {
    config.mutable_battery()->set_cells(16);
    config.mutable_battery()->set_capacity_ah(100);
  }
  google::protobuf::TextFormat::Printer plain;
  std::string text;
  plain.PrintToString(config, &text);
  const auto site = LoadSiteText(text, devices, catalog);
  if (!site.ok()) {
    // The lines' numbers would be those of a text that nobody sees.
    std::vector<std::string> reasons;
    for (const auto line : absl::StrSplit(std::string(site.status().message()), '\n')) {
      const std::string whole(line);
      const size_t sentence = whole.find(": ");
      reasons.push_back(sentence == std::string::npos ? whole : whole.substr(sentence + 2));
    }
    return absl::InvalidArgumentError(absl::StrCat(devices, " makes no complete site: ", absl::StrJoin(reasons, "; ")));
  }
  const std::string header = absl::StrCat(
      "# ABCDs: configuration for ", devices,
      ".\n"
      "#\n"
      "# Lines that end in \"# yours\" are examples: put in what holds for your site. Lines like \"# field: value\" "
      "show\n"
      "# a default; remove the # to change it. Ranges are [lowest, highest].\n"
      "# Check the file with `abcdsctl config check FILE`. Power is + where it is drawn from the AC bus.\n\n");
  return header + PrintCommented(config, catalog);
}

}  // namespace abcds
