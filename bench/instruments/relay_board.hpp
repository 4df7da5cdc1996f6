#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include "bench/instruments/register_device.hpp"
#include "core/clock.hpp"

namespace meterrig::bench {

// Waveshare Modbus RTU relay, eight channels. Function 05 also takes 0x5500 (toggle) and coil 0x00FF (all); holding
// registers 0x2000 (line settings), 0x4000 (address), 0x8000 (firmware). Contacts move 5 ms after their coils. A coil
// reads back as commanded, and as its contact really stands where that contact is stuck.
class RelayBoard final : public RegisterPeer {
 public:
  enum class Stuck { no, open, welded };  // welded: closes once and never opens again
  using Moved = std::function<void(int relay, bool closed)>;

  RelayBoard(Clock& clock, std::shared_ptr<const RegisterProfile> profile, Moved moved);

  std::vector<std::uint16_t> read(RegisterTable table, std::uint16_t address, std::uint16_t count) override;
  void write(RegisterTable table, std::uint16_t address, std::span<const std::uint16_t> values) override;

  int unit() const { return unit_; }
  bool closed(int relay) const { return relays_[static_cast<std::size_t>(relay)].closed; }
  void stick(int relay, Stuck how) { relays_[static_cast<std::size_t>(relay)].stuck = how; }
  // Fault R1: of these two, one opens 5 ms before the other closes, whatever the program asks for.
  void break_before_make(int relay, int other) { pair_ = {relay, other}; }

 private:
  struct Relay {
    bool coil = false;
    bool closed = false;
    Stuck stuck = Stuck::no;
    std::unique_ptr<Timer> timer;
  };
  void energise(std::size_t relay, std::uint16_t word);
  void follow(std::size_t relay);
  void move(std::size_t relay, bool closed);

  Clock& clock_;
  Moved moved_;
  std::array<Relay, 8> relays_;
  std::array<int, 2> pair_{-1, -1};
  int unit_;
  std::uint16_t line_settings_ = 1;  // 9600 8N1
};

}  // namespace meterrig::bench
