// Finds fields in the text of a configuration, so that a problem the parser reports as line and column gets its full
// field path, and so that the check can go on behind an unreadable value.
#ifndef ABCDS_SERVER_CONFIG_TEXT_PLACES_H_
#define ABCDS_SERVER_CONFIG_TEXT_PLACES_H_

#include <cstddef>
#include <optional>
#include <string>

#include "google/protobuf/descriptor.h"

namespace abcds {

struct TextPlace {
  std::string path;  // "converter[1].lumentree.bus"
  // The field and the message it is in; null where the schema does not know them.
  const google::protobuf::FieldDescriptor* field = nullptr;
  const google::protobuf::Descriptor* parent = nullptr;
  std::string name;
  int line = 0;       // of the name, from 1
  int column = 0;     // likewise
  std::string value;  // as written; "{" for a block; empty where there is none
  // The field with its value, as offsets into the text. A simple value is taken to the end of its line.
  size_t begin = 0;
  size_t end = 0;
};

// The field that the text is in at `line` and `column` (from 0, tabs counting to the next multiple of 8, as protobuf's
// parser reports them; a name just before that place counts). nullopt: not within any field.
[[nodiscard]] std::optional<TextPlace> FindPlace(const std::string& text, int line, int column,
                                                 const google::protobuf::Descriptor& root);

struct OpenBlock {
  std::string name;
  int line = 0;  // of the name, from 1
};

// The innermost block that has no end in `text`, where nothing follows on `line` and `column` (as above); nullopt: more
// follows, or all blocks are closed.
[[nodiscard]] std::optional<OpenBlock> FindOpenBlock(const std::string& text, int line, int column);

}  // namespace abcds

#endif  // ABCDS_SERVER_CONFIG_TEXT_PLACES_H_
