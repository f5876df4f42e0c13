#include "server/config/schema.h"

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "google/protobuf/compiler/parser.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "hal/units/check.h"

namespace abcds {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptorProto;
using google::protobuf::SourceLocation;

namespace {

// The generated classes carry no comments, so the schema itself is built in and parsed when somebody asks.
constexpr char kConfigProto[] =
#include "server/config/config_proto.inc"
    ;

class SilentCollector final : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int, int, const std::string&) override { ABCDS_CHECK(!"config.proto has passed protoc"); }
};

const DescriptorPool& CommentedSchema() {
  static const DescriptorPool& pool = *[] {
    google::protobuf::io::ArrayInputStream input(kConfigProto, sizeof kConfigProto - 1);
    SilentCollector collector;
    google::protobuf::io::Tokenizer tokenizer(&input, &collector);
    FileDescriptorProto file;
    file.set_name("abcds/v1/config.proto");
    google::protobuf::compiler::Parser parser;
    parser.RecordErrorsTo(&collector);
    ABCDS_CHECK(parser.Parse(&tokenizer, &file));
    auto* built = new DescriptorPool();
    ABCDS_CHECK(built->BuildFile(file) != nullptr);
    return built;
  }();
  return pool;
}

template <class T>
std::vector<std::string> LeadingComment(const T* commented) {
  SourceLocation location;
  if (commented == nullptr || !commented->GetSourceLocation(&location)) return {};
  std::vector<std::string> lines = absl::StrSplit(location.leading_comments, '\n');
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  for (std::string& line : lines) line = std::string(absl::StripPrefix(line, " "));
  return lines;
}

}  // namespace

std::vector<std::string> CommentOf(const FieldDescriptor& field) {
  return LeadingComment(CommentedSchema().FindFieldByName(field.full_name()));
}

std::vector<std::string> CommentOf(const Descriptor& message) {
  return LeadingComment(CommentedSchema().FindMessageTypeByName(message.full_name()));
}

}  // namespace abcds
