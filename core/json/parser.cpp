#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <unordered_map>

#include "core/errors.hpp"
#include "core/json/node.hpp"
#include "core/json/text.hpp"
#include "core/json/tree.hpp"

namespace meterrig::json {

namespace {

// A file of many tiny values takes far more memory than its size.
constexpr std::size_t most_values = 200'000;

void append_utf8(std::string& out, std::uint32_t code) {
  auto add = [&](std::uint32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (code < 0x80) {
    add(code);
  } else if (code < 0x800) {
    add(0xC0U | (code >> 6U));
    add(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    add(0xE0U | (code >> 12U));
    add(0x80U | ((code >> 6U) & 0x3FU));
    add(0x80U | (code & 0x3FU));
  } else {
    add(0xF0U | (code >> 18U));
    add(0x80U | ((code >> 12U) & 0x3FU));
    add(0x80U | ((code >> 6U) & 0x3FU));
    add(0x80U | (code & 0x3FU));
  }
}

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
         c == '+' || c == '-';
}

// RFC 8259 section 6.
bool is_number(std::string_view text) {
  std::size_t at = 0;
  auto digits = [&] {
    const std::size_t start = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - start;
  };
  if (at < text.size() && text[at] == '-') ++at;
  const bool zero = at < text.size() && text[at] == '0';
  const std::size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

}  // namespace

class Parser {
 public:
  Parser(std::string_view text, std::string file, ParseLimits limits)
      : text_(text), limits_(limits), tree_(std::make_shared<Tree>()) {
    tree_->file = std::move(file);
  }

  Node run() {
    tree_->entries.emplace_back();
    if (text_.size() > limits_.bytes) {
      fail(fmt::format("{} bytes", text_.size()), fmt::format("at most {}", limits_.bytes));
    }
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
    check_utf8();
    skip_space();
    value(0, 0);
    current_ = 0;
    skip_space();
    if (at_ < text_.size()) fail(next(), "the end of the file");
    return {tree_, 0};
  }

 private:
  void check_utf8() {
    const auto bad = first_invalid_utf8(text_);
    if (!bad) return;
    for (std::size_t i = 0; i < *bad; ++i) line_ += text_[i] == '\n' ? 1 : 0;
    fail(fmt::format("byte 0x{:02X}", static_cast<unsigned char>(text_[*bad])), "text in UTF-8");
  }

  [[noreturn]] void fail(const std::string& found, const std::string& expected, const std::string& hint = {}) const {
    throw UserError(complaint(tree_->file, line_, tree_->path(current_), found, expected, hint));
  }

  std::string_view word() const {
    std::size_t end = at_;
    while (end < text_.size() && is_word_character(text_[end])) ++end;
    return text_.substr(at_, end - at_);
  }

  // What stands here, for a message.
  std::string next() const {
    if (at_ >= text_.size()) return "the end of the file";
    const std::string_view run = word();
    if (!run.empty()) return in_quotes(run);
    std::size_t length = 1;
    while (at_ + length < text_.size() && (static_cast<unsigned char>(text_[at_ + length]) & 0xC0U) == 0x80U) ++length;
    return text_[at_] == '"' ? "a string" : in_quotes(text_.substr(at_, length));
  }

  bool here(char c) const { return at_ < text_.size() && text_[at_] == c; }

  void newline() {
    ++line_;
    line_start_ = at_ + 1;
  }

  void skip_space() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\n') newline();
      if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
        ++at_;
      } else if (text_.substr(at_, 2) == "//") {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else if (text_.substr(at_, 2) == "/*") {
        block_comment();
      } else {
        return;
      }
    }
  }

  void block_comment() {
    const std::size_t end = text_.find("*/", at_ + 2);
    if (end == std::string_view::npos) fail("a comment without end", "\"*/\"");
    for (; at_ < end + 2; ++at_) {
      if (text_[at_] == '\n') newline();
    }
  }

  void value(std::uint32_t index, std::size_t depth) {
    current_ = index;
    tree_->entries[index].line = line_;
    tree_->entries[index].column = static_cast<std::uint32_t>(at_ - line_start_ + 1);
    if (here('{') || here('[')) {
      if (depth >= limits_.depth) fail("deeper nesting", fmt::format("at most {} levels", limits_.depth));
      if (here('{')) {
        object(index, depth);
      } else {
        array(index, depth);
      }
    } else if (here('"')) {
      std::string text = string_text();
      tree_->entries[index].kind = Kind::string;
      tree_->entries[index].text = std::move(text);
    } else {
      scalar(index);
    }
  }

  void scalar(std::uint32_t index) {
    static const std::string words[] = {"true", "false", "null"};
    const std::string_view text = word();
    Entry& entry = tree_->entries[index];
    if (text.empty()) fail(next(), here('\'') ? "a string in double quotes" : "a value");
    if (text == "null") {
      entry.kind = Kind::null;
    } else if (text == "true" || text == "false") {
      entry.kind = Kind::boolean;
      entry.boolean = text == "true";
    } else if ((text[0] >= '0' && text[0] <= '9') || text[0] == '-' || text[0] == '+' || text[0] == '.') {
      number(entry, text);
    } else {
      fail(in_quotes(text), "a value", did_you_mean(text, words));
    }
    at_ += text.size();
  }

