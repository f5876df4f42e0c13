#include "hal/drivers/meanwell/frame_text.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <iterator>
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

constexpr char kFd[] = "it is a frame of CAN FD, which these devices do not speak";

// Three digits are a standard identifier, eight an extended one, as all these programs write them, or such that end in
// an x; other lengths by their number, as people write them.
bool SetId(std::string digits, CanFrame& frame) {
  const bool marked = digits.size() > 1 && (digits.back() == 'x' || digits.back() == 'X');
  if (marked) digits.pop_back();
  if (digits.size() > 2 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X')) digits.erase(0, 2);
  const std::optional<uint32_t> id = Hex(digits);
  if (!id.has_value()) return false;
  frame.id = *id;
  frame.extended = marked || digits.size() == kExtendedDigits || *id > CanFrame::kMaxStandardId;
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
  if (!data.empty() && data[0] == '#') return Bad(line, kFd);
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
  if (bracket.size() == 4 && bracket[3] == ']') return Bad(line, kFd);
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

// What stands between an identifier and its size, or between that and the bytes.
bool IsFlag(const std::string& word) {
  static constexpr const char* kFlags[] = {"X",
                                           "S",
                                           "E",
                                           "R",
                                           "F",
                                           "BS",
                                           "EI",
                                           "Rx",
                                           "Tx",
                                           "RX",
                                           "TX",
                                           "d",
                                           "r",
                                           "-",
                                           "DL:",
                                           "DLC:",
                                           "is_extended_id",
                                           "True",
                                           "False",
                                           "is_rx",
                                           "DT",
                                           "dlc",
                                           "data",
                                           "Data:",
                                           "channel"};
  return word[0] == '\'' || std::ranges::find(kFlags, word) != std::end(kFlags);
}

bool IsLabelOfSize(const std::string& word) { return word == "DL:" || word == "DLC:" || word == "dlc"; }

std::optional<size_t> SizeOf(const std::string& word) {
  if (word.size() != 1 || word[0] < '0' || word[0] > '8') return std::nullopt;
  return static_cast<size_t>(word[0] - '0');
}

// "7F", "0x7F", "0x7".
bool AddByte(std::string word, CanFrame& frame) {
  const bool prefixed = word.size() > 2 && word[0] == '0' && (word[1] == 'x' || word[1] == 'X');
  if (prefixed) word.erase(0, 2);
  if (prefixed && word.size() == 1) word.insert(0, 1, '0');
  return word.size() == 2 && AddBytes(word, frame);
}

// Identifier, flags, size, bytes: `size` is the index of the size.
absl::StatusOr<std::optional<CanFrame>> ParseSpaced(const std::string& line, const std::vector<std::string>& words,
                                                    size_t size) {
  size_t flags = size;
  while (flags > 0 && IsFlag(words[flags - 1])) --flags;
  CanFrame frame;
  if (flags == 0 || !SetId(words[flags - 1], frame)) return Bad(line, "no hexadecimal identifier before the size");
  const auto flagged = [&](std::string_view flag) {
    return std::find(words.begin() + static_cast<ptrdiff_t>(flags), words.begin() + static_cast<ptrdiff_t>(size),
                     flag) != words.begin() + static_cast<ptrdiff_t>(size);
  };
  if (flagged("E") || IsErrorFrame(frame)) return std::nullopt;
  if (flagged("F")) return Bad(line, kFd);
  if (flagged("S") && frame.id > CanFrame::kMaxStandardId) return Bad(line, "its identifier is no standard one");
  if (flagged("S")) frame.extended = false;
  if (flagged("X")) frame.extended = true;
  const std::optional<size_t> wanted = size < words.size() ? SizeOf(words[size]) : std::nullopt;
  if (!wanted.has_value()) return Bad(line, "its size is none of 0 to 8");
  size_t next = size + 1;
  frame.remote = flagged("R") || flagged("r") || (next < words.size() && words[next] == "RTR");
  if (frame.remote) return frame;
  while (next < words.size() && IsFlag(words[next]) && words[next][0] != '\'') ++next;
  for (; frame.size < *wanted; ++next) {
    if (next >= words.size() || !AddByte(words[next], frame)) {
      return Bad(line, absl::StrCat("it says ", *wanted, " bytes and has ", static_cast<int>(frame.size)));
    }
  }
  CanFrame more;
  if (next < words.size() && AddByte(words[next], more)) return Bad(line, "it has more bytes than it says");
  return frame;
}

// Where the size stands in such a line: behind its label, or where identifier and bytes fit around it.
std::optional<size_t> FindSize(const std::string& line, const std::vector<std::string>& words) {
  const auto label = std::ranges::find_if(words, IsLabelOfSize);
  if (label != words.end()) return static_cast<size_t>(label - words.begin()) + 1;
  for (size_t i = 1; i < words.size(); ++i) {
    if (SizeOf(words[i]).has_value() && ParseSpaced(line, words, i).ok()) return i;
  }
  return std::nullopt;
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

// Without bells and colours, and python-can's constructor in words.
std::string Plain(const std::string& line) {
  std::string text;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\a') continue;
    if (line[i] != '\x1b') {
      text += line[i];
      continue;
    }
    const size_t end = line.find('m', i);
    if (end == std::string::npos) break;
    i = end;
  }
  if (text.find("can.Message(") == std::string::npos) return text;
  for (char& c : text) {
    if (std::string_view("(),[]=").find(c) != std::string_view::npos) c = ' ';
  }
  return text;
}

// Lines of such logs without a frame.
bool IsRemark(const std::string& text, const std::vector<std::string>& words) {
  for (const std::string_view mark : {"//", "#", ";"}) {
    if (words[0].starts_with(mark)) return true;
  }
  // What candump -e says of an error frame, below it: "<tab>error-counter-tx-rx{{128}{0}}".
  if (text[0] == '\t' && words[0].find('-') != std::string::npos && words[0].find('#') == std::string::npos)
    return true;
  for (const std::string_view begin :
       {"DROPCOUNT: ", "date ", "base ", "internal events ", "no internal events ", "Begin ", "End "}) {
    if (text.starts_with(begin)) return true;
  }
  return text.ends_with("Start of measurement");
}

}  // namespace

absl::StatusOr<std::optional<CanFrame>> ParseFrameText(const std::string& line) {
  const std::string text = Plain(line);
  std::vector<std::string> words = WordsOf(text);
  if (words.empty() || IsRemark(text, words)) return std::nullopt;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i][0] == '\'') break;
    if (IsSize(words[i])) return ParseColumns(line, words, i);
    if (words[i].find('#') == std::string::npos) continue;
    const bool direction = i + 2 == words.size() && (words[i + 1] == "R" || words[i + 1] == "T");
    if (i + 1 != words.size() && !direction) return Bad(line, "something follows the data");
    return ParseHash(line, words[i]);
  }
  if (const std::optional<size_t> size = FindSize(line, words)) return ParseSpaced(line, words, *size);
  const std::string& last = words.back();
  if (words.size() == 1 ? last.size() > 1 && std::string("tTrR").find(last[0]) != std::string::npos
                        : LooksLikeSlcan(last)) {
    if (std::any_of(words.begin(), words.end() - 1, LooksLikeSlcan)) return Bad(line, "there are two on one line");
    return ParseSlcan(line, last);
  }
  if (IsSlcanChatter(last) && std::all_of(words.begin(), words.end() - 1, IsNote)) return std::nullopt;
  return Bad(line, "it has the form neither of 000C0002#60007714 nor of candump, SLCAN, python-can, ASC or TRC");
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
                   [](const std::string& word) { return word == "cansend" || (!word.empty() && IsSize(word)); })) {
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
