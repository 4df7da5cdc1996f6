#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace meterrig::bench {

// Thrown by parser and handlers; goes into the error queue of the device. Codes as in SCPI-99 volume 2, chapter 21.
struct ScpiError {
  int code;
  std::string detail{};
};
// "Undefined header" for -113. Unknown codes give the text of their class.
std::string_view scpi_error_text(int code);

// What a command takes, in its order. `detail`: the unit of a number ("V", "" for none), the words of a choice
// ("IMMediate|BUS|EXTernal").
struct ScpiParameter {
  enum class Kind { real, integer, boolean, choice, string, channel_list, output };
  Kind kind = Kind::real;
  const char* detail = "";
  bool optional = false;
};

namespace scpi {
constexpr ScpiParameter real(const char* unit = "") { return {ScpiParameter::Kind::real, unit, false}; }
constexpr ScpiParameter integer() { return {ScpiParameter::Kind::integer, "", false}; }
constexpr ScpiParameter boolean() { return {ScpiParameter::Kind::boolean, "", false}; }
constexpr ScpiParameter choice(const char* words) { return {ScpiParameter::Kind::choice, words, false}; }
constexpr ScpiParameter string() { return {ScpiParameter::Kind::string, "", false}; }
constexpr ScpiParameter channels() { return {ScpiParameter::Kind::channel_list, "", false}; }
// A Rigol output name, CH1 .. CH9; may be left out where it stands.
constexpr ScpiParameter output() { return {ScpiParameter::Kind::output, "", true}; }
constexpr ScpiParameter optional(ScpiParameter parameter) {
  parameter.optional = true;
  return parameter;
}
}  // namespace scpi

struct ScpiValue {
  enum class Special { none, minimum, maximum, standard, infinity };
  bool given = false;
  Special special = Special::none;
  double number = 0;      // real, integer
  int index = 0;          // boolean: 0 or 1; choice: which word; output: its number
  std::string_view text;  // string, without its quotes
  std::array<int, 8> channels{};
  int channel_count = 0;
};

// Splits at `separator` outside strings and parentheses, from `position` on; moves position past the separator.
std::string_view scpi_next(std::string_view text, std::size_t& position, char separator);
std::string_view scpi_trim(std::string_view text);
// `name`: "VOLTage". Only the short and the long form match; letter case does not matter.
bool scpi_word_matches(std::string_view given, std::string_view name);
// Binds the comma-separated text to the parameters. Throws ScpiError: -101 .. -171, -224.
void scpi_bind(std::string_view text, const std::vector<ScpiParameter>& parameters, std::vector<ScpiValue>& values);

}  // namespace meterrig::bench
