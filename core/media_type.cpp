#include "core/media_type.hpp"

#include <algorithm>
#include <array>

namespace meterrig {
namespace {

struct Known {
  MediaType type;
  std::string_view begins;
};
constexpr std::array<Known, 3> known{{{{"image/png", ".png"}, "\x89PNG\r\n\x1a\n"},
                                      {{"image/jpeg", ".jpg"}, "\xff\xd8\xff"},
                                      {{"application/pdf", ".pdf"}, "%PDF-"}}};
constexpr MediaType text{"text/plain", ".txt"};

// How many bytes the character that begins here has, by RFC 3629; 0: it is none.
std::size_t character(std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U; };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return first >= 0x20 || first == '\t' || first == '\n' || first == '\r' ? 1 : 0;
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || bytes.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i)
    if ((byte(i) & 0xc0U) != 0x80) return 0;
  // Overlong forms, surrogates, and what lies beyond the last character.
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f)) return 0;
  if ((first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) return 0;
  return size;
}

bool is_text(std::string_view bytes) {
  if (bytes.empty()) return false;
  while (!bytes.empty()) {
    const std::size_t size = character(bytes);
    if (size == 0) return false;
    bytes.remove_prefix(size);
  }
  return true;
}

}  // namespace

std::optional<MediaType> media_type_of(std::string_view bytes) {
  for (const Known& one : known)
    if (bytes.starts_with(one.begins)) return one.type;
  return is_text(bytes) ? std::optional(text) : std::nullopt;
}

std::optional<MediaType> media_type_named(std::string_view word) {
  const auto found = std::find_if(known.begin(), known.end(), [&](const Known& one) { return one.type.word == word; });
  if (found != known.end()) return found->type;
  return word == text.word ? std::optional(text) : std::nullopt;
}

}  // namespace meterrig
