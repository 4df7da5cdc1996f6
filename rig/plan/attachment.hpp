#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/json/node.hpp"

namespace meterrig::plan {

// The bytes of a file that a job names, relative to the job's own file. Throws UserError for one that is not there, is
// empty or has more than 16 MiB. `what`: for the message, "the certificate's file".
std::shared_ptr<const std::string> content_of(const json::Node& name, const std::string& what);

// A photo or a paper that a job brings along: of the samples as they came, of a sampling sheet.
struct Attachment {
  std::string name;        // of the file, without its folder
  std::string media_type;  // by its content
  std::string caption;
  std::optional<std::int64_t> sample;  // that it shows; nothing: all of them
  std::shared_ptr<const std::string> content;
};

// {"file", "caption", "sample"}. Throws UserError, too, for what is neither PNG, JPEG, PDF nor text.
Attachment read_attachment(const json::Node& node);

}  // namespace meterrig::plan
