#include "server/main/flags.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <vector>

#include "absl/flags/reflection.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/config/nearest.h"

namespace abcds {

Flags FlagsOf(const std::string& source) {
  Flags flags;
  for (const auto& [name, flag] : absl::GetAllFlags()) {
    if (absl::EndsWith(flag->Filename(), source)) flags.emplace(std::string(name.data(), name.size()), flag);
  }
  return flags;
}

std::string PrepareFlags(const Flags& known, int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    char* const argument = argv[i];
    if (argument[0] != '-' || argument[1] == '\0') continue;
    if (std::strcmp(argument, "--") == 0) break;
    char* const begin = argument + (argument[1] == '-' ? 2 : 1);
    char* const end = begin + std::strcspn(begin, "=");
    std::replace(begin, end, '-', '_');
    const std::string name(begin, end);
    // A flag of its own, or its negative.
    const absl::CommandLineFlag* flag = absl::FindCommandLineFlag(name);
    bool has_value = *end == '=';
    if (flag == nullptr && absl::StartsWith(name, "no")) {
      flag = absl::FindCommandLineFlag(name.substr(2));
      if (flag != nullptr && !flag->IsOfType<bool>()) flag = nullptr;
    }
    if (flag == nullptr) {
      if (name == "tool") return "--tool must be the first argument";
      std::vector<std::string> names;
      for (const auto& [each, ignored] : known) names.push_back(absl::StrCat("--", each));
      const std::string nearest = DidYouMean(absl::StrCat("--", name), names);
      return absl::StrCat("there is no flag --", name, nearest.empty() ? "; --help lists them" : nearest);
    }
    if (flag->IsOfType<bool>()) has_value = true;
    if (!has_value) ++i;  // the next argument is its value, whatever that looks like
  }
  return "";
}

}  // namespace abcds
