#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace meterrig::json {

// Position of the first byte that is not part of well-formed UTF-8; none when all of it is.
std::optional<std::size_t> first_invalid_utf8(std::string_view text);

// The text between double quotes, escaped and cut at about 60 characters, fit for a message.
std::string in_quotes(std::string_view text);

// The candidate that a person probably meant: the same but for case, or few edits away.
// None when nothing is near. The first of equally near ones wins.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

// `; did you mean "x"?`, or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

// `"a", "b" or "c"`, cut after eight.
std::string choice(std::span<const std::string> words);

}  // namespace meterrig::json
