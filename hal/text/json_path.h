// Where the power stands in a JSON document, in a small path language.
#ifndef ABCDS_HAL_TEXT_JSON_PATH_H_
#define ABCDS_HAL_TEXT_JSON_PATH_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "hal/text/number.h"

namespace abcds {

// A compiled path, immutable.
//
//   sum     := [sign] path { sign path }          at most six terms, sign := "+" | "-", blanks allowed around it
//   path    := segment { ["."] segment }
//   segment := bare | ["key"] | [number] | [*]    bare: any characters but . [ ] " and blanks
//
// `StatusSNS.SML.Power_curr`, `StatusSNS[""].Power_curr`, `em:0.total_act_power`, `data[0].tuples[-1][1]`,
// `emeters[*].power`, `+["1.7.0"] -["2.7.0"]`. A negative index counts from the end; [*] is all elements of a list,
// summed, and so is a list of numbers at the end of a path. A key with dots, blanks, brackets or a leading sign is
// written
// ["key"], with \" and \\ for those characters.
class JsonPath {
 public:
  static constexpr size_t kMaxTerms = 6;

  // InvalidArgument with the place and what was expected there.
  [[nodiscard]] static absl::StatusOr<JsonPath> Parse(std::string_view text);

  // The sum of all terms of a document. Numbers may also stand in strings ("-87.4"); all must have the same unit.
  // Total: no exception leaves, and neither depth nor size of the document can exhaust stack or memory.
  [[nodiscard]] NumberResult Evaluate(std::string_view document, UnitText unit_text) const noexcept;

 private:
  struct Segment {
    enum class Kind : unsigned char { kKey, kIndex, kAll };
    Kind kind = Kind::kKey;
    std::string key;
    int index = 0;
  };
  struct Term {
    bool subtract = false;
    std::vector<Segment> segments;
  };
  class Parser;
  class Evaluation;

  JsonPath() = default;

  std::vector<Term> terms_;
};

}  // namespace abcds

#endif  // ABCDS_HAL_TEXT_JSON_PATH_H_
