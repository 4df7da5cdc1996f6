#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "bench/desk/flow_model.hpp"
#include "bench/desk/serial_meter.hpp"
#include "bench/meter/cjt_slave.hpp"
#include "core/json/node.hpp"
#include "meters/cjt188.hpp"

namespace meterrig::bench {

// What the CJ/T 188 meters on the desk have in common: link, addresses, identifiers, clock, days, keys and the security
// of 2018 clause 7, as the rig file's `security` says. Sensitive are purchases, prices, valve, base value and keys.
class CjtMeter : public SerialMeter<cjt188::Scanner>, protected CjtSlave {
 public:
  CjtMeter(Clock& clock, const json::Node& meter, std::uint8_t type);

 protected:
  using Bytes = cjt188::Bytes;

  // The content behind SER, into `out`. False: the abnormal reply.
  virtual bool read_item(unsigned identifier, Bytes& out) = 0;
  virtual bool write_item(unsigned identifier, std::span<const std::uint8_t> content, Bytes& out) = 0;
  virtual bool write_base(std::span<const std::uint8_t> content, Bytes& out) = 0;

  FlowModel& model() { return model_; }
  const FlowModel& model() const { return model_; }
  bool factory_enabled() const { return factory_enabled_; }

 private:
  std::optional<Bytes> answer(const cjt188::Frame& request) final;
  bool serve(std::uint8_t function, unsigned identifier, std::span<const std::uint8_t> content, Bytes& out) final;
  bool is_sensitive(unsigned identifier) const final;
  bool read_common(unsigned identifier, Bytes& out);
  bool write_common(unsigned identifier, std::span<const std::uint8_t> content, Bytes& out);
  bool write_day(unsigned identifier, std::span<const std::uint8_t> content);
  bool write_clock(std::span<const std::uint8_t> content);
  bool write_key(std::span<const std::uint8_t> content, Bytes& out);
  bool write_address(std::span<const std::uint8_t> content);

  FlowModel model_;
  int preamble_;
  std::uint8_t key_version_ = 1;
  unsigned reading_day_ = 1;
  bool factory_enabled_ = false;
};

}  // namespace meterrig::bench
