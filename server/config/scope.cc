#include "server/config/scope.h"

#include "absl/strings/str_cat.h"

namespace abcds {

using google::protobuf::FieldDescriptor;
using google::protobuf::TextFormat;

namespace {

// 1-based; 0 where the field is not in the file.
int LineOf(const TextFormat::ParseInfoTree* tree, const FieldDescriptor& field, int index) {
  if (tree == nullptr) return 0;
  return tree->GetLocation(&field, index).line + 1;
}

}  // namespace

std::string Scope::PathOf(const FieldDescriptor& field, int index) const {
  std::string path = path_;
  if (!path.empty()) path += '.';
  path += field.name();
  if (index >= 0) absl::StrAppend(&path, "[", index, "]");
  return path;
}

Scope Scope::Nested(const FieldDescriptor& field, int index) const {
  Scope nested = *this;
  nested.path_ = PathOf(field, index);
  nested.tree_ = tree_ == nullptr ? nullptr : tree_->GetTreeForNested(&field, index);
  const int line = LineOf(tree_, field, index);
  if (line > 0) nested.line_ = line;
  return nested;
}

void Scope::Add(const FieldDescriptor& field, const std::string& sentence, int index) const {
  const int line = LineOf(tree_, field, index);
  problems_->Add(line > 0 ? line : line_, 0, absl::StrCat(PathOf(field, index), " ", sentence));
}

void Scope::Add(const std::string& sentence) const {
  problems_->Add(line_, 0, path_.empty() ? sentence : absl::StrCat(path_, " ", sentence));
}

bool Scope::IsUnreadable(const FieldDescriptor& field) const { return unreadable_->contains(PathOf(field)); }

}  // namespace abcds
