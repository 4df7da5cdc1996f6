#pragma once

#include <cstdio>
#include <string>

namespace meterrig::cli {

// Writes and flushes. Who stopped reading (`| head`) does not end a run: what can't be shown is still recorded.
inline void put(std::FILE* out, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), out);
  std::fflush(out);
}

}  // namespace meterrig::cli
