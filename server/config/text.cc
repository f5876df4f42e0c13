#include "server/config/text.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/io/tokenizer.h"
#include "server/config/field_rules.h"
#include "server/config/text_places.h"

namespace abcds {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
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

// Levenshtein's distance.
size_t EditDistance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
    }
  }
  return row[b.size()];
}

std::string Suggestion(const std::string& name, const Descriptor& type) {
  const FieldDescriptor* nearest = nullptr;
  size_t nearest_distance = std::max<size_t>(2, name.size() / 3) + 1;
  std::string known;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* field = type.field(i);
    const size_t distance = EditDistance(name, field->name());
    if (distance < nearest_distance) {
      nearest = field;
      nearest_distance = distance;
    }
    absl::StrAppend(&known, i == 0 ? "" : ", ", field->name());
  }
  if (nearest != nullptr) return absl::StrCat("did you mean \"", nearest->name(), "\"?");
  if (known.empty()) return "nothing is known here";
  return absl::StrCat("known here: ", known);
}

std::string UnknownField(const TextPlace& place) {
  const std::string sentence = absl::StrCat(place.path, " is not a known field");
  return place.parent == nullptr ? sentence : absl::StrCat(sentence, "; ", Suggestion(place.name, *place.parent));
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

std::string WrongValue(const TextPlace& place) {
  const std::string allowed = AllowedValues(*place.field);
  if (IsSecret(*place.field) || place.value.empty() || place.value == "{") {
    return absl::StrCat(place.path, " must be ", allowed);
  }
  return absl::StrCat(place.path, " = ", place.value, " must be ", allowed);
}

// Reports one error. Returns the place to blank out so that reading can go on, if that is possible.
std::optional<TextPlace> Report(const std::string& text, const Complaint& error, Problems& problems) {
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
  problems.Add(error.line + 1, error.column + 1, absl::StrCat("syntax error: ", WithoutQuotedText(error.message)));
  return std::nullopt;
}

}  // namespace

void ReadConfigText(const std::string& text, ConfigText& result, Problems& problems) {
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

    for (const Complaint& unknown : complaints.unknown) {
      const auto place = FindPlace(readable, unknown.line, unknown.column, *v1::Config::descriptor());
      if (place.has_value())
        problems.Add(place->line, place->column, UnknownField(*place));
      else
        problems.Add(unknown.line + 1, unknown.column + 1, unknown.message);
    }
    if (result.complete || complaints.errors.empty()) return;

    const auto blank = Report(readable, complaints.errors.front(), problems);
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
