#include "hal/drivers/meanwell/frame_text.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace abcds::meanwell {
namespace {

constexpr size_t kStandardDigits = 3;
constexpr size_t kExtendedDigits = 8;
constexpr size_t kTimeStampDigits = 4;
constexpr size_t kLongestQuoted = 60;

std::optional<uint32_t> Hex(const std::string& digits) {
  if (digits.empty() || digits.size() > 8) return std::nullopt;
  uint32_t value = 0;
  for (const char c : digits) {
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return std::nullopt;
    const int lower = std::tolower(static_cast<unsigned char>(c));
    value = value * 16 + static_cast<uint32_t>(lower <= '9' ? lower - '0' : lower - 'a' + 10);
  }
  return value;
}

std::string Quoted(const std::string& line) {
  std::string text;
  for (const char c : line.substr(0, kLongestQuoted)) text += c >= 0x20 && c < 0x7F ? c : '?';
  return absl::StrCat("\"", text, line.size() > kLongestQuoted ? "…" : "", "\"");
}

absl::Status Bad(const std::string& line, const std::string& why) {
  return absl::InvalidArgumentError(absl::StrCat(Quoted(line), " is no CAN frame: ", why));
}

// Three digits are a standard identifier, eight an extended one, as all these programs write them; other lengths by
// their number, as people write them.
bool SetId(std::string digits, CanFrame& frame) {
  if (digits.size() > 2 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X')) digits.erase(0, 2);
  const std::optional<uint32_t> id = Hex(digits);
  if (!id.has_value()) return false;
  frame.id = *id;
  frame.extended = digits.size() == kExtendedDigits || *id > CanFrame::kMaxStandardId;
  return true;
}

// candump shows error frames as identifiers beyond 29 bits: they say nothing of a device.
bool IsErrorFrame(const CanFrame& frame) { return frame.id > CanFrame::kMaxExtendedId; }

bool AddBytes(const std::string& digits, CanFrame& frame) {
  if (digits.size() % 2 != 0) return false;
  for (size_t i = 0; i < digits.size(); i += 2) {
    const std::optional<uint32_t> byte = Hex(digits.substr(i, 2));
    if (!byte.has_value() || frame.size == CanFrame::kMaxBytes) return false;
    frame.data[frame.size++] = static_cast<uint8_t>(*byte);
  }
  return true;
}

std::vector<std::string> WordsOf(const std::string& line) {
  std::vector<std::string> words;
  for (size_t i = 0; i < line.size();) {
    if (std::isspace(static_cast<unsigned char>(line[i])) != 0) {
      ++i;
      continue;
    }
    size_t end = i;
    while (end < line.size() && std::isspace(static_cast<unsigned char>(line[end])) == 0) ++end;
    words.push_back(line.substr(i, end - i));
    i = end;
  }
  return words;
}

// "ID#DATA", data with or without dots.
absl::StatusOr<std::optional<CanFrame>> ParseHash(const std::string& line, const std::string& word) {
  const size_t hash = word.find('#');
  CanFrame frame;
  if (!SetId(word.substr(0, hash), frame)) return Bad(line, "no hexadecimal identifier before the #");
  if (IsErrorFrame(frame)) return std::nullopt;
  std::string data = word.substr(hash + 1);
  if (!data.empty() && (data[0] == 'R' || data[0] == 'r')) {
    frame.remote = true;
    return frame;
  }
  std::erase(data, '.');
  if (!AddBytes(data, frame)) return Bad(line, "the data are no 0 to 8 bytes in pairs of hexadecimal digits");
  return frame;
}

// "[4]", also where it is wrong; a longer one may be a time.
bool IsSize(const std::string& word) { return word.size() <= 4 && word.front() == '['; }

// "ID [SIZE] BYTES": `size` is the index of the word with the brackets.
absl::StatusOr<std::optional<CanFrame>> ParseColumns(const std::string& line, const std::vector<std::string>& words,
                                                     size_t size) {
  CanFrame frame;
  if (size == 0 || !SetId(words[size - 1], frame)) return Bad(line, "no hexadecimal identifier before the size");
  if (IsErrorFrame(frame)) return std::nullopt;
  const std::string& bracket = words[size];
  if (bracket.size() != 3 || bracket[1] < '0' || bracket[1] > '8' || bracket[2] != ']') {
    return Bad(line, "the size is none of [0] to [8]");
  }
  const size_t wanted = static_cast<size_t>(bracket[1] - '0');
  size_t next = size + 1;
  if (next < words.size() && words[next] == "remote") {
    frame.remote = true;
    return frame;
  }
  for (; frame.size < wanted; ++next) {
    if (next == words.size() || words[next].size() != 2 || !AddBytes(words[next], frame)) {
      return Bad(line, absl::StrCat("it says ", wanted, " bytes and has ", static_cast<int>(frame.size)));
    }
  }
  // What follows may be candump's view of the bytes as text.
  if (next < words.size() && words[next][0] != '\'') return Bad(line, "it has more bytes than it says");
  return frame;
}

// "Timestamp: 1690000000.12  ID: 000c0002  X Rx  DL: 4  60 00 77 14  Channel: can0": `id` is the index of "ID:", `size`
// of "DL:".
absl::StatusOr<std::optional<CanFrame>> ParsePythonCan(const std::string& line, const std::vector<std::string>& words,
                                                       size_t id, size_t size) {
  CanFrame frame;
  if (id + 1 >= size || !SetId(words[id + 1], frame)) return Bad(line, "no hexadecimal identifier behind ID:");
  const auto flagged = [&](std::string_view flag) {
    return std::find(words.begin() + static_cast<ptrdiff_t>(id) + 2, words.begin() + static_cast<ptrdiff_t>(size),
                     flag) != words.begin() + static_cast<ptrdiff_t>(size);
  };
  if (flagged("E") || IsErrorFrame(frame)) return std::nullopt;
  if (flagged("S") && frame.id > CanFrame::kMaxStandardId) return Bad(line, "its identifier is no standard one");
  frame.extended = !flagged("S");
  frame.remote = flagged("R");
  if (frame.remote) return frame;
  const std::string count = size + 1 < words.size() ? words[size + 1] : "";
  if (count.size() != 1 || count[0] < '0' || count[0] > '8') return Bad(line, "its size is none of 0 to 8");
  const size_t wanted = static_cast<size_t>(count[0] - '0');
  for (size_t next = size + 2; frame.size < wanted; ++next) {
    if (next >= words.size() || words[next].size() != 2 || !AddBytes(words[next], frame)) {
      return Bad(line, absl::StrCat("it says ", wanted, " bytes and has ", static_cast<int>(frame.size)));
    }
  }
  return frame;
}

// What a frame begins with, be it cut off: type, identifier.
bool LooksLikeSlcan(const std::string& word) {
  return word.size() > kStandardDigits + 1 && std::string("tTrR").find(word[0]) != std::string::npos &&
         Hex(word.substr(1, kStandardDigits)).has_value();
}

absl::StatusOr<std::optional<CanFrame>> ParseSlcan(const std::string& line, const std::string& word) {
  const bool extended = word[0] == 'T' || word[0] == 'R';
  const size_t digits = extended ? kExtendedDigits : kStandardDigits;
  CanFrame frame;
  frame.extended = extended;
  frame.remote = word[0] == 'r' || word[0] == 'R';
  if (word.size() < 2 + digits) return Bad(line, "the SLCAN line is cut off");
  const std::optional<uint32_t> id = Hex(word.substr(1, digits));
  const char size = word[1 + digits];
  const uint32_t highest = extended ? CanFrame::kMaxExtendedId : CanFrame::kMaxStandardId;
  if (!id.has_value() || *id > highest) return Bad(line, "its identifier is none");
  if (size < '0' || size > '8') return Bad(line, "its size is none of 0 to 8");
  frame.id = *id;
  const size_t data = frame.remote ? 0 : 2 * static_cast<size_t>(size - '0');
  const std::string rest = word.substr(2 + digits);
  if (rest.size() != data && rest.size() != data + kTimeStampDigits) {
    return Bad(line, absl::StrCat("it says ", static_cast<int>(size - '0'), " bytes and has ", rest.size(), " digits"));
  }
  if (!AddBytes(rest.substr(0, data), frame)) return Bad(line, "its data are not hexadecimal");
  if (rest.size() > data && !Hex(rest.substr(data)).has_value()) return Bad(line, "its time stamp is not hexadecimal");
  return frame;
}

// What else stands in the log of a SLCAN line: acknowledgements, commands, versions.
bool IsSlcanChatter(const std::string& word) {
  if (word == "z" || word == "Z" || word == "O" || word == "C" || word == "L" || word == "l") return true;
  const bool digits = word.size() >= 2 && word.size() <= 9 && Hex(word.substr(1)).has_value();
  return digits && std::string("SZVvNFmM").find(word[0]) != std::string::npos;
}

// What stands in front of such a line: a time, a direction ("12:00:01.2", "(1700.1)", ">", "RX").
bool IsNote(const std::string& word) {
  return std::isalpha(static_cast<unsigned char>(word[0])) == 0 || word == "RX" || word == "TX" || word == "rx" ||
         word == "tx" || word == "Rx" || word == "Tx";
}

}  // namespace

absl::StatusOr<std::optional<CanFrame>> ParseFrameText(const std::string& line) {
  std::string text = line;
  std::erase(text, '\a');
  std::vector<std::string> words = WordsOf(text);
  if (words.empty() || words[0].rfind("//", 0) == 0 || words[0].rfind("#", 0) == 0) return std::nullopt;
  const auto id = std::find(words.begin(), words.end(), "ID:");
  const auto length = std::find(id, words.end(), "DL:");
  if (length != words.end()) {
    return ParsePythonCan(line, words, static_cast<size_t>(id - words.begin()),
                          static_cast<size_t>(length - words.begin()));
  }
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i][0] == '\'') break;
    if (IsSize(words[i])) return ParseColumns(line, words, i);
    if (words[i].find('#') == std::string::npos) continue;
    const bool direction = i + 2 == words.size() && (words[i + 1] == "R" || words[i + 1] == "T");
    if (i + 1 != words.size() && !direction) return Bad(line, "something follows the data");
    return ParseHash(line, words[i]);
  }
  const std::string& last = words.back();
  if (words.size() == 1 ? last.size() > 1 && std::string("tTrR").find(last[0]) != std::string::npos
                        : LooksLikeSlcan(last)) {
    if (std::any_of(words.begin(), words.end() - 1, LooksLikeSlcan)) return Bad(line, "there are two on one line");
    return ParseSlcan(line, last);
  }
  if (IsSlcanChatter(last) && std::all_of(words.begin(), words.end() - 1, IsNote)) return std::nullopt;
  return Bad(line, "it has the form neither of 000C0002#60007714 nor of candump, SLCAN or python-can");
}

