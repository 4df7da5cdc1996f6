#pragma once

#include <optional>
#include <string_view>

namespace meterrig {

// What a file of evidence may be.
struct MediaType {
  std::string_view word;    // "image/png"
  std::string_view ending;  // ".png"
};

// By the content alone, whatever the file is called: PNG, JPEG, PDF, or text in UTF-8. Nothing for anything else.
std::optional<MediaType> media_type_of(std::string_view bytes);
// By its word. Nothing for one that media_type_of() never gives.
std::optional<MediaType> media_type_named(std::string_view word);

}  // namespace meterrig
