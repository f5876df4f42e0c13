// Range and default of every field of the configuration: one table. It repeats what the comments of config.proto
// promise to people; a test compares the two word for word.
#ifndef ABCDS_SERVER_CONFIG_FIELD_RULES_H_
#define ABCDS_SERVER_CONFIG_FIELD_RULES_H_

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace abcds {

struct FieldRule {
  const google::protobuf::Descriptor* message = nullptr;
  int number = 0;  // of the field
  bool required = false;
  // Numeric fields: the allowed range, both ends included.
  double low = 0;
  double high = 0;
  // As it would be written in the file, without quotes; null where there is none, or where it depends on other fields
  // or on the type of device.
  const char* fallback = nullptr;
};

// One row for every scalar field.
[[nodiscard]] const std::vector<FieldRule>& FieldRules();

// Every scalar field has one (a test sees to it); dies where it has not.
[[nodiscard]] const FieldRule& RuleOf(const google::protobuf::FieldDescriptor& field);

// The value in force: the file's, else the table's default. For fields without a default in the table: only where the
// file has a value; dies otherwise.
[[nodiscard]] double NumberInForce(const google::protobuf::Message& message, int number);
[[nodiscard]] bool FlagInForce(const google::protobuf::Message& message, int number);
[[nodiscard]] std::string TextInForce(const google::protobuf::Message& message, int number);

// Whether the file gives the field.
[[nodiscard]] bool IsGiven(const google::protobuf::Message& message, int number);

// Passwords and the like: their values appear in no message.
[[nodiscard]] bool IsSecret(const google::protobuf::FieldDescriptor& field);

// "[0, 20000]", "one of MODEL_600, MODEL_1000, MODEL_2000", "text in quotes", "true or false", …
[[nodiscard]] std::string AllowedValues(const google::protobuf::FieldDescriptor& field);

// Shortest exact decimal notation without exponent: "20000", "0.05".
[[nodiscard]] std::string FormatNumber(double value);

}  // namespace abcds

#endif  // ABCDS_SERVER_CONFIG_FIELD_RULES_H_
