#pragma once

#include <array>
#include <memory>

#include "bench/instruments/register_device.hpp"

namespace meterrig::bench {

// Eight digital inputs with the safety contacts of the rig wired to them, all normally closed: input 0 the emergency
// stop, input N the door of station N. An unused input has a bridge.
class InputBoard final : public RegisterDevice {
 public:
  explicit InputBoard(std::shared_ptr<const RegisterProfile> profile);

  std::vector<std::uint16_t> read(RegisterTable table, std::uint16_t address, std::uint16_t count) override;

  // The contact opens, or its wire breaks.
  void open(std::size_t input) { closed_.at(input) = false; }
  void close(std::size_t input) { closed_.at(input) = true; }
  // It answers no more.
  void fall_silent() { silent_ = true; }

 private:
  std::array<bool, 8> closed_;
  bool silent_ = false;
};

}  // namespace meterrig::bench
