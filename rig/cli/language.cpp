#include "rig/cli/language.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

namespace meterrig::cli {

Language language_of(const std::string& option) {
  if (option == "both") return Language::both;
  if (!option.empty()) return option == "zh" ? Language::zh : Language::en;
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* const value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    return std::string(value).starts_with("zh") ? Language::zh : Language::en;
  }
  return Language::en;
}

std::string say(Language language, const std::string& zh, const std::string& en) {
  if (language == Language::both) return zh + " " + en;
  return language == Language::zh ? zh : en;
}

std::string clock_text(double seconds) {
  const auto whole = static_cast<long long>(std::llround(std::max(seconds, 0.0)));
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace meterrig::cli
