#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// The functions that meters use (Modbus Application Protocol V1.1b3, clauses 6 and 7), one description for both ways:
// shared by the files of modbus_telegram, not for others.
namespace meterrig::modbus_telegram {

inline constexpr std::uint8_t exception_bit = 0x80;

enum class Shape { read_bits, read_registers, write_one, write_bits, write_registers };
struct Function {
  std::uint8_t code;
  Shape shape;
  std::string_view item;  // of its values
  unsigned most;          // values in one request (6.1 to 6.12)
};
// With or without the exception bit; null: not known.
const Function* function_of(std::uint8_t code);

bool of_bits(const Function& function);
// Bytes of so many values.
std::size_t data_size(const Function& function, unsigned count);

// "illegal_data_address"; "exception_0C" of a code that the standard doesn't have.
std::string exception_name(std::uint8_t code);

}  // namespace meterrig::modbus_telegram
