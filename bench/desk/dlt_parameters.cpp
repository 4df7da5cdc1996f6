#include "bench/desk/dlt_parameters.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "meters/cjt188.hpp"

namespace meterrig::bench {
namespace {

struct Number {
  std::uint32_t identifier;
  std::int64_t value;
  std::size_t size;
  bool writable;
};
constexpr std::array numbers{
    Number{0x04000103, 15, 1, false},     // demand period, min
    Number{0x04000104, 15, 1, false},     // demand slip, min
    Number{0x04000105, 80, 2, true},      // pulse width, ms
    Number{0x04000204, 4, 1, false},      // tariffs
    Number{0x04000302, 5, 1, true},       // display interval, s
    Number{0x04000303, 2, 1, true},       // energy decimals on the display
    Number{0x04000306, 1, 3, true},       // current transformer ratio
    Number{0x04000307, 1, 3, true},       // voltage transformer ratio
    Number{0x04000402, 1, 6, true},       // meter number
    Number{0x04000409, 6400, 3, false},   // active constant
    Number{0x0400040A, 6400, 3, false},   // reactive constant
    Number{0x0400040E, 0, 6, true},       // customer number
    Number{0x04000601, 5, 1, false},      // combined active: forward and reverse
    Number{0x04000B01, 1'00, 2, true},    // first settlement day, DDhh
    Number{0x04000B02, 99'99, 2, false},  // none
    Number{0x04000B03, 99'99, 2, false},  // none
    Number{0x04000F01, 20'00, 4, true},   // energy alarm 1
    Number{0x04000F02, 10'00, 4, true},   // energy alarm 2
    Number{0x04001001, 20'00, 4, true},   // amount alarm 1
    Number{0x04001002, 10'00, 4, true},   // amount alarm 2
};

struct Words {
  std::uint32_t identifier;
  std::string_view text;
  std::size_t size;
  bool writable;
};
constexpr std::array words{
    Words{0x04000403, "", 32, true},             // asset code
    Words{0x04000404, "220V", 6, false},         // rated voltage
    Words{0x04000405, "5A", 6, false},           // rated current
    Words{0x04000406, "60A", 6, false},          // maximum current
    Words{0x04000407, "1.0", 4, false},          // active accuracy class
    Words{0x04000408, "2.0", 4, false},          // reactive accuracy class
    Words{0x0400040B, "VM3-60", 10, false},      // model
    Words{0x0400040C, "2026-11-21", 10, false},  // production date
    Words{0x0400040D, "DL/T645-2007", 16, false},
    Words{0x04800001, "METERRIG VIRTUAL METER", 32, false},  // software
};

constexpr std::uint8_t rate_2400 = 0x08;

template <class Rows>
auto find(const Rows& rows, std::uint32_t identifier) {
  return std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.identifier == identifier; });
}

}  // namespace

std::map<std::uint32_t, FieldBytes> dlt_parameters() {
  std::map<std::uint32_t, FieldBytes> parameters{{dlt_baud_rate, {rate_2400}}};
  for (const Number& number : numbers) append_bcd(parameters[number.identifier], number.value, number.size);
  for (const Words& text : words) {
    // The last character first; zeros fill up.
    FieldBytes& bytes = parameters[text.identifier];
    bytes.assign(text.text.rbegin(), text.text.rend());
    bytes.resize(text.size);
  }
  return parameters;
}

bool dlt_writable(std::uint32_t identifier) {
  const auto number = find(numbers, identifier);
  const auto text = find(words, identifier);
  return (number != numbers.end() && number->writable) || (text != words.end() && text->writable);
}

bool dlt_fits(std::uint32_t identifier, std::span<const std::uint8_t> value) {
  const auto text = find(words, identifier);
  if (text != words.end()) return value.size() == text->size;
  return value.size() == find(numbers, identifier)->size && cjt188::from_bcd(value).has_value();
}

}  // namespace meterrig::bench
