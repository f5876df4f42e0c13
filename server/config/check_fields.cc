#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/config/check.h"
#include "server/config/field_rules.h"

namespace abcds {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

namespace {

// Longer text is a file pasted into the wrong place.
constexpr size_t kLongestText = 1024;

void CheckText(const std::string& text, const FieldDescriptor& field, const FieldRule& rule, const Scope& scope) {
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (text.empty() && rule.required) {
    scope.Add(field, "is empty");
  } else if (text.size() > kLongestText) {
    scope.Add(field, absl::StrCat("is longer than ", kLongestText, " bytes"));
  } else if (std::any_of(text.begin(), text.end(), is_control)) {
    scope.Add(field, "contains control characters");
  }
}

void CheckNumber(Message& message, const FieldDescriptor& field, const FieldRule& rule, const Scope& scope) {
  const double value = NumberInForce(message, field.number());
  if (value >= rule.low && value <= rule.high) return;  // written so that NaN fails
  scope.Add(field, absl::StrCat("= ", FormatNumber(value), " is outside [", FormatNumber(rule.low), ", ",
                                FormatNumber(rule.high), "]"));
  message.GetReflection()->ClearField(&message, &field);
}

void CheckScalar(Message& message, const FieldDescriptor& field, const Scope& scope) {
  const Reflection& reflection = *message.GetReflection();
  const FieldRule& rule = RuleOf(field);
  const bool unspecified =
      field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM && reflection.GetEnumValue(message, &field) == 0;
  if (!reflection.HasField(message, &field) || unspecified) {
    if (rule.required && !scope.IsUnreadable(field)) {
      scope.Add(field, absl::StrCat("is missing: ", AllowedValues(field)));
    } else if (reflection.HasField(message, &field)) {
      scope.Add(field, absl::StrCat("must be ", AllowedValues(field)));
    }
    return;
  }
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return CheckText(reflection.GetString(message, &field), field, rule, scope);
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_UINT32:
      return CheckNumber(message, field, rule, scope);
    default:
      return;  // flags and enumerations: the parser accepts only known values
  }
}

}  // namespace

void CheckFields(Message& message, const Scope& scope) {
  const Descriptor& type = *message.GetDescriptor();
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      CheckScalar(message, field, scope);
    } else if (field.is_repeated()) {
      for (int j = 0; j < reflection.FieldSize(message, &field); ++j) {
        CheckFields(*reflection.MutableRepeatedMessage(&message, &field, j), scope.Nested(field, j));
      }
    } else if (reflection.HasField(message, &field)) {
      CheckFields(*reflection.MutableMessage(&message, &field), scope.Nested(field));
    }
  }
}

}  // namespace abcds
