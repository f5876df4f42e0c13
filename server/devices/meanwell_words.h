// The command line of `abcdsctl meanwell` in words and options, and what they ask for.
#ifndef ABCDS_SERVER_DEVICES_MEANWELL_WORDS_H_
#define ABCDS_SERVER_DEVICES_MEANWELL_WORDS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "hal/drivers/meanwell/command.h"
#include "server/devices/meanwell_target.h"

namespace abcds {

struct MeanwellCall {
  std::vector<std::string> words;  // the verb first
  MeanwellChoice choice;
  std::string state_dir = "/var/lib/abcds";
  bool json = false;
  bool yes = false;
};

// What is to be done.
struct MeanwellJob {
  const meanwell::CommandInfo* info = nullptr;  // of verbs that concern one command
  std::optional<uint16_t> write;                // its raw value
  std::optional<bool> charger_mode;             // one bit of CURVE_CONFIG
};

[[nodiscard]] std::string MeanwellUsage();
// InvalidArgument, one sentence, where the options are wrong.
[[nodiscard]] absl::StatusOr<MeanwellCall> ParseMeanwellCall(const std::vector<std::string>& arguments);
// Of a call with one word at least; the word behind the verb's own ones becomes choice.device. InvalidArgument likewise.
[[nodiscard]] absl::StatusOr<MeanwellJob> MeanwellJobOf(MeanwellCall& call);

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_MEANWELL_WORDS_H_
