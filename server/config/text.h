// Reads the configuration's text strictly: nothing that cannot be understood completely is accepted.
#ifndef ABCDS_SERVER_CONFIG_TEXT_H_
#define ABCDS_SERVER_CONFIG_TEXT_H_

#include <memory>
#include <set>
#include <string>

#include "abcds/v1/config.pb.h"
#include "google/protobuf/text_format.h"
#include "server/config/problems.h"

namespace abcds {

struct ConfigText {
  v1::Config config;
  std::unique_ptr<google::protobuf::TextFormat::ParseInfoTree> tree;  // which line each field is on
  std::set<std::string> unreadable;  // paths of fields that are in the text, but not in `config`
  // False after a syntax error that hides what follows it: then only what was reported so far is certain.
  bool complete = false;
};

// Reports syntax errors, unknown fields (with the nearest known name), values of a wrong kind and repeated fields that
// may occur once. Goes on behind each of them where that is possible. Reported values never contain a password.
void ReadConfigText(const std::string& text, ConfigText& result, Problems& problems);

}  // namespace abcds

#endif  // ABCDS_SERVER_CONFIG_TEXT_H_
