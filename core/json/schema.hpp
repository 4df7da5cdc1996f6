#pragma once

#include <filesystem>
#include <memory>

#include "core/json/node.hpp"

namespace meterrig::json {

// A JSON Schema (draft 7), read once and used for many files. References go to its own "#/definitions/...".
class Schema {
 public:
  explicit Schema(const Node& schema);
  static Schema load(const std::filesystem::path& path) { return Schema(parse_file(path)); }
  Schema(Schema&&) noexcept;
  Schema& operator=(Schema&&) noexcept;
  ~Schema();

  // Throws UserError for the first value, in the file's order, that the schema does not allow. An unknown key is told
  // with the nearest key that its object may have.
  void validate(const Node& document) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace meterrig::json
