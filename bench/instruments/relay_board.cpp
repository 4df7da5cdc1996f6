#include "bench/instruments/relay_board.hpp"

namespace meterrig::bench {
namespace {

constexpr Duration contact_time = 5ms;
constexpr std::uint16_t all_relays = 0x00FF, line_register = 0x2000, address_register = 0x4000,
                        version_register = 0x8000;
constexpr std::uint16_t firmware = 200;  // V2.00
constexpr int illegal_function = 1, illegal_address = 2, illegal_value = 3;

}  // namespace

RelayBoard::RelayBoard(Clock& clock, std::shared_ptr<const RegisterProfile> profile, Moved moved)
    : clock_(clock), moved_(std::move(moved)), unit_(profile->unit) {
  for (std::size_t i = 0; i < relays_.size(); ++i)
    relays_[i].timer = std::make_unique<Timer>(clock, [this, i] { follow(i); });
}

std::vector<std::uint16_t> RelayBoard::read(RegisterTable table, std::uint16_t address, std::uint16_t count) {
  std::vector<std::uint16_t> values;
  if (table == RegisterTable::coils) {
    if (count == 0 || address + count > 8) throw Refusal{illegal_address};
    for (std::size_t i = address; i < std::size_t{address} + count; ++i) {
      const Relay& relay = relays_[i];
      values.push_back(relay.coil);  // the driver of the coil; nobody tells where the contact is
    }
    return values;
  }
  if (table != RegisterTable::holding) throw Refusal{illegal_function};
  if (count != 1) throw Refusal{illegal_address};
  switch (address) {
    case line_register:
      return {line_settings_};
    case address_register:
      return {static_cast<std::uint16_t>(unit_)};
    case version_register:
      return {firmware};
    default:
      throw Refusal{illegal_address};
  }
}

void RelayBoard::write(RegisterTable table, std::uint16_t address, std::span<const std::uint16_t> values) {
  if (table == RegisterTable::coils) {
    if (address == all_relays && values.size() == 1) {
      for (std::size_t i = 0; i < relays_.size(); ++i) energise(i, values[0]);
      return;
    }
    if (address + values.size() > relays_.size()) throw Refusal{illegal_address};
    for (std::size_t i = 0; i < values.size(); ++i) energise(address + i, values[i]);
    return;
  }
  if (table != RegisterTable::holding) throw Refusal{illegal_function};
  if (values.size() != 1) throw Refusal{illegal_address};
  if (address == address_register) {
    if (values[0] < 1 || values[0] > 255) throw Refusal{illegal_value};
    unit_ = values[0];
  } else if (address == line_register) {
    line_settings_ = values[0];
  } else {
    throw Refusal{illegal_address};
  }
}

void RelayBoard::energise(std::size_t index, std::uint16_t word) {
  Relay& relay = relays_[index];
  bool on = false;
  if (word == 1 || word == 0xFF00)
    on = true;
  else if (word == 0x5500)
    on = !relay.coil;
  else if (word != 0)
    throw Refusal{illegal_value};
  if (on == relay.coil) return;
  relay.coil = on;
  relay.timer->at(clock_.now() + contact_time);
}

// The armature has arrived where the coil wants it.
void RelayBoard::follow(std::size_t index) {
  Relay& relay = relays_[index];
  const int number = static_cast<int>(index);
  const bool paired = number == pair_[0] || number == pair_[1];
  if (paired && relay.coil && !relay.closed) {
    const auto other = static_cast<std::size_t>(number == pair_[0] ? pair_[1] : pair_[0]);
    if (relays_[other].closed) {
      move(other, false);
      relay.timer->at(clock_.now() + contact_time);
      return;
    }
  }
  move(index, relay.coil);
}

void RelayBoard::move(std::size_t index, bool closed) {
  Relay& relay = relays_[index];
  if (relay.closed == closed) return;
  if (relay.stuck == Stuck::open || (relay.stuck == Stuck::welded && !closed)) return;
  relay.closed = closed;
  if (moved_) moved_(static_cast<int>(index), closed);
}

}  // namespace meterrig::bench
