#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace meterrig::json {

enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

struct Tree;
struct Member;

// A value of a parsed file that knows where it stands. Cheap to copy; it keeps the whole tree alive.
// Every reader throws UserError `FILE:LINE: at /path: found X; expected Y` when the value is not what is asked for.
class Node {
 public:
  Kind kind() const noexcept;
  bool is_null() const noexcept { return kind() == Kind::null; }
  bool is_object() const noexcept { return kind() == Kind::object; }
  bool is_array() const noexcept { return kind() == Kind::array; }
  bool is_string() const noexcept { return kind() == Kind::string; }
  bool is_number() const noexcept { return kind() == Kind::number; }
  bool is_boolean() const noexcept { return kind() == Kind::boolean; }

  const std::string& file() const noexcept;
  std::uint32_t line() const noexcept;    // from 1
  std::uint32_t column() const noexcept;  // from 1, in bytes
  std::string path() const;               // JSON pointer; "/" for the root
  std::string key() const;                // of a member of an object; else empty
  std::string describe() const;           // `number 5`, `string "abc"`, `an object`

  bool boolean() const;
  double number() const;
  std::int64_t integer(std::int64_t low = INT64_MIN, std::int64_t high = INT64_MAX) const;
  const std::string& number_text() const;  // as written in the file
  const std::string& string() const;
  std::string not_empty() const;  // a string of at least one character
  std::string one_of(std::initializer_list<const char*> words) const;
  std::string one_of(std::span<const std::string> words) const;
  std::vector<std::string> strings() const;  // an array of strings

  std::size_t size() const noexcept;  // members or elements
  Node operator[](std::size_t index) const;
  std::vector<Node> elements() const;   // of an array
  std::vector<Member> members() const;  // of an object, in the file's order

  Node at(std::string_view key) const;                       // the member must be there
  std::optional<Node> optional(std::string_view key) const;  // absent and null alike give none
  bool has(std::string_view key) const { return optional(key).has_value(); }
  double number_or(std::string_view key, double otherwise) const;
  std::int64_t integer_or(std::string_view key, std::int64_t otherwise) const;
  std::string string_or(std::string_view key, std::string otherwise) const;
  bool boolean_or(std::string_view key, bool otherwise) const;
  void reject_unknown_keys(std::initializer_list<const char*> known) const;
  void reject_unknown_keys(std::span<const std::string> known) const;
  // Where the key of a member stands: for complaints about the key itself.
  std::uint32_t key_line() const noexcept;

  // Throws the UserError; `hint` goes behind, as `; did you mean "z"?`.
  [[noreturn]] void fail(const std::string& found, const std::string& expected, const std::string& hint = {}) const;
  [[noreturn]] void expected(const std::string& what) const { fail(describe(), what); }
  // The same with the file and line of the member's key.
  [[noreturn]] void fail_at_key(const std::string& found, const std::string& expected,
                                const std::string& hint = {}) const;

 private:
  friend class Parser;
  Node(std::shared_ptr<const Tree> tree, std::uint32_t index) : tree_(std::move(tree)), index_(index) {}
  std::optional<std::uint32_t> child(std::string_view key) const;
  void need(Kind kind, const char* what) const;
  std::shared_ptr<const Tree> tree_;
  std::uint32_t index_;
};

struct Member {
  std::string key;
  Node value;
};

struct ParseLimits {
  std::size_t bytes = 16U << 20U;
  std::size_t depth = 64;
};

// JSON with // and /* */ comments, as UTF-8 (a leading byte order mark is skipped). Refuses duplicate keys, anything
// behind the value, numbers that no double holds, and what the limits forbid. Throws UserError.
Node parse(std::string_view text, std::string file, ParseLimits limits = {});

// Throws UserError when the file can't be read.
Node parse_file(const std::filesystem::path& path, ParseLimits limits = {});

// Integers that fit 64 bits stay integers; other numbers become doubles.
nlohmann::json to_json(const Node& node);

}  // namespace meterrig::json
