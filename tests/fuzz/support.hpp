#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace meterrig::fuzz {

using Bytes = std::vector<std::uint8_t>;

// A property does not hold: libFuzzer keeps the input of an abort.
[[noreturn]] inline void broken(std::string_view property, std::string_view seen = {}) {
  std::fprintf(stderr, "broken: %.*s\n%.*s\n", static_cast<int>(property.size()), property.data(),
               static_cast<int>(seen.size()), seen.data());
  std::abort();
}

inline void hold(bool holds, std::string_view property, std::string_view seen = {}) {
  if (!holds) broken(property, seen);
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Seeds of binary protocols are kept as text, `hex: 68 30 ..`; all other inputs are the bytes that they are.
inline Bytes bytes_of(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view mark = "hex:";
  const std::string_view text = text_of(data, size);
  if (!text.starts_with(mark)) return {data, data + size};
  Bytes out;
  int high = -1;
  for (const char c : text.substr(mark.size())) {
    const std::size_t digit = std::string_view("0123456789ABCDEF").find(c);
    if (digit == std::string_view::npos) continue;
    if (high >= 0) out.push_back(static_cast<std::uint8_t>(high << 4 | static_cast<int>(digit)));
    high = high >= 0 ? -1 : static_cast<int>(digit);
  }
  return out;
}

// For the mutator: a seed becomes its bytes, so that what is changed is the frame and not its notation.
inline std::size_t decode_seed(std::uint8_t* data, std::size_t size) {
  const Bytes bytes = bytes_of(data, size);
  std::copy(bytes.begin(), bytes.end(), data);
  return bytes.size();
}

// What the scanner of a stream gives, with the stream cut into chunks of this size; 0: one chunk.
template <typename Feed>
void in_chunks(std::span<const std::uint8_t> stream, std::size_t chunk, Feed feed) {
  if (chunk == 0) chunk = std::max<std::size_t>(stream.size(), 1);
  for (std::size_t at = 0; at < stream.size(); at += chunk)
    feed(stream.subspan(at, std::min(chunk, stream.size() - at)));
}

}  // namespace meterrig::fuzz

extern "C" {
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);
}
