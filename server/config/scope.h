// A place in the configuration: its field path, its line in the file, and where to report what is wrong with it.
#ifndef ABCDS_SERVER_CONFIG_SCOPE_H_
#define ABCDS_SERVER_CONFIG_SCOPE_H_

#include <set>
#include <string>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/text_format.h"
#include "server/config/problems.h"

namespace abcds {

// Cheap to copy; must not outlive the Problems and the parse tree it was made with.
class Scope {
 public:
  // The whole file. `tree` may be null (lines are then not known). `unreadable` holds the paths of fields that are in
  // the file with a value that could not be read: they are not missing as well.
  Scope(Problems& problems, const google::protobuf::TextFormat::ParseInfoTree* tree,
        const std::set<std::string>& unreadable)
      : problems_(&problems), tree_(tree), unreadable_(&unreadable) {}

  // The message in `field`; `index` counts from 0 and is -1 for a field that is not repeated.
  [[nodiscard]] Scope Nested(const google::protobuf::FieldDescriptor& field, int index = -1) const;

  // Reports "<path>.<field> <sentence>" at the field's line, or at this message's where the field is not in the file.
  void Add(const google::protobuf::FieldDescriptor& field, const std::string& sentence, int index = -1) const;
  // Reports "<path> <sentence>" on the message itself.
  void Add(const std::string& sentence) const;

  // "converter[1]"; empty for the whole file.
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string PathOf(const google::protobuf::FieldDescriptor& field, int index = -1) const;
  [[nodiscard]] bool IsUnreadable(const google::protobuf::FieldDescriptor& field) const;

 private:
  Problems* problems_;
  const google::protobuf::TextFormat::ParseInfoTree* tree_;
  const std::set<std::string>* unreadable_;
  std::string path_;
  int line_ = 0;
};

// The field of a generated message by its constant, `Field(meter, v1::Meter::kNameFieldNumber)`: a renamed field does
// not compile.
[[nodiscard]] inline const google::protobuf::FieldDescriptor& Field(const google::protobuf::Message& message,
                                                                    int number) {
  return *message.GetDescriptor()->FindFieldByNumber(number);
}

}  // namespace abcds

#endif  // ABCDS_SERVER_CONFIG_SCOPE_H_
