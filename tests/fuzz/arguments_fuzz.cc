// What people type behind `abcdsctl`: one argument a line.
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "clients/arguments.h"
#include "hal/units/check.h"
#include "tests/fuzz/input.h"

namespace abcds {
namespace {

constexpr std::array<Option, 3> kOptions = {
    {{"lease", "TIME", "for so long"}, {"json", "", "machines read it"}, {"until-soc", "PERCENT", "to a charge"}}};

void CheckValues(const std::string& text) {
  if (const absl::StatusOr<double> power = ParsePowerW(text); power.ok()) ABCDS_CHECK(std::isfinite(*power));
  if (const auto duration = ParseDuration(text); duration.ok()) {
    ABCDS_CHECK(duration->count() > 0 && *duration <= std::chrono::hours(366 * 24));
  }
  if (const absl::StatusOr<double> share = ParsePercent(text); share.ok())
    ABCDS_CHECK(*share >= 0.01 && *share <= 0.99);
  if (const absl::StatusOr<int> count = ParseCount(text); count.ok()) {
    ABCDS_CHECK(*count >= 1 && *count <= 1'000'000 && std::stoi(text) == *count);
  }
}

void CheckLine(const std::vector<std::string>& arguments) {
  ABCDS_CHECK(FirstWord(arguments, kOptions) <= arguments.size());
  const absl::StatusOr<CommandLine> line = ParseCommandLine(arguments, kOptions);
  if (!line.ok()) {
    ABCDS_CHECK(absl::IsInvalidArgument(line.status()) && !line.status().message().empty());
    return;
  }
  // Said again, plainly, it means the same.
  std::vector<std::string> again;
  for (const auto& [name, value] : line->options) again.push_back("--" + name + (value.empty() ? "" : "=" + value));
  again.emplace_back("--");
  again.insert(again.end(), line->words.begin(), line->words.end());
  const absl::StatusOr<CommandLine> same = ParseCommandLine(again, kOptions);
  ABCDS_CHECK(same.ok() && same->words == line->words && same->options == line->options);
}

}  // namespace
}  // namespace abcds

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  abcds::FuzzInput input(data, size);
  std::vector<std::string> arguments;
  while (!input.empty() && arguments.size() < 12) arguments.push_back(input.Line());
  for (const std::string& argument : arguments) abcds::CheckValues(argument);
  abcds::CheckLine(arguments);
  if (!arguments.empty()) {
    const std::array<std::string_view, 4> verbs = {"status", "watch", "mode", "target"};
    const std::string closest = abcds::Closest(arguments[0], verbs);
    ABCDS_CHECK(closest.empty() || closest == "status" || closest == "watch" || closest == "mode" ||
                closest == "target");
  }
  return 0;
}
