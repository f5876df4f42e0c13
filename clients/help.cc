#include "clients/help.h"

#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/format.h"

namespace abcds {
namespace {

constexpr size_t kColumn = 30;

std::string Usage(const Verb& verb) {
  std::string usage = absl::StrCat("abcdsctl ", std::string(verb.name));
  if (!verb.arguments.empty()) absl::StrAppend(&usage, " ", std::string(verb.arguments));
  for (const Option& option : verb.options) {
    absl::StrAppend(&usage, " [--", std::string(option.name), option.value.empty() ? "" : " ",
                    std::string(option.value), "]");
  }
  return usage;
}

std::string OptionLines(std::span<const Option> options) {
  std::string lines;
  for (const Option& option : options) {
    const std::string left =
        absl::StrCat("  --", std::string(option.name), option.value.empty() ? "" : " ", std::string(option.value), " ");
    absl::StrAppend(&lines, PadRight(left, kColumn), std::string(option.summary), "\n");
  }
  return lines;
}

std::vector<std::string> OptionWords(std::span<const Option> options) {
  std::vector<std::string> words;
  for (const Option& option : options) words.push_back(absl::StrCat("--", std::string(option.name)));
  return words;
}

std::string Words(std::span<const std::string_view> words) {
  return absl::StrJoin(words, " ", [](std::string* out, std::string_view word) { out->append(word); });
}

}  // namespace

std::string OverviewText(std::span<const Verb> verbs, std::span<const Option> common) {
  std::string text =
      "abcdsctl watches and steers abcdsd, the battery controller.\n\nUsage: abcdsctl VERB ...\n\nVerbs:\n";
  for (const Verb& verb : verbs) {
    std::string left = absl::StrCat("  ", std::string(verb.name));
    if (!verb.arguments.empty()) absl::StrAppend(&left, " ", std::string(verb.arguments));
    if (DisplayWidth(left) + 1 > kColumn) left += "\n";  // a long one gets a line of its own
    absl::StrAppend(&text, left.back() == '\n' ? left + PadRight("", kColumn) : PadRight(left, kColumn),
                    std::string(verb.summary), "\n");
  }
  absl::StrAppend(&text, "\nOptions of every verb:\n", OptionLines(common),
                  "\nPowers are written 500, 500W or 0.5kW; times 90s, 10m, 2h or 1h30m.\n"
                  "At the grid + is import; for the battery + is charging.\n\n"
                  "Exit codes: 0 done, 1 refused or failed, 2 wrong command line, 3 no daemon answers.\n");
  return text;
}

std::string VerbText(const Verb& verb, std::span<const Option> common) {
  std::string text = absl::StrCat(std::string(verb.summary), "\n\nUsage: ", Usage(verb), "\n");
  if (!verb.details.empty()) absl::StrAppend(&text, "\n", std::string(verb.details));
  if (!verb.options.empty()) absl::StrAppend(&text, "\nOptions:\n", OptionLines(verb.options));
  absl::StrAppend(&text, "\nOptions of every verb:\n", OptionLines(common));
  return text;
}

std::string CompletionScript(const std::string& shell, std::span<const Verb> verbs, std::span<const Option> common) {
  std::vector<std::string> names;
  std::string cases;
  for (const Verb& verb : verbs) {
    names.emplace_back(verb.name);
    std::vector<std::string> words = OptionWords(verb.options);
    for (const std::string& option : OptionWords(common)) words.push_back(option);
    absl::StrAppend(&cases, "    ", std::string(verb.name), ") words=\"", Words(verb.choices),
                    verb.choices.empty() ? "" : " ", absl::StrJoin(words, " "), "\" ;;\n");
  }
  // `help` is followed by verbs.
  const std::string all = absl::StrJoin(names, " ");
  const std::string body = absl::StrCat(
      "_abcdsctl() {\n"
      "  local words current=\"${COMP_WORDS[COMP_CWORD]}\" verb=\"${COMP_WORDS[1]}\"\n"
      "  case \"$verb\" in\n",
      cases,
      "  esac\n  if [ \"$COMP_CWORD\" -eq 1 ] || { [ \"$COMP_CWORD\" -eq 2 ] && [ \"$verb\" = help ]; }; then\n    "
      "words=\"",
      all,
      "\"\n"
      "  fi\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "  if [ \"${#COMPREPLY[@]}\" -eq 0 ]; then COMPREPLY=($(compgen -f -- \"$current\")); fi\n"
      "}\n"
      "complete -o filenames -F _abcdsctl abcdsctl\n");
  if (shell == "zsh") {
    return "# Completion of abcdsctl for zsh: source <(abcdsctl completion zsh)\n"
           "autoload -U +X compinit && compinit -u\nautoload -U +X bashcompinit && bashcompinit\n" +
           body;
  }
  return "# Completion of abcdsctl for bash: source <(abcdsctl completion bash)\n" + body;
}

}  // namespace abcds
