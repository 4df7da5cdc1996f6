#include "bench/instruments/input_board.hpp"

#include <fmt/format.h>

namespace meterrig::bench {
namespace {

constexpr std::uint64_t firmware = 100;  // V1.00

}  // namespace

InputBoard::InputBoard(std::shared_ptr<const RegisterProfile> profile) : RegisterDevice(std::move(profile), "") {
  closed_.fill(true);
  bind_count("firmware_version", [] { return firmware; });
  for (std::size_t i = 0; i < closed_.size(); ++i)
    bind_count(fmt::format("input{}", i), [this, i] { return std::uint64_t{closed_[i]}; });
}

std::vector<std::uint16_t> InputBoard::read(RegisterTable table, std::uint16_t address, std::uint16_t count) {
  if (silent_) throw Silence{};
  return RegisterDevice::read(table, address, count);
}

}  // namespace meterrig::bench
