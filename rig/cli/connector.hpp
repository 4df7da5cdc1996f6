#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "bench/bench.hpp"
#include "core/io/transport/wall_clock.hpp"
#include "rig/run/connector.hpp"

namespace meterrig::cli {

// The timing of a virtual member's line: what its address says (`?baud=2400&parity=even`), else the bench's own.
LineTiming timing_of(const Url& address, const bench::Bench::LinkEnd& end);

// Opens a rig's addresses: `virtual:` ones in the bench, in memory; all others through the operating system.
class BenchConnector final : public rig::Connector {
 public:
  // Puts something in front of a virtual member; the bench's own peer where it gives null.
  using Interpose = std::function<LinkPeer*(const std::string& member, LinkPeer& own)>;

  // `bench`: null when the rig has none. `wall`: null on the virtual clock.
  BenchConnector(Clock& clock, bench::Bench* bench, WallClock* wall, Interpose interpose = {})
      : clock_(clock), bench_(bench), wall_(wall), interpose_(std::move(interpose)) {}

  Task<std::unique_ptr<ByteStream>> stream(const plan::Address& address, const std::string& name) override;
  Task<std::shared_ptr<RegisterBus>> bus(const plan::Address& address, const std::string& name, int& unit) override;

 private:
  struct Line {
    std::shared_ptr<RegisterBus> bus;
    bool opening = false;
  };
  std::shared_ptr<RegisterBus> virtual_bus(const std::string& member, const std::string& name, int& unit);
  Task<std::shared_ptr<RegisterBus>> real_bus(plan::Address address);
  [[noreturn]] void no_member(const std::string& member, const std::string& name, const char* kind) const;
  WallClock& wall(const plan::Address& address) const;

  Clock& clock_;
  bench::Bench* bench_;
  WallClock* wall_;
  Interpose interpose_;
  std::map<std::string, Line> lines_;
};

}  // namespace meterrig::cli
