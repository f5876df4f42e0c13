#include "server/config/text.h"

#include <cctype>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/io/tokenizer.h"
#include "server/config/field_rules.h"
#include "server/config/nearest.h"
#include "server/config/text_places.h"

namespace abcds {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::TextFormat;

namespace {

struct Complaint {
  int line = 0;  // from 0
  int column = 0;
  std::string message;
};

// The parser's errors end it, its warnings (unknown fields) do not; for us both are problems.
class Complaints final : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    errors.push_back({line, column, message});
  }
  void AddWarning(int line, int column, const std::string& message) override {
    unknown.push_back({line, column, message});
  }

  std::vector<Complaint> errors;
  std::vector<Complaint> unknown;
};

std::string Suggestion(const std::string& name, const Descriptor& type) {
  std::vector<std::string> known;
  for (int i = 0; i < type.field_count(); ++i) known.push_back(type.field(i)->name());
  const std::string nearest = Nearest(name, known);
  if (!nearest.empty()) return absl::StrCat("did you mean \"", nearest, "\"?");
  if (known.empty()) return "nothing is known here";
  return absl::StrCat("known here: ", absl::StrJoin(known, ", "));
}

// Behind a block that lacks its end the next block of the file seems to be a field of it.
bool IsBehindOpenBlock(const TextPlace& place) {
  const Descriptor& root = *v1::Config::descriptor();
  return place.field == nullptr && place.parent != nullptr && place.parent != &root &&
         root.FindFieldByName(place.name) != nullptr;
}

std::string UnknownField(const TextPlace& place) {
  const std::string sentence = absl::StrCat(place.path, " is not a known field");
  if (place.parent == nullptr) return sentence;
  if (IsBehindOpenBlock(place)) {
    return absl::StrCat(sentence, "; ", place.name, " stands in no other block: is a } missing before line ",
                        place.line, "?");
  }
  return absl::StrCat(sentence, "; ", Suggestion(place.name, *place.parent));
}

// Messages of protobuf's parser (3.21) which are about one field's value, so that the rest can still be read.
bool IsAboutValue(const std::string& message) {
  for (const char* beginning :
       {"Expected integer", "Expected double", "Expected string", "Integer out of range", "Invalid value for boolean",
        "Unknown enumeration value", "Expected \"{\"", "Expected identifier, got: ["}) {
    if (absl::StartsWith(message, beginning)) return true;
  }
  return false;
}

// What the parser has found in place of what it expected may be a password without its quotes.
std::string WithoutQuotedText(const std::string& message) {
  for (const char* quote : {", got: ", ", found "}) {
    const size_t at = message.find(quote);
    if (at != std::string::npos) return message.substr(0, at);
  }
  return message;
}

// "0.5" of "0,5"; empty where it is none of that, or could mean thousands.
std::string WithDecimalPoint(std::string value) {
  const size_t comma = value.find(',');
  const bool number = value.find_first_not_of("-0123456789,") == std::string::npos && value.rfind(',') == comma;
  if (comma == std::string::npos || !number) return "";
  if (value.size() - comma == 4 && value.substr(0, comma) != "0") return "";
  value[comma] = '.';
  return value;
}

std::string WrongValue(const TextPlace& place) {
  const std::string allowed = AllowedValues(*place.field);
  if (place.field->cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE) {
    const std::string with_point = WithDecimalPoint(place.value);
    if (!with_point.empty()) return absl::StrCat(place.path, " = ", place.value, ": write ", with_point);
  }
  if (IsSecret(*place.field) || place.value.empty() || place.value == "{") {
    return absl::StrCat(place.path, " must be ", allowed);
  }
  return absl::StrCat(place.path, " = ", place.value, " must be ", allowed);
}

// Reports one error. Returns the place to blank out so that reading can go on, if that is possible.
std::optional<TextPlace> Report(const Complaint& error, const std::string& text, Problems& problems) {
  const auto place = FindPlace(text, error.line, error.column, *v1::Config::descriptor());
  if (place.has_value() && place->field != nullptr) {
    if (absl::StrContains(error.message, "is specified multiple times")) {
      problems.Add(place->line, place->column, absl::StrCat(place->path, " is given more than once"));
      return place;
    }
    const google::protobuf::OneofDescriptor* oneof = place->field->containing_oneof();
    if (oneof != nullptr && absl::StrContains(error.message, "another member of oneof")) {
      const std::string choice = oneof->name();
      problems.Add(place->line, place->column,
                   absl::StrCat(place->path, " is a second ", choice, " here; only one can be given"));
      return place;
    }
    if (IsAboutValue(error.message)) {
      problems.Add(place->line, place->column, WrongValue(*place));
      return place;
    }
  }
  if (const auto open = FindOpenBlock(text, error.line, error.column); open.has_value()) {
    problems.Add(error.line + 1, error.column + 1,
                 absl::StrCat("the file ends within the block ", open->name, " of line ", open->line, ": a } is missing"));
    return std::nullopt;
  }
  problems.Add(error.line + 1, error.column + 1, absl::StrCat("syntax error: ", WithoutQuotedText(error.message)));
  return std::nullopt;
}

