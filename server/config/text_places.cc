#include "server/config/text_places.h"

#include <cctype>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace abcds {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

namespace {

struct Token {
  std::string text;
  size_t begin = 0;
  int line = 0;
  int column = 0;
};

// Splits text format into words, strings and single characters; total, and needs no valid input.
class Lexer {
 public:
  explicit Lexer(const std::string& text) : text_(text) {}

  std::vector<Token> Run() {
    std::vector<Token> tokens;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (std::isspace(static_cast<unsigned char>(c)) != 0) {
        Advance();
      } else if (c == '#') {
        while (at_ < text_.size() && text_[at_] != '\n') Advance();
      } else {
        Token token{"", at_, line_, column_};
        if (c == '"' || c == '\'') {
          String(c);
        } else if (IsWord(c)) {
          while (at_ < text_.size() && IsWord(text_[at_])) Advance();
        } else {
          Advance();
        }
        token.text = text_.substr(token.begin, at_ - token.begin);
        tokens.push_back(std::move(token));
      }
    }
    return tokens;
  }

 private:
  static bool IsWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.'; }

  void String(char quote) {
    Advance();
    while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n') {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) Advance();
      Advance();
    }
    if (at_ < text_.size() && text_[at_] == quote) Advance();
  }

  void Advance() {
    constexpr int kTabWidth = 8;  // of protobuf's tokenizer
    if (text_[at_] == '\n') {
      ++line_;
      column_ = 0;
    } else if (text_[at_] == '\t') {
      column_ += kTabWidth - column_ % kTabWidth;
    } else {
      ++column_;
    }
    ++at_;
  }

  const std::string& text_;
  size_t at_ = 0;
  int line_ = 0;
  int column_ = 0;
};

bool Opens(const std::string& token) { return token == "{" || token == "<"; }
bool Closes(const std::string& token) { return token == "}" || token == ">"; }
bool Names(const std::string& token) {
  return std::isalpha(static_cast<unsigned char>(token[0])) != 0 || token[0] == '_';
}

// One open message.
struct Level {
  const Descriptor* type = nullptr;  // null: unknown
  std::string path;
  std::map<std::string, int> seen;  // how often each repeated field has occurred
};

// Where the value that follows the name at `name` ends, and how it begins.
void MeasureValue(const std::string& text, const std::vector<Token>& tokens, size_t name, TextPlace& place) {
  size_t value = name + 1;
  if (value < tokens.size() && tokens[value].text == ":") ++value;
  if (value >= tokens.size()) {
    place.end = text.size();
    return;
  }
  if (Opens(tokens[value].text)) {
    place.value.assign(1, '{');
    int depth = 0;
    size_t i = value;
    for (; i < tokens.size(); ++i) {
      if (Opens(tokens[i].text)) ++depth;
      if (Closes(tokens[i].text) && --depth == 0) break;
    }
    place.end = i < tokens.size() ? tokens[i].begin + 1 : text.size();
    return;
  }
  // To the end of the line, but never over a bracket: the block around it must stay whole.
  place.end = tokens[name].begin + tokens[name].text.size();
  for (size_t i = name + 1; i < tokens.size() && tokens[i].line == tokens[name].line; ++i) {
    if (Opens(tokens[i].text) || Closes(tokens[i].text)) break;
    if (i >= value) place.value += tokens[i].text;
    place.end = tokens[i].begin + tokens[i].text.size();
    // A second field on this line begins where a name is followed by a colon or a block.
    const bool next_is_field =
        i + 2 < tokens.size() && Names(tokens[i + 1].text) && (tokens[i + 2].text == ":" || Opens(tokens[i + 2].text));
    if (i >= value && next_is_field) break;
  }
}

}  // namespace

std::optional<TextPlace> FindPlace(const std::string& text, int line, int column, const Descriptor& root) {
  const std::vector<Token> tokens = Lexer(text).Run();
  std::vector<Level> levels{{&root, "", {}}};
  std::optional<TextPlace> place;
  size_t place_token = 0;
  bool in_value = false;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    if (std::pair(token.line, token.column) >= std::pair(line, column)) break;
    if (Opens(token.text)) {
      if (!place.has_value()) return std::nullopt;
      levels.push_back({place->field != nullptr ? place->field->message_type() : nullptr, place->path, {}});
      in_value = false;
    } else if (Closes(token.text)) {
      if (levels.size() > 1) levels.pop_back();
      in_value = false;
    } else if (token.text == ":") {
      in_value = true;
    } else if (in_value) {
      in_value = false;
    } else if (Names(token.text)) {
      Level& level = levels.back();
      place.emplace();
      place->name = token.text;
      place->parent = level.type;
      place->field = level.type != nullptr ? level.type->FindFieldByName(token.text) : nullptr;
      place->path = level.path.empty() ? token.text : absl::StrCat(level.path, ".", token.text);
      if (place->field != nullptr && place->field->is_repeated()) {
        absl::StrAppend(&place->path, "[", level.seen[token.text]++, "]");
      }
      place->line = token.line + 1;
      place->column = token.column + 1;
      place->begin = token.begin;
      place_token = i;
    }
  }
  if (place.has_value()) MeasureValue(text, tokens, place_token, *place);
  return place;
}

std::optional<OpenBlock> FindOpenBlock(const std::string& text, int line, int column) {
  const std::vector<Token> tokens = Lexer(text).Run();
  std::vector<OpenBlock> open;
  OpenBlock newest;
  for (const Token& token : tokens) {
    if (std::pair(token.line, token.column) >= std::pair(line, column)) return std::nullopt;
    if (Names(token.text)) newest = {token.text, token.line + 1};
    if (Opens(token.text)) open.push_back(newest);
    if (Closes(token.text) && !open.empty()) open.pop_back();
  }
  return open.empty() ? std::nullopt : std::optional(open.back());
}

}  // namespace abcds
