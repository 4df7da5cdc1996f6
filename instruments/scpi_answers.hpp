#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/errors.hpp"

namespace meterrig {

// Without spaces, tabs and line ends on both sides.
std::string_view trimmed(std::string_view text);

// Parses the text of a number as an instrument sends it, exact to the last digit that a double holds; and scaled by a
// power of ten without a rounding of its own ("5.00000000E-05" with 10 gives 500000). False when it is no number.
bool parse_number(std::string_view text, double& value);
bool parse_scaled(std::string_view text, int exponent, std::int64_t& value);

inline constexpr double scpi_not_a_number = 9.91e37;
inline constexpr double scpi_infinity = 9.9e37;

// One entry of an instrument's error queue (SCPI-99 volume 2, 21.8): `-113,"Undefined header;VOLTT 3"`.
struct ScpiErrorEntry {
  int code = 0;
  std::string text;  // without its quotes; a doubled quote inside is one
  // The message exchange itself went wrong (-410 interrupted, -420 unterminated, -430 deadlocked, -440 after an
  // indefinite response): an answer was lost, or belongs to another question.
  bool of_query() const noexcept { return code <= -400 && code > -500; }
};
// One entry, or several joined by commas or semicolons, as SYST:ERR:ALL? gives them; a bare text may follow its number
// after a space ("0  No Error"). Empty when it is none of these.
std::vector<ScpiErrorEntry> parse_error_entries(std::string_view answer);

// What an instrument had in its error queue, all of it, with what it was asked.
class ScpiErrors : public InstrumentError {
 public:
  ScpiErrors(const std::string& what, Exchange exchange, std::vector<ScpiErrorEntry> entries)
      : InstrumentError(what, std::move(exchange)), entries_(std::move(entries)) {}
  const std::vector<ScpiErrorEntry>& entries() const noexcept { return entries_; }

 private:
  std::vector<ScpiErrorEntry> entries_;
};

}  // namespace meterrig