  void number(Entry& entry, std::string_view text) {
    if (!is_number(text)) fail(in_quotes(text), "a number such as 5, -0.25 or 2e-6");
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), entry.number);
    if (parsed.ec != std::errc()) fail("number " + in_quotes(text), "a number within the range of a double");
    entry.kind = Kind::number;
    entry.text = text;
  }

  std::uint32_t add_child(std::uint32_t parent, std::string key, std::uint32_t key_line) {
    if (tree_->entries.size() >= most_values) fail("more values", fmt::format("at most {}", most_values));
    const auto index = static_cast<std::uint32_t>(tree_->entries.size());
    Entry entry;
    entry.parent = parent;
    entry.position = static_cast<std::uint32_t>(tree_->entries[parent].children.size());
    entry.key = std::move(key);
    entry.key_line = key_line;
    entry.line = key_line;
    tree_->entries.push_back(std::move(entry));
    tree_->entries[parent].children.push_back(index);
    return index;
  }

  // Behind an element: true when another one follows.
  bool more(std::uint32_t index, char close, const char* expected) {
    current_ = index;
    skip_space();
    if (here(close)) {
      ++at_;
      return false;
    }
    if (!here(',')) fail(next(), expected);
    ++at_;
    skip_space();
    if (here(close)) fail(fmt::format("\",\" before \"{}\"", close), "no comma behind the last one");
    return true;
  }

  void array(std::uint32_t index, std::size_t depth) {
    tree_->entries[index].kind = Kind::array;
    ++at_;
    skip_space();
    if (here(']')) {
      ++at_;
      return;
    }
    do {
      value(add_child(index, {}, line_), depth + 1);
    } while (more(index, ']', "\",\" or \"]\""));
  }

  void object(std::uint32_t index, std::size_t depth) {
    tree_->entries[index].kind = Kind::object;
    ++at_;
    skip_space();
    if (here('}')) {
      ++at_;
      return;
    }
    std::unordered_map<std::string, std::uint32_t> seen;
    do {
      member(index, depth, seen);
    } while (more(index, '}', "\",\" or \"}\""));
  }

  void member(std::uint32_t index, std::size_t depth, std::unordered_map<std::string, std::uint32_t>& seen) {
    if (!here('"')) fail(next(), "a key in double quotes");
    const std::uint32_t key_line = line_;
    std::string key = string_text();
    const auto [first, fresh] = seen.emplace(key, key_line);
    if (!fresh) {
      const std::string name = in_quotes(key);
      current_ = add_child(index, std::move(key), key_line);
      fail(fmt::format("key {} again", name), fmt::format("each key once (first on line {})", first->second));
    }
    const std::uint32_t child = add_child(index, std::move(key), key_line);
    current_ = child;
    skip_space();
    if (!here(':')) fail(next(), "\":\"");
    ++at_;
    skip_space();
    value(child, depth + 1);
  }

  std::string string_text() {
    std::string result;
    ++at_;
    while (true) {
      if (at_ >= text_.size()) fail("a string without end", "\"\\\"\"");
      const char c = text_[at_];
      if (c == '"') break;
      if (static_cast<unsigned char>(c) < 0x20) {
        fail(c == '\n' ? "a line break inside a string" : fmt::format("byte 0x{:02X} inside a string", c),
             "\"\\\"\" or an escape");
      }
      ++at_;
      if (c == '\\') {
        escape(result);
      } else {
        result += c;
      }
    }
    ++at_;
    return result;
  }

  void escape(std::string& out) {
    static constexpr std::string_view letters = "\"\\/bfnrt";
    static constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    const std::size_t which = letters.find(c);
    if (c != '\0' && which != std::string_view::npos) {
      out += meanings[which];
      ++at_;
      return;
    }
    if (c != 'u') fail("an unknown escape", "one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u");
    std::uint32_t code = four_digits();
    if (code >= 0xD800 && code <= 0xDBFF && text_.substr(at_, 2) == "\\u") {
      ++at_;
      const std::uint32_t low = four_digits();
      if (low < 0xDC00 || low > 0xDFFF) fail("half of a surrogate pair", "\\uD800-\\uDBFF with \\uDC00-\\uDFFF");
      code = 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00);
    }
    if (code >= 0xD800 && code <= 0xDFFF) fail("half of a surrogate pair", "\\uD800-\\uDBFF with \\uDC00-\\uDFFF");
    append_utf8(out, code);
  }

  std::uint32_t four_digits() {
    ++at_;
    const std::string_view digits = text_.substr(at_, 4);
    std::uint32_t code = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
    if (digits.size() != 4 || parsed.ec != std::errc() || parsed.ptr != digits.data() + 4) {
      fail("an unfinished \\u escape", "four hexadecimal digits");
    }
    at_ += 4;
    return code;
  }

  std::string_view text_;
  ParseLimits limits_;
  std::shared_ptr<Tree> tree_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  std::uint32_t line_ = 1;
  std::uint32_t current_ = 0;
};

Node parse(std::string_view text, std::string file, ParseLimits limits) {
  return Parser(text, std::move(file), limits).run();
}

Node parse_file(const std::filesystem::path& path, ParseLimits limits) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    const bool there = std::filesystem::exists(path, error);
    throw UserError(fmt::format("{}: found {}; expected a readable file", path.string(),
                                there ? "something else" : "no such file"));
  }
  std::ifstream stream(path, std::ios::binary);
  std::string text;
  char block[65536];
  while (stream.read(block, sizeof block) || stream.gcount() > 0) {
    text.append(block, static_cast<std::size_t>(stream.gcount()));
    if (text.size() > limits.bytes) break;
  }
  if (!stream.is_open() || stream.bad()) {
    throw UserError(fmt::format("{}: found {}; expected a readable file", path.string(), std::strerror(errno)));
  }
  return parse(text, path.string(), limits);
}

}  // namespace meterrig::json
