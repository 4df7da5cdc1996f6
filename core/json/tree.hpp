#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/json/node.hpp"

namespace meterrig::json {

struct Entry {
  Kind kind = Kind::null;
  bool boolean = false;
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  std::uint32_t key_line = 1;
  std::uint32_t parent = 0;
  std::uint32_t position = 0;  // among the parent's children
  std::string key;
  std::string text;  // of a number as written; of a string decoded
  double number = 0;
  std::vector<std::uint32_t> children;
};

// All values of one file; entry 0 is the root and its own parent.
struct Tree {
  std::string file;
  std::vector<Entry> entries;

  std::string path(std::uint32_t index) const;
};

// `FILE:LINE: at /path: found X; expected Y` + hint, with what a file may have put into the path made harmless.
std::string complaint(const std::string& file, std::uint32_t line, const std::string& path, const std::string& found,
                      const std::string& expected, const std::string& hint);

}  // namespace meterrig::json
