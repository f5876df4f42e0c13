// Configurations: texts of all kinds, and texts around a password.
#include <string>

#include "google/protobuf/text_format.h"
#include "hal/units/check.h"
#include "server/config/text.h"
#include "tests/fuzz/input.h"

namespace abcds {
namespace {

// Only what comes after it is drawn.
constexpr char kSecret[] = "S3cr3tPassw0rd";

Problems Read(const std::string& text, ConfigText& result) {
  Problems problems("fuzz.textproto");
  ReadConfigText(text, result, problems);
  return problems;
}

void CheckText(const std::string& text) {
  ConfigText read;
  const Problems problems = Read(text, read);
  if (!problems.empty()) {
    ABCDS_CHECK(!problems.ToStatus().ok() && !problems.Lines().empty());
    return;
  }
  // Nothing was wrong with it: then it was understood completely, and can be said and understood again.
  ABCDS_CHECK(read.complete && read.unreadable.empty());
  std::string printed;
  ABCDS_CHECK(google::protobuf::TextFormat::PrintToString(read.config, &printed));
  ConfigText again;
  ABCDS_CHECK(Read(printed, again).empty());
  std::string printed_again;
  ABCDS_CHECK(google::protobuf::TextFormat::PrintToString(again.config, &printed_again));
  ABCDS_CHECK(printed_again == printed);
}

void CheckSecret(const std::string& rest) {
  // It reads our constants, and would say the password itself.
  if (rest.find(kSecret) != std::string::npos) return;
  const std::string text = std::string("meter {\n  mqtt {\n    broker {\n      password: ") + kSecret + rest;
  ConfigText read;
  for (const std::string& line : Read(text, read).Lines()) ABCDS_CHECK(line.find(kSecret) == std::string::npos);
}

}  // namespace
}  // namespace abcds

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Protobuf's own messages to standard error would drown the fuzzer's.
  static const google::protobuf::LogSilencer silence;
  const std::string text(data, data + size);
  abcds::CheckText(text);
  abcds::CheckSecret(text);
  return 0;
}
