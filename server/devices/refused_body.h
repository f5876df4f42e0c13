// Why a text on `decode`'s standard input is no value, and where.
#ifndef ABCDS_SERVER_DEVICES_REFUSED_BODY_H_
#define ABCDS_SERVER_DEVICES_REFUSED_BODY_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "hal/text/excerpt.h"
#include "hal/text/json_document.h"
#include "hal/text/refusal.h"

namespace abcds {

// `what` is the text, as a sentence calls it: "the body"; `why` stands behind "was refused: ".
inline absl::Status RefusedBody(const char* what, Refusal refusal, const std::string& why, std::string_view body) {
  const size_t first = body.find_first_not_of(" \t\r\n");
  const bool document = first != std::string_view::npos && (body[first] == '{' || body[first] == '[');
  std::string where;
  if (refusal == Refusal::kMalformed && document) {
    where = absl::StrCat(", from byte ", JsonEndsAt(body), " on");
  } else if (first != std::string_view::npos && !document) {
    where = absl::StrCat("; it begins \"", Excerpt(body), "\"");
  }
  return absl::InvalidArgumentError(absl::StrCat(what, " was refused: ", why, where));
}

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_REFUSED_BODY_H_
