#include "meters/modbus_functions.hpp"

#include <array>

#include <fmt/format.h>

namespace meterrig::modbus_telegram {
namespace {

constexpr std::array functions{
    Function{1, Shape::read_bits, "coil", 2000},
    Function{2, Shape::read_bits, "discrete_input", 2000},
    Function{3, Shape::read_registers, "register", 125},
    Function{4, Shape::read_registers, "register", 125},
    Function{5, Shape::write_one, "coil", 1},
    Function{6, Shape::write_one, "register", 1},
    Function{15, Shape::write_bits, "coil", 1968},
    Function{16, Shape::write_registers, "register", 123},
};

struct Exception {
  std::uint8_t code;
  std::string_view name;
};
constexpr std::array exceptions{
    Exception{1, "illegal_function"},
    Exception{2, "illegal_data_address"},
    Exception{3, "illegal_data_value"},
    Exception{4, "device_failure"},
    Exception{5, "acknowledge"},
    Exception{6, "device_busy"},
    Exception{8, "memory_parity_error"},
    Exception{10, "gateway_path_unavailable"},
    Exception{11, "gateway_target_silent"},
};

}  // namespace

const Function* function_of(std::uint8_t code) {
  for (const Function& function : functions)
    if (function.code == (code & ~exception_bit)) return &function;
  return nullptr;
}

bool of_bits(const Function& function) {
  return function.shape == Shape::read_bits || function.shape == Shape::write_bits;
}
std::size_t data_size(const Function& function, unsigned count) {
  return of_bits(function) ? (count + 7) / 8 : 2 * count;
}

std::string exception_name(std::uint8_t code) {
  for (const Exception& known : exceptions)
    if (known.code == code) return std::string(known.name);
  return fmt::format("exception_{:02X}", code);
}

}  // namespace meterrig::modbus_telegram
