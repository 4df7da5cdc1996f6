#include "instruments/modbus_roles.hpp"

namespace meterrig {
namespace {

class InputContact final : public SafetyContact {
 public:
  InputContact(SharedDevice device, std::uint16_t input) : device_(std::move(device)), input_(input) {}
  Task<bool> closed() override { return device_->input(input_); }

 private:
  SharedDevice device_;
  std::uint16_t input_;
};

}  // namespace

std::unique_ptr<SafetyContact> make_safety_contact(SharedDevice device, std::uint16_t input) {
  return std::make_unique<InputContact>(std::move(device), input);
}

}  // namespace meterrig
