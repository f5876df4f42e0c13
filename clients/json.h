// Protobuf messages as JSON with the field names of the .proto files.
#ifndef ABCDS_CLIENTS_JSON_H_
#define ABCDS_CLIENTS_JSON_H_

#include <string>

#include "google/protobuf/message.h"

namespace abcds {

// With a line feed at the end. `pretty`: indented, for one message; else one line, for streams. Fields without presence
// are printed even when they are 0 or empty, so that scripts find them.
[[nodiscard]] std::string ToJson(const google::protobuf::Message& message, bool pretty);

}  // namespace abcds

#endif  // ABCDS_CLIENTS_JSON_H_
