// What people type, turned into values: strictly, and with errors that say what would be right.
#ifndef ABCDS_CLIENTS_ARGUMENTS_H_
#define ABCDS_CLIENTS_ARGUMENTS_H_

#include <chrono>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace abcds {

// Watts from "500", "500W", "-300 W", "1.2kW". INVALID_ARGUMENT for all else, also for nan and inf.
[[nodiscard]] absl::StatusOr<double> ParsePowerW(const std::string& text);

// A length of time above zero, from "250ms", "90s", "10m", "2h", "1h30m", "7d"; a bare number counts seconds.
[[nodiscard]] absl::StatusOr<std::chrono::milliseconds> ParseDuration(const std::string& text);

// A share from percent: "80" and "80%" give 0.8. Values below 1 are refused, as they are most likely shares already.
[[nodiscard]] absl::StatusOr<double> ParsePercent(const std::string& text);

// A count from 1 to a million.
[[nodiscard]] absl::StatusOr<int> ParseCount(const std::string& text);

// The candidate that `word` was probably meant to be; empty where none is close.
[[nodiscard]] std::string Closest(std::string_view word, std::span<const std::string_view> candidates);

// One option of a command line, such as `--lease 15m`. Names are written with -; _ is accepted in its place.
struct Option {
  std::string_view name;
  std::string_view value;  // what stands for its value in help texts; empty: it takes none
  std::string_view summary;
};

struct CommandLine {
  std::vector<std::string> words;              // in order, without options
  std::map<std::string, std::string> options;  // by name with -; "" where the option takes no value

  [[nodiscard]] bool Has(const std::string& name) const { return options.contains(name); }
  // The value of an option, or `fallback`.
  [[nodiscard]] std::string Get(const std::string& name, const std::string& fallback) const;
};

// Separates words from options. `--name value` and `--name=value` are the same; `--` ends the options; -5 is a word.
// INVALID_ARGUMENT for unknown, repeated and incomplete options.
[[nodiscard]] absl::StatusOr<CommandLine> ParseCommandLine(std::span<const std::string> arguments,
                                                           std::span<const Option> options);

// Where the first word of `arguments` stands, considering that `options` may come before it; the size if there is none.
[[nodiscard]] size_t FirstWord(std::span<const std::string> arguments, std::span<const Option> options);

}  // namespace abcds

#endif  // ABCDS_CLIENTS_ARGUMENTS_H_
