#include "clients/arguments.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "absl/strings/str_cat.h"

namespace abcds {
namespace {

// Cuts a plain decimal number off the front of `text`: no exponent, no hexadecimal, no nan, no leading blanks.
std::optional<double> TakeNumber(std::string_view& text) {
  size_t length = !text.empty() && (text.front() == '-' || text.front() == '+') ? 1 : 0;
  const bool plus = length == 1 && text.front() == '+';
  while (length < text.size() && (std::isdigit(static_cast<unsigned char>(text[length])) || text[length] == '.'))
    ++length;
  double value = 0.0;
  const char* const first = text.data() + (plus ? 1 : 0);
  const char* const last = text.data() + length;
  const auto [end, error] = std::from_chars(first, last, value, std::chars_format::fixed);
  if (error != std::errc() || end != last || first == last) return std::nullopt;
  text.remove_prefix(length);
  return value;
}

void TakeBlanks(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
}

// Milliseconds in one of the unit at the front of `text`, which is cut off; 0 if there is none.
double TakeTimeUnit(std::string_view& text) {
  struct Unit {
    std::string_view name;
    double milliseconds;
  };
  // "ms" and "min" before "m", which would match them.
  static constexpr Unit kUnits[] = {{"ms", 1.0}, {"min", 60e3}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3}};
  for (const Unit& unit : kUnits) {
    if (text.substr(0, unit.name.size()) == unit.name) {
      text.remove_prefix(unit.name.size());
      return unit.milliseconds;
    }
  }
  return 0.0;
}

std::string WithHyphens(std::string_view name) {
  std::string result(name);
  std::replace(result.begin(), result.end(), '_', '-');
  return result;
}

bool IsOption(const std::string& argument) { return argument.size() > 2 && argument.substr(0, 2) == "--"; }

// A dash that starts neither an option nor a negative number: single-letter options do not exist here.
bool IsStrayDash(const std::string& argument) {
  return argument.size() > 1 && argument[0] == '-' && argument[1] != '-' && argument[1] != '.' &&
         !std::isdigit(static_cast<unsigned char>(argument[1]));
}

const Option* Find(std::span<const Option> options, const std::string& name) {
  const auto found = std::find_if(options.begin(), options.end(), [&](const Option& o) { return o.name == name; });
  return found == options.end() ? nullptr : &*found;
}

// The name in "--name" or "--name=value".
std::string NameOf(const std::string& argument) {
  return WithHyphens(std::string_view(argument).substr(2, argument.find('=') - 2));
}

absl::Status Unknown(const std::string& name, std::span<const Option> options) {
  std::vector<std::string_view> names;
  for (const Option& option : options) names.push_back(option.name);
  const std::string closest = Closest(name, names);
  return absl::InvalidArgumentError(absl::StrCat(
      "there is no option --", name, closest.empty() ? "" : absl::StrCat("; did you mean --", closest, "?")));
}

}  // namespace

absl::StatusOr<double> ParsePowerW(const std::string& text) {
  std::string_view rest = text;
  const std::optional<double> value = TakeNumber(rest);
  TakeBlanks(rest);
  double scale = 1.0;
  if (rest == "kW" || rest == "kw") {
    scale = 1000.0;
  } else if (rest != "W" && rest != "w" && !rest.empty()) {
    scale = 0.0;
  }
  if (!value || scale == 0.0) {
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is not a power; write 500, 500W or 0.5kW"));
  }
  return *value * scale;
}

absl::StatusOr<std::chrono::milliseconds> ParseDuration(const std::string& text) {
  const absl::Status refused = absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is not a length of time; write 90s, 10m, 2h, 1h30m or 7d"));
  std::string_view rest = text;
  double milliseconds = 0.0;
  for (bool first = true; first || !rest.empty(); first = false) {
    const std::optional<double> value = TakeNumber(rest);
    if (!value || *value < 0.0) return refused;
    TakeBlanks(rest);
    const bool bare = first && rest.empty();
    const double unit = bare ? 1e3 : TakeTimeUnit(rest);
    if (unit == 0.0) return refused;
    milliseconds += *value * unit;
    TakeBlanks(rest);
  }
  // A year is far beyond every range of the daemon and far below what overflows.
  if (!(milliseconds >= 1.0 && milliseconds <= 366.0 * 86400e3)) return refused;
  return std::chrono::milliseconds(std::llround(milliseconds));
}

