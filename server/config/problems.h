// Everything that is wrong with a configuration, collected, so that its author sees all of it at once.
#ifndef ABCDS_SERVER_CONFIG_PROBLEMS_H_
#define ABCDS_SERVER_CONFIG_PROBLEMS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace abcds {

class Problems {
 public:
  // `file` is what the printed lines begin with; it need not exist.
  explicit Problems(std::string file) : file_(std::move(file)) {}

  // `sentence` names the full path of the field and what is allowed; it never contains a secret. Lines and columns
  // count from 1; 0: not known. The same problem found twice is kept once.
  void Add(int line, int column, std::string sentence);

  [[nodiscard]] bool empty() const { return problems_.empty(); }

  // One line for each problem, in the order of the file: "FILE:LINE: converter[1].max_discharge_w = 90000 is outside
  // [0, 20000]".
  [[nodiscard]] std::vector<std::string> Lines() const;

  // OK, or InvalidArgument with all of Lines().
  [[nodiscard]] absl::Status ToStatus() const;

 private:
  struct Problem {
    int line = 0;
    int column = 0;
    std::string sentence;
  };

  std::string file_;
  std::vector<Problem> problems_;
};

}  // namespace abcds

#endif  // ABCDS_SERVER_CONFIG_PROBLEMS_H_