std::vector<std::string> LinesOfText(const std::string& text) {
  std::vector<std::string> lines(1);
  for (const char c : text) {
    if (c == '\n' || c == '\r') {
      lines.emplace_back();
    } else {
      lines.back() += c;
    }
  }
  return lines;
}

std::vector<std::string> LinesOfArguments(const std::vector<std::string>& arguments) {
  std::vector<std::string> lines;
  if (std::none_of(arguments.begin(), arguments.end(),
                   [](const std::string& word) { return !word.empty() && IsSize(word); })) {
    for (const std::string& argument : arguments) {
      const std::vector<std::string> more = LinesOfText(argument);
      lines.insert(lines.end(), more.begin(), more.end());
    }
    return lines;
  }
  std::vector<std::string> words;
  for (const std::string& argument : arguments) {
    const std::vector<std::string> more = WordsOf(argument);
    words.insert(words.end(), more.begin(), more.end());
  }
  // A line has its identifier, its size and as many bytes as that says, or the two words "remote request"; what comes
  // next begins another.
  bool complete = true;
  for (size_t i = 0; i < words.size(); ++i) {
    const bool bytes_as_text = words[i][0] == '\'' && !lines.empty();
    if (complete && !bytes_as_text) lines.emplace_back();
    lines.back() += words[i] + " ";
    if (bytes_as_text) continue;
    complete = words[i].find('#') != std::string::npos;
    if (!IsSize(words[i])) continue;
    const bool remote = i + 1 < words.size() && words[i + 1] == "remote";
    const bool counts = words[i].size() == 3 && words[i][1] >= '0' && words[i][1] <= '8';
    const size_t belong = remote ? 2 : counts ? static_cast<size_t>(words[i][1] - '0') : words.size();
    const size_t end = std::min(words.size(), i + 1 + belong);
    while (i + 1 < end) lines.back() += words[++i] + " ";
    complete = true;
  }
  return lines;
}

std::string FrameText(const CanFrame& frame) {
  std::string text = frame.extended ? absl::StrFormat("%08X#", frame.id) : absl::StrFormat("%03X#", frame.id);
  if (frame.remote) return text + "R";
  for (const uint8_t byte : frame.payload()) absl::StrAppendFormat(&text, "%02X", byte);
  return text;
}

}  // namespace abcds::meanwell
