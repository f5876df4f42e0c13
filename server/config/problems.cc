#include "server/config/problems.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace abcds {

void Problems::Add(int line, int column, std::string sentence) {
  const bool known = std::any_of(problems_.begin(), problems_.end(), [&](const Problem& problem) {
    return problem.line == line && problem.sentence == sentence;
  });
  if (!known) problems_.push_back({line, column, std::move(sentence)});
}

std::vector<std::string> Problems::Lines() const {
  std::vector<Problem> sorted = problems_;
  // What has no line (a missing top-level message) comes last: it is read after what the reader can point at.
  const auto place = [](const Problem& problem) { return problem.line == 0 ? 1 << 30 : problem.line; };
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const Problem& a, const Problem& b) { return place(a) < place(b); });
  std::vector<std::string> lines;
  lines.reserve(sorted.size());
  for (const Problem& problem : sorted) {
    std::string position = file_;
    if (problem.line > 0) absl::StrAppend(&position, ":", problem.line);
    if (problem.line > 0 && problem.column > 0) absl::StrAppend(&position, ":", problem.column);
    lines.push_back(absl::StrCat(position, ": ", problem.sentence));
  }
  return lines;
}

absl::Status Problems::ToStatus() const {
  if (problems_.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(Lines(), "\n"));
}

}  // namespace abcds
