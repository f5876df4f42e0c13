#include "server/tool/decode.h"

#include <istream>
#include <ostream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "nlohmann/json.hpp"
#include "server/devices/registry.h"
#include "server/tool/exit_status.h"

namespace abcds {

namespace {

// Larger than any message a driver would accept.
constexpr size_t kLargestBody = 1 << 20;

const DeviceType* FindDecoder(const std::string& name) {
  for (const DeviceType* type : DeviceTypes()) {
    if (type->decodes() && type->name() == name) return type;
  }
  return nullptr;
}

std::string KnownDecoders() {
  std::string names;
  for (const DeviceType* type : DeviceTypes()) {
    if (type->decodes()) absl::StrAppend(&names, names.empty() ? "" : ", ", type->name());
  }
  return names;
}

// Reads `in` to its end, or one byte more than is allowed.
std::string ReadBody(std::istream& in) {
  std::string body(kLargestBody + 1, '\0');
  in.read(body.data(), static_cast<std::streamsize>(body.size()));
  body.resize(static_cast<size_t>(in.gcount()));
  return body;
}

struct Parsed {
  std::string device;
  DecodeInput input;
};

// False, with the sentence on `err`, where the usage is wrong.
bool Parse(const std::vector<std::string>& arguments, Parsed& parsed, std::ostream& err) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const auto value = [&](const char* option, std::string& text) {
      const std::string prefix = absl::StrCat(option, "=");
      if (absl::StartsWith(argument, prefix)) {
        text = argument.substr(prefix.size());
        return true;
      }
      if (argument != option || i + 1 == arguments.size()) return false;
      text = arguments[++i];
      return true;
    };
    std::string text;
    if (value("--request", text)) {
      parsed.input.request = text;
    } else if (value("--set", text)) {
      const size_t equals = text.find('=');
      if (equals == std::string::npos || equals == 0) {
        err << "--set wants KEY=VALUE\n";
        return false;
      }
      parsed.input.settings[text.substr(0, equals)] = text.substr(equals + 1);
    } else if (absl::StartsWith(argument, "--")) {
      err << (argument == "--request" || argument == "--set" ? absl::StrCat(argument, " wants a value")
                                                             : absl::StrCat("unknown option ", argument))
          << "\n";
      return false;
    } else if (parsed.device.empty()) {
      parsed.device = argument;
    } else {
      parsed.input.frames.push_back(argument);
    }
  }
  if (!parsed.device.empty()) return true;
  err << "decode wants a device: " << KnownDecoders() << "\n";
  return false;
}

int List(std::ostream& out) {
  for (const DeviceType* type : DeviceTypes()) {
    if (type->decodes()) out << type->name() << " " << type->decode_usage() << "\n";
  }
  return kToolOk;
}

}  // namespace

int RunDecode(const std::vector<std::string>& arguments, std::istream& in, std::ostream& out, std::ostream& err) {
  if (arguments.size() == 1 && arguments[0] == "--list") return List(out);
  Parsed parsed;
  if (!Parse(arguments, parsed, err)) return kToolUsage;
  const DeviceType* type = FindDecoder(parsed.device);
  if (type == nullptr) {
    err << "no device \"" << parsed.device << "\" to decode for; known: " << KnownDecoders() << "\n";
    return kToolUsage;
  }
  if (type->decodes_text() && parsed.input.frames.empty()) parsed.input.body = ReadBody(in);
  const auto values = type->DecodeAll(parsed.input);
  if (!values.ok()) {
    // One sentence, whatever the driver wrote.
    err << absl::StrReplaceAll(std::string(values.status().message()), {{"\n", " "}}) << "\n";
    return kToolFailed;
  }
  nlohmann::ordered_json json;
  json["device"] = type->name();
  json["kind"] = KindName(type->kind());
  json["values"] = nlohmann::ordered_json::object();
  for (const auto& [name, value] : *values) {
    std::visit([&json, &name = name](const auto& content) { json["values"][name] = content; }, value);
  }
  out << json.dump() << "\n";
  return kToolOk;
}

}  // namespace abcds
