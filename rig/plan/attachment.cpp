#include "rig/plan/attachment.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/media_type.hpp"

namespace meterrig::plan {

namespace {
namespace fs = std::filesystem;
constexpr std::uintmax_t bytes_max = 16U << 20U;
}  // namespace

std::shared_ptr<const std::string> content_of(const json::Node& name, const std::string& what) {
  const fs::path path = fs::path(name.file()).parent_path() / name.not_empty();
  std::error_code error;
  if (!fs::is_regular_file(path, error)) {
    name.fail(fmt::format("{}, and no such file {}", name.describe(), path.string()),
              what + ", relative to the file that names it");
  }
  const std::uintmax_t size = fs::file_size(path, error);
  if (error || size == 0 || size > bytes_max) {
    name.fail(fmt::format("{} of {} bytes", path.string(), error ? 0 : size),
              fmt::format("a file of 1 to {} bytes", bytes_max));
  }
  std::ifstream stream(path, std::ios::binary);
  auto content =
      std::make_shared<std::string>(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  if (content->size() != size) name.fail(path.string() + " that can't be read whole", "a readable file");
  return content;
}

Attachment read_attachment(const json::Node& node) {
  node.reject_unknown_keys({"file", "caption", "sample"});
  const json::Node file = node.at("file");
  Attachment result;
  result.content = content_of(file, "a photo or a paper");
  const auto type = media_type_of(*result.content);
  if (!type) file.fail(file.describe(), "a PNG or JPEG picture, a PDF or a text in UTF-8, whatever its name");
  result.media_type = type->word;
  result.name = fs::path(file.string()).filename().string();
  result.caption = node.string_or("caption", "");
  if (node.has("sample")) result.sample = node.at("sample").integer(1);
  return result;
}

}  // namespace meterrig::plan
