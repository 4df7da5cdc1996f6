#pragma once

#include <map>
#include <span>

#include "core/io/register_bus.hpp"

namespace meterrig {

// A Modbus device as its bus sees it; served in memory, over Modbus TCP and over RTU alike.
class RegisterPeer {
 public:
  // Thrown by a device to refuse a request with an exception code of the protocol.
  struct Refusal {
    int code;
  };
  // Thrown by a device that does not answer at all.
  struct Silence {};

  virtual ~RegisterPeer() = default;
  virtual std::vector<std::uint16_t> read(RegisterTable table, std::uint16_t address, std::uint16_t count) = 0;
  virtual void write(RegisterTable table, std::uint16_t address, std::span<const std::uint16_t> values) = 0;
};

// A bus in memory. One exchange at a time, in the order of asking, each lasting as its frames would on the line.
class MemoryBus final : public RegisterBus {
 public:
  // `byte_time`: 0 for Modbus TCP, 1.146 ms for RTU at 9600 8N1.
  MemoryBus(Clock& clock, std::string name, Duration byte_time, Duration turnaround);
  void attach(int unit, RegisterPeer& peer) { peers_[unit] = &peer; }

  Task<std::vector<std::uint16_t>> read(int unit, RegisterTable table, std::uint16_t address, std::uint16_t count,
                                        Instant deadline) override;
  Task<> write(int unit, RegisterTable table, std::uint16_t address, std::vector<std::uint16_t> values,
               Instant deadline) override;
  Task<> reopen(Instant deadline) override;
  void close() noexcept override { closed_ = true; }
  const std::string& name() const noexcept override { return name_; }

 private:
  Task<> line(std::size_t bytes, Instant deadline, const Exchange& exchange);
  RegisterPeer* peer(int unit) const;

  Clock& clock_;
  std::string name_;
  Duration byte_time_;
  Duration turnaround_;
  std::map<int, RegisterPeer*> peers_;
  Instant line_free_{};
  bool closed_ = false;
};

}  // namespace meterrig
