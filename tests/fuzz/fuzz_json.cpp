#include <nlohmann/json.hpp>
#include <set>

#include "core/errors.hpp"
#include "core/json/node.hpp"
#include "core/json/text.hpp"
#include "tests/fuzz/support.hpp"

// The JSON layer against nlohmann's parser: they agree on what a document is and on what it says, but for what the
// layer refuses by its contract; and every value and every complaint knows its place.

namespace meterrig::fuzz {
namespace {

using Json = nlohmann::json;

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
const json::ParseLimits limits{8192, 12};

// What nlohmann accepts and the contract refuses.
class Contract final : public nlohmann::json_sax<Json> {
 public:
  bool refuses = false;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(std::int64_t) override { return true; }
  bool number_unsigned(std::uint64_t) override { return true; }
  bool number_float(double value, const std::string& text) override {
    const std::string digits = text.substr(0, text.find_first_of("eE"));
    if (value == 0 && digits.find_first_of("123456789") != std::string::npos) refuses = true;  // too small
    return true;
  }
  bool string(std::string&) override { return true; }
  bool binary(Json::binary_t&) override { return true; }
  bool start_object(std::size_t) override { return down(); }
  bool key(std::string& name) override {
    if (!keys_.back().insert(name).second) refuses = true;
    return true;
  }
  bool end_object() override { return up(); }
  bool start_array(std::size_t) override { return down(); }
  bool end_array() override { return up(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

 private:
  bool down() {
    keys_.emplace_back();
    if (keys_.size() > limits.depth) refuses = true;
    return true;
  }
  bool up() {
    keys_.pop_back();
    return true;
  }
  std::vector<std::set<std::string>> keys_;
};

// nlohmann takes a NUL for the end of the text, and a carriage return for the end of a comment.
bool comparable(std::string_view text) {
  const bool comment = text.find("//") != std::string_view::npos;
  return text.find('\0') == std::string_view::npos && !(comment && text.find('\r') != std::string_view::npos);
}

std::string_view line_of(std::string_view text, std::uint32_t line) {
  for (; line > 1; --line) text.remove_prefix(text.find('\n') + 1);
  return text.substr(0, text.find('\n'));
}

void check_place(std::string_view text, const json::Node& node) {
  const std::string_view line = line_of(text, node.line());
  hold(node.column() >= 1 && node.column() <= line.size(), "a value begins on its line", line);
  const char first = line[node.column() - 1];
  const char* const begins[] = {"n", "tf", "-0123456789", "\"", "[", "{"};
  hold(std::string_view(begins[static_cast<int>(node.kind())]).find(first) != std::string_view::npos,
       "a value begins at its column", line);
}

// Every value stands where it says, and its path leads to it.
void check_tree(std::string_view text, const json::Node& node, const std::string& path, const Json& document) {
  check_place(text, node);
  hold(node.path() == (path.empty() ? "/" : path), "the path of a value is its JSON pointer", node.path());
  hold(document.contains(Json::json_pointer(path)), "the path leads to a value", path);
  if (node.is_array()) {
    for (std::size_t i = 0; i < node.size(); ++i) check_tree(text, node[i], path + "/" + std::to_string(i), document);
  } else if (node.is_object()) {
    for (const json::Member& member : node.members()) {
      hold(member.value.key() == member.key && member.value.key_line() <= member.value.line(), "a member has its key");
      std::string step = member.key;
      for (std::size_t at = 0; (at = step.find_first_of("~/", at)) != std::string::npos; at += 2)
        step.replace(at, 1, step[at] == '~' ? "~0" : "~1");
      check_tree(text, member.value, path + "/" + step, document);
    }
  }
}

void check_accepted(std::string_view text, const json::Node& root) {
  hold(!json::first_invalid_utf8(text), "an accepted file is UTF-8");
  const Json ours = json::to_json(root);
  if (comparable(text)) {
    const Json theirs = Json::parse(text, nullptr, false, true);
    hold(!theirs.is_discarded(), "what is accepted is JSON", text);
    hold(ours == theirs, "it says what nlohmann reads", ours.dump());
    Contract contract;
    hold(Json::sax_parse(text, &contract, Json::input_format_t::json, true, true) && !contract.refuses,
         "nothing is accepted that the contract refuses", text);
  }
  const std::string_view body = text.starts_with(byte_order_mark) ? text.substr(byte_order_mark.size()) : text;
  check_tree(body, root, "", ours);
}

void check_refused(std::string_view text, const std::string& message) {
  hold(message.starts_with("x.json:"), "a complaint names its file", message);
  hold(message.size() < 1000 && message.find('\n') == std::string::npos, "a complaint is one short line", message);
  const long line = std::atol(message.c_str() + 7);
  hold(line >= 1 && line <= 1 + std::count(text.begin(), text.end(), '\n'), "a complaint names a line", message);
  hold(message.find(": found ") != std::string::npos && message.find("; expected ") != std::string::npos,
       "a complaint says what was found and what is expected", message);
  hold(!json::first_invalid_utf8(message), "a complaint is text, whatever the file holds", message);
  if (text.size() > limits.bytes || json::first_invalid_utf8(text) || !comparable(text)) return;
  Contract contract;
  const bool theirs = Json::sax_parse(text, &contract, Json::input_format_t::json, true, true);
  hold(!theirs || contract.refuses, "what is refused is no JSON, or against the contract", message);
}

}  // namespace
}  // namespace meterrig::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace meterrig;
  const std::string_view text = fuzz::text_of(data, size);
  try {
    fuzz::check_accepted(text, json::parse(text, "x.json", fuzz::limits));
  } catch (const UserError& refused) {
    fuzz::check_refused(text, refused.what());
  }
  return 0;
}
