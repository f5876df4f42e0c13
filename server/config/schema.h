// The comments of config.proto, so that what the schema tells people is written once: example files and the reference
// page take their words from here.
#ifndef ABCDS_SERVER_CONFIG_SCHEMA_H_
#define ABCDS_SERVER_CONFIG_SCHEMA_H_

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace abcds {

// The comment lines above a field or message, without "//". Empty where there is none: a field without its own comment
// shares that of the field above it.
[[nodiscard]] std::vector<std::string> CommentOf(const google::protobuf::FieldDescriptor& field);
[[nodiscard]] std::vector<std::string> CommentOf(const google::protobuf::Descriptor& message);

}  // namespace abcds

#endif  // ABCDS_SERVER_CONFIG_SCHEMA_H_
