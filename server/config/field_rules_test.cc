// The table of ranges and defaults against the comments of config.proto: what people read is what is checked.
#include "server/config/field_rules.h"

#include <limits>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "abcds/v1/config.pb.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"
#include "server/config/schema.h"

namespace abcds {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

void Collect(const Descriptor& message, std::vector<const Descriptor*>& all) {
  all.push_back(&message);
  for (int i = 0; i < message.nested_type_count(); ++i) Collect(*message.nested_type(i), all);
}

std::vector<const Descriptor*> AllMessages() {
  std::vector<const Descriptor*> all;
  const auto* file = v1::Config::descriptor()->file();
  for (int i = 0; i < file->message_type_count(); ++i) Collect(*file->message_type(i), all);
  return all;
}

bool IsScalar(const FieldDescriptor& field) { return field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE; }

// A field with its comment; fields that share one are taken together, in order.
struct Commented {
  std::vector<const FieldDescriptor*> fields;
  std::string comment;
};

std::vector<Commented> CommentedFields() {
  std::vector<Commented> all;
  for (const Descriptor* message : AllMessages()) {
    for (int i = 0; i < message->field_count(); ++i) {
      const FieldDescriptor& field = *message->field(i);
      if (field.real_containing_oneof() != nullptr) continue;  // explained by its message
      const std::string comment = absl::StrJoin(CommentOf(field), " ");
      if (!comment.empty() || i == 0) all.push_back({{}, comment});
      all.back().fields.push_back(&field);
    }
  }
  return all;
}

TEST(FieldRules, EveryScalarFieldHasExactlyOneRow) {
  for (const Descriptor* message : AllMessages()) {
    for (int i = 0; i < message->field_count(); ++i) {
      const FieldDescriptor& field = *message->field(i);
      if (!IsScalar(field)) continue;
      int rows = 0;
      for (const FieldRule& rule : FieldRules()) {
        if (rule.message == message && rule.number == field.number()) ++rows;
      }
      EXPECT_EQ(rows, 1) << field.full_name();
    }
  }
}

TEST(FieldRules, EveryRowIsAScalarFieldOfTheSchema) {
  for (const FieldRule& rule : FieldRules()) {
    const FieldDescriptor* field = rule.message->FindFieldByNumber(rule.number);
    ASSERT_NE(field, nullptr) << rule.message->name() << " " << rule.number;
    EXPECT_TRUE(IsScalar(*field)) << field->full_name();
  }
}

TEST(FieldRules, EveryNumberHasARangeThatHoldsItsDefault) {
  for (const FieldRule& rule : FieldRules()) {
    const FieldDescriptor& field = *rule.message->FindFieldByNumber(rule.number);
    const bool number =
        field.cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE || field.cpp_type() == FieldDescriptor::CPPTYPE_UINT32;
    if (!number) continue;
    EXPECT_LT(rule.low, rule.high) << field.full_name();
    if (rule.fallback == nullptr) continue;
    EXPECT_GE(std::stod(rule.fallback), rule.low) << field.full_name();
    EXPECT_LE(std::stod(rule.fallback), rule.high) << field.full_name();
  }
}

TEST(FieldRules, EveryFieldIsExplained) {
  for (const Commented& group : CommentedFields()) {
    EXPECT_FALSE(group.comment.empty()) << group.fields[0]->full_name();
  }
  for (const Descriptor* message : AllMessages()) EXPECT_FALSE(CommentOf(*message).empty()) << message->full_name();
}

// "[0, 20000]" as the comments write it.
TEST(FieldRules, CommentsNameTheRange) {
  for (const Commented& group : CommentedFields()) {
    for (const FieldDescriptor* field : group.fields) {
      if (!IsScalar(*field)) continue;
      const FieldRule& rule = RuleOf(*field);
      if (rule.low == rule.high) continue;
      const std::string range = absl::StrCat("[", FormatNumber(rule.low), ", ", FormatNumber(rule.high), "]");
      EXPECT_NE(group.comment.find(range), std::string::npos)
          << field->full_name() << " has range " << range << ", its comment is: " << group.comment;
    }
  }
}

// "Default 0.5." for one field, "Defaults 3.05, 3.20, 3.45, 3.34." for several; nothing where the table has no default.
TEST(FieldRules, CommentsNameTheDefault) {
  for (const Commented& group : CommentedFields()) {
    std::smatch match;
    std::vector<std::string> named;
    if (std::regex_search(group.comment, match, std::regex("Defaults? (\"[^\"]*\"|[^:]*?)\\.( |$)"))) {
      named = absl::StrSplit(absl::StrJoin(absl::StrSplit(match[1].str(), " and "), ", "), ", ");
    }
    for (size_t i = 0; i < group.fields.size(); ++i) {
      if (!IsScalar(*group.fields[i])) continue;
      const char* fallback = RuleOf(*group.fields[i]).fallback;
      const std::string expected = fallback == nullptr ? "" : fallback;
      std::string actual = i < named.size() ? named[i] : named.size() == 1 ? named[0] : "";
      actual = std::string(absl::StripSuffix(absl::StripPrefix(actual, "\""), "\""));
      EXPECT_EQ(actual, expected) << group.fields[i]->full_name() << ": " << group.comment;
    }
  }
}

TEST(FieldRules, CommentsNameWhatIsRequired) {
  for (const Commented& group : CommentedFields()) {
    for (const FieldDescriptor* field : group.fields) {
      if (!IsScalar(*field)) continue;
      EXPECT_EQ(group.comment.find("Required") != std::string::npos, RuleOf(*field).required)
          << field->full_name() << ": " << group.comment;
    }
  }
}

struct NumberCase {
  const char* name;
  double value;
  const char* text;
};

class FormatNumberTest : public testing::TestWithParam<NumberCase> {};

TEST_P(FormatNumberTest, IsShortAndExact) { EXPECT_EQ(FormatNumber(GetParam().value), GetParam().text); }

INSTANTIATE_TEST_SUITE_P(Notation, FormatNumberTest,
                         testing::Values(NumberCase{"Whole", 20000, "20000"}, NumberCase{"Million", 1e6, "1000000"},
                                         NumberCase{"Small", 1e-6, "0.000001"}, NumberCase{"Share", 0.3, "0.3"},
                                         NumberCase{"Negative", -40, "-40"},
                                         NumberCase{"NotANumber", std::numeric_limits<double>::quiet_NaN(), "nan"}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace abcds
