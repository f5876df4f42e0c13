#include "hal/text/json_path.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <span>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "hal/text/json_document.h"
#include "nlohmann/json.hpp"

namespace abcds {
namespace {

using Json = nlohmann::json;

constexpr size_t kLongestPath = 512;
constexpr size_t kMaxSegments = 16;

}  // namespace

class JsonPath::Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  absl::StatusOr<JsonPath> Parse() {
    if (text_.size() > kLongestPath)
      return absl::InvalidArgumentError(absl::StrCat("longer than ", kLongestPath, " characters"));
    JsonPath path;
    SkipBlanks();
    do {
      if (path.terms_.size() == kMaxTerms) return Problem(absl::StrCat("more than ", kMaxTerms, " terms"));
      Term term;
      if (Next() == '+' || Next() == '-') {
        term.subtract = Next() == '-';
        ++at_;
        SkipBlanks();
      } else if (!path.terms_.empty()) {
        return Problem("expected + or - between two terms (a key with blanks is written [\"key\"])");
      }
      if (const absl::Status status = ParseTerm(term); !status.ok()) return status;
      path.terms_.push_back(std::move(term));
      SkipBlanks();
    } while (at_ < text_.size());
    return path;
  }

 private:
  [[nodiscard]] char Next() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void SkipBlanks() {
    while (Next() == ' ' || Next() == '\t') ++at_;
  }
  [[nodiscard]] absl::Status Problem(const std::string& what) const {
    return absl::InvalidArgumentError(absl::StrCat("at character ", at_ + 1, ": ", what));
  }

  absl::Status ParseTerm(Term& term) {
    bool more = true;
    while (more) {
      if (term.segments.size() == kMaxSegments) return Problem(absl::StrCat("more than ", kMaxSegments, " segments"));
      Segment segment;
      if (const absl::Status status = Next() == '[' ? ParseBracket(segment) : ParseBare(segment); !status.ok())
        return status;
      term.segments.push_back(std::move(segment));
      more = Next() == '[';
      if (Next() == '.') {
        ++at_;
        more = true;
      }
    }
    return absl::OkStatus();
  }

  absl::Status ParseBare(Segment& segment) {
    const size_t begin = at_;
    while (at_ < text_.size() && std::string_view(".[]\" \t").find(text_[at_]) == std::string_view::npos) ++at_;
    if (at_ == begin) return Problem("expected a key, [\"key\"], [number] or [*]");
    segment.key = std::string(text_.substr(begin, at_ - begin));
    return absl::OkStatus();
  }

  absl::Status ParseBracket(Segment& segment) {
    ++at_;
    if (Next() == '"') {
      if (const absl::Status status = ParseQuoted(segment.key); !status.ok()) return status;
    } else if (Next() == '*') {
      ++at_;
      segment.kind = Segment::Kind::kAll;
    } else {
      segment.kind = Segment::Kind::kIndex;
      const char* const end = text_.data() + text_.size();
      const auto [stopped, error] = std::from_chars(text_.data() + at_, end, segment.index);
      if (error != std::errc()) return Problem("expected \"key\", a number or * after [");
      at_ = static_cast<size_t>(stopped - text_.data());
    }
    if (Next() != ']') return Problem("expected ]");
    ++at_;
    return absl::OkStatus();
  }

  absl::Status ParseQuoted(std::string& key) {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size() && (text_[at_ + 1] == '"' || text_[at_ + 1] == '\\')) ++at_;
      key.push_back(text_[at_]);
    }
    if (at_ == text_.size()) return Problem("the key's closing \" is missing");
    ++at_;
    return absl::OkStatus();
  }

  std::string_view text_;
  size_t at_ = 0;
};

// Sums what the terms lead to. The first refusal wins: half a sum is no value.
class JsonPath::Evaluation {
 public:
  explicit Evaluation(UnitText unit_text) : unit_text_(unit_text) {}

  NumberResult Run(const Json& document, std::span<const Term> terms) {
    for (const Term& term : terms) {
      subtract_ = term.subtract;
      Follow(document, term.segments);
      if (sum_.refusal != Refusal::kNone) return {.refusal = sum_.refusal};
    }
    if (!std::isfinite(sum_.value)) return {.refusal = Refusal::kOutOfRange};
    return sum_;
  }

 private:
  // Recursion is bounded by the number of segments.
  void Follow(const Json& at, std::span<const Segment> rest) {
    if (rest.empty()) return AddTerminal(at);
    const Segment& segment = rest.front();
    switch (segment.kind) {
      case Segment::Kind::kKey: {
        const auto member = at.is_object() ? at.find(segment.key) : at.end();
        return member == at.end() ? Refuse(Refusal::kMissing) : Follow(*member, rest.subspan(1));
      }
      case Segment::Kind::kIndex: {
        const auto size = at.is_array() ? static_cast<int64_t>(at.size()) : 0;
        const int64_t index = segment.index < 0 ? size + segment.index : segment.index;
        if (index < 0 || index >= size) return Refuse(Refusal::kMissing);
        return Follow(at[static_cast<size_t>(index)], rest.subspan(1));
      }
      case Segment::Kind::kAll:
        // The sum of nothing would be a plausible 0 W.
        if (!at.is_array() || at.empty()) return Refuse(Refusal::kMissing);
        for (const Json& element : at) Follow(element, rest.subspan(1));
        return;
    }
  }

  void AddTerminal(const Json& at) {
    if (!at.is_array()) return Add(at);
    if (at.empty()) return Refuse(Refusal::kMissing);
    for (const Json& element : at) Add(element);
  }

  void Add(const Json& at) {
    const NumberResult number = NumberOf(at, unit_text_);
    if (number.refusal != Refusal::kNone) return Refuse(number.refusal);
    if (count_ > 0 && number.unit != sum_.unit) return Refuse(Refusal::kWrongUnit);
    ++count_;
    sum_.unit = number.unit;
    sum_.value += subtract_ ? -number.value : number.value;
  }

  void Refuse(Refusal refusal) {
    if (sum_.refusal == Refusal::kNone) sum_.refusal = refusal;
  }

  UnitText unit_text_;
  bool subtract_ = false;
  int count_ = 0;
  NumberResult sum_{.refusal = Refusal::kNone};
};

absl::StatusOr<JsonPath> JsonPath::Parse(std::string_view text) { return Parser(text).Parse(); }

NumberResult JsonPath::Evaluate(std::string_view document, UnitText unit_text) const noexcept {
  try {
    Json json;
    const Refusal refusal = ParseJsonDocument(document, json);
    if (refusal == Refusal::kMalformed) {
      // "offline" instead of a document: a last will, not a broken publisher.
      const NumberResult plain = ParseNumber(document, unit_text);
      return {.refusal = plain.refusal == Refusal::kNoValue ? Refusal::kNoValue : Refusal::kMalformed};
    }
    if (refusal != Refusal::kNone) return {.refusal = refusal};
    return Evaluation(unit_text).Run(json, terms_);
  } catch (...) {  // out of memory is all that is left
    return {.refusal = Refusal::kTooLong};
  }
}

}  // namespace abcds
