#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "bench/desk/flow_model.hpp"
#include "bench/desk/serial_meter.hpp"
#include "core/json/node.hpp"
#include "meters/mbus.hpp"

namespace meterrig::bench {

// A heat meter on M-Bus (EN 13757-2 and -3): primary and secondary addressing, two telegrams (readings, then the last
// twelve settlements), a primary address and a clock that can be set.
class MbusMeter final : public SerialMeter<mbus::Scanner> {
 public:
  MbusMeter(Clock& clock, const json::Node& meter);

 private:
  using Bytes = mbus::Bytes;

  std::optional<Bytes> answer(const mbus::Frame& request) override;
  bool addressed(std::uint8_t address) const;
  std::optional<Bytes> obey(const mbus::Frame& request);
  bool selected_by(const Bytes& mask) const;
  bool write(const Bytes& records);
  Bytes next_telegram(bool frame_count);
  Bytes readings();
  Bytes history();

  FlowModel model_;
  std::array<std::uint8_t, 8> secondary_;  // as on the wire: identification low byte first, maker, version, medium
  std::uint8_t primary_;
  bool selected_ = false;
  std::uint8_t access_number_ = 0;
  // Of the last REQ_UD2; none after SND_NKE. The same again asks for the same telegram again (EN 13757-2, 5.5).
  std::optional<bool> frame_count_;
  std::size_t telegram_ = 0;
  Bytes last_;
};

}  // namespace meterrig::bench