absl::StatusOr<double> ParsePercent(const std::string& text) {
  std::string_view rest = text;
  const std::optional<double> value = TakeNumber(rest);
  TakeBlanks(rest);
  if (!value || (rest != "%" && !rest.empty())) {
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is not a percentage; write 80 or 80%"));
  }
  if (*value < 1.0 || *value > 99.0) {
    const bool share = *value > 0.0 && *value < 1.0;
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" is not between 1 % and 99 %",
                     share ? absl::StrCat("; did you mean ", std::llround(*value * 100.0), "%?") : ""));
  }
  return *value / 100.0;
}

absl::StatusOr<int> ParseCount(const std::string& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1 || value > 1'000'000) {
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is not a count from 1 to 1000000"));
  }
  return value;
}

std::string Closest(std::string_view word, std::span<const std::string_view> candidates) {
  // One slip in a short word, more in a longer one.
  size_t best = (word.size() < 4 ? 1 : std::max<size_t>(2, word.size() / 3)) + 1;
  std::string result;
  for (const std::string_view candidate : candidates) {
    // Edit distance, row by row.
    std::vector<size_t> row(candidate.size() + 1);
    for (size_t j = 0; j < row.size(); ++j) row[j] = j;
    for (size_t i = 1; i <= word.size(); ++i) {
      size_t diagonal = row[0];
      row[0] = i;
      for (size_t j = 1; j < row.size(); ++j) {
        const size_t replaced = diagonal + (word[i - 1] == candidate[j - 1] ? 0 : 1);
        diagonal = row[j];
        row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
      }
    }
    if (row.back() < best) {
      best = row.back();
      result = std::string(candidate);
    }
  }
  return result;
}

std::string CommandLine::Get(const std::string& name, const std::string& fallback) const {
  const auto found = options.find(name);
  return found == options.end() ? fallback : found->second;
}

absl::StatusOr<CommandLine> ParseCommandLine(std::span<const std::string> arguments, std::span<const Option> options) {
  CommandLine result;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") {
      result.words.insert(result.words.end(), arguments.begin() + static_cast<ptrdiff_t>(i) + 1, arguments.end());
      break;
    }
    if (IsStrayDash(argument)) {
      return absl::InvalidArgumentError(absl::StrCat("there is no option ", argument, "; options start with --"));
    }
    if (!IsOption(argument)) {
      result.words.push_back(argument);
      continue;
    }
    const std::string name = NameOf(argument);
    const Option* const option = Find(options, name);
    if (option == nullptr) return Unknown(name, options);
    const size_t equals = argument.find('=');
    std::string value;
    if (option->value.empty()) {
      if (equals != std::string::npos) return absl::InvalidArgumentError(absl::StrCat("--", name, " takes no value"));
    } else if (equals != std::string::npos) {
      value = argument.substr(equals + 1);
    } else if (i + 1 < arguments.size()) {
      value = arguments[++i];
    }
    if (!option->value.empty() && value.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", name, " needs a value: --", name, " ", std::string(option->value)));
    }
    if (!result.options.emplace(name, value).second) {
      return absl::InvalidArgumentError(absl::StrCat("--", name, " is given twice"));
    }
  }
  return result;
}

size_t FirstWord(std::span<const std::string> arguments, std::span<const Option> options) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!IsOption(arguments[i])) return i;
    const Option* const option = Find(options, NameOf(arguments[i]));
    if (option != nullptr && !option->value.empty() && arguments[i].find('=') == std::string::npos) ++i;
  }
  return arguments.size();
}

}  // namespace abcds
