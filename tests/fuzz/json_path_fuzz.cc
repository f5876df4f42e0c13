// A path of our small language in the first line, a document behind it.
#include <cmath>
#include <string>

#include "absl/status/statusor.h"
#include "hal/text/json_document.h"
#include "hal/text/json_path.h"
#include "hal/units/check.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace abcds;
  FuzzInput input(data, size);
  const std::string path_text = input.Line();
  const std::string text = input.RestText();

  nlohmann::json document;
  const Refusal refusal = ParseJsonDocument(text, document);
  if (refusal == Refusal::kNone) {
    ABCDS_CHECK(text.size() <= kLargestJsonDocument && IsUtf8(text));
    // What was understood can be said and understood again.
    nlohmann::json again;
    ABCDS_CHECK(ParseJsonDocument(document.dump(), again) == Refusal::kNone && again == document);
  }

  const absl::StatusOr<JsonPath> path = JsonPath::Parse(path_text);
  if (!path.ok()) {
    ABCDS_CHECK(absl::IsInvalidArgument(path.status()) && !path.status().message().empty());
    return 0;
  }
  const NumberResult number = path->Evaluate(text, UnitText::kRefuse);
  if (number.refusal == Refusal::kNone) {
    ABCDS_CHECK(refusal == Refusal::kNone && std::isfinite(number.value) && number.unit == PowerUnit::kNone);
  } else if (refusal != Refusal::kNone) {
    // A publisher that has no value may say so in plain text.
    ABCDS_CHECK(number.refusal == refusal || number.refusal == Refusal::kNoValue);
  }
  const NumberResult with_unit = path->Evaluate(text, UnitText::kAccept);
  ABCDS_CHECK(with_unit.refusal != Refusal::kNone || std::isfinite(with_unit.value));
  return 0;
}