// Finds a value of an enumeration that is written as a number. The parser takes any of them; to people 2 or 2000 means
// something else than the place of a name in the schema.
std::optional<TextPlace> FindNumberForName(const std::string& text, const Message& message,
                                           const TextFormat::ParseInfoTree& tree) {
  const auto& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
      const auto at = tree.GetLocation(field, -1);
      const auto place = FindPlace(text, at.line, at.column + 1, *v1::Config::descriptor());
      const bool number = place.has_value() && !place->value.empty() && std::isalpha(place->value[0]) == 0;
      if (number) return place;
    }
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const Message& nested = field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                                   : reflection.GetMessage(message, field);
      const auto* nested_tree = tree.GetTreeForNested(field, field->is_repeated() ? i : -1);
      if (nested_tree == nullptr) continue;
      if (auto place = FindNumberForName(text, nested, *nested_tree); place.has_value()) return place;
    }
  }
  return std::nullopt;
}

void Report(const std::vector<Complaint>& unknown, const std::string& text, Problems& problems) {
  bool behind_open_block = false;
  for (const Complaint& complaint : unknown) {
    const auto place = FindPlace(text, complaint.line, complaint.column, *v1::Config::descriptor());
    if (!place.has_value()) {
      problems.Add(complaint.line + 1, complaint.column + 1, complaint.message);
      continue;
    }
    // One bracket is missing, however many blocks follow.
    if (IsBehindOpenBlock(*place) && std::exchange(behind_open_block, true)) continue;
    // Within "0,5" the parser takes the 5 for a field.
    problems.Add(place->line, place->column, place->field != nullptr ? WrongValue(*place) : UnknownField(*place));
  }
}

// The line, from 1, of the first section of a file as Python's configparser reads it; 0: it is none.
int SectionLine(const std::string& text) {
  int number = 0;
  for (const auto line : absl::StrSplit(text, '\n')) {
    ++number;
    const std::string content(absl::StripAsciiWhitespace(line));
    if (content.empty() || content[0] == '#' || content[0] == ';') continue;
    return content.front() == '[' && content.back() == ']' ? number : 0;
  }
  return 0;
}

}  // namespace

void ReadConfigText(const std::string& text, ConfigText& result, Problems& problems) {
  if (const int line = SectionLine(text); line > 0) {
    problems.Add(line, 1,
                 "this looks like the BSsetup.conf of the original ABCDs, which this version does not read yet: start "
                 "from `abcdsctl config print lumentree+mqtt`, with your devices in place of these two");
    return;
  }
  // Blanked-out text keeps its length and lines, so that positions stay right.
  std::string readable = text;
  while (true) {
    result.config.Clear();
    result.tree = std::make_unique<TextFormat::ParseInfoTree>();
    Complaints complaints;
    TextFormat::Parser parser;
    parser.RecordErrorsTo(&complaints);
    parser.WriteLocationsTo(result.tree.get());
    parser.AllowUnknownField(true);  // to hear of all of them; each is a problem nevertheless
    result.complete = parser.ParseFromString(readable, &result.config);

    Report(complaints.unknown, readable, problems);
    std::optional<TextPlace> blank;
    if (result.complete) {
      blank = FindNumberForName(readable, result.config, *result.tree);
      if (blank.has_value()) problems.Add(blank->line, blank->column, WrongValue(*blank));
    } else if (!complaints.errors.empty()) {
      blank = Report(complaints.errors.front(), readable, problems);
    }
    if (!blank.has_value()) return;
    bool changed = false;
    for (size_t i = blank->begin; i < blank->end; ++i) {
      if (readable[i] == '\n') continue;
      changed = changed || readable[i] != ' ';
      readable[i] = ' ';
    }
    if (!changed) return;  // each round must leave less to read
    result.unreadable.insert(blank->path);
  }
}

}  // namespace abcds
