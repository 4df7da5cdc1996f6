#include "rig/record/person.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace meterrig::record {

namespace {

// Letters and digits alone: "Li Wei." is Li Wei.
std::string without_marks(const std::string& name) {
  std::string kept;
  const auto* rest = reinterpret_cast<const utf8proc_uint8_t*>(name.data());
  auto left = static_cast<utf8proc_ssize_t>(name.size());
  while (left > 0) {
    utf8proc_int32_t letter = 0;
    const utf8proc_ssize_t size = utf8proc_iterate(rest, left, &letter);
    if (size <= 0) return {};
    const utf8proc_category_t category = utf8proc_category(letter);
    const bool mark = category >= UTF8PROC_CATEGORY_PC;  // punctuation, symbols, separators, controls
    if (!mark) kept.append(reinterpret_cast<const char*>(rest), static_cast<std::size_t>(size));
    rest += size;
    left -= size;
  }
  return kept;
}

}  // namespace

std::string person_key(std::string_view name) {
  constexpr auto options =
      static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD |
                                     UTF8PROC_IGNORE | UTF8PROC_LUMP | UTF8PROC_STRIPCC);
  utf8proc_uint8_t* mapped = nullptr;
  const utf8proc_ssize_t size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(name.data()),
                                             static_cast<utf8proc_ssize_t>(name.size()), &mapped, options);
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owned(mapped, &std::free);
  if (size <= 0) return {};
  std::string key(reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(size));
  return without_marks(key);
}

}  // namespace meterrig::record
