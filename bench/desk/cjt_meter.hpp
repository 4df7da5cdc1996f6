#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "bench/desk/flow_model.hpp"
#include "bench/desk/serial_meter.hpp"
#include "core/json/node.hpp"
#include "meters/cjt188.hpp"
#include "meters/cjt188_security.hpp"

namespace meterrig::bench {

// What the CJ/T 188 meters on the desk have in common: link, addresses, identifiers, clock, days, keys and the security
// of 2018 clause 7. Bad parity, checksum or format and other addresses are met with silence (6.3.5).
//
// Security, as the rig file's `security` says:
//   none      plain messages only
//   offered   each message plain or enciphered; the answer comes as the request did
//   required  purchases, prices, valve, base value and keys enciphered only; all others as with `offered`
// Key version and address are always plain (2004, 8.1). A cipher text that can't be opened (wrong key, wrong padding,
// wrong length) or that repeats a SER is met with silence, since nothing in it can be trusted; a plain message where
// only an enciphered one may come gets the abnormal reply. Abnormal replies are plain.
class CjtMeter : public SerialMeter<cjt188::Scanner> {
 public:
  CjtMeter(Clock& clock, const json::Node& meter, std::uint8_t type);

 protected:
  using Bytes = cjt188::Bytes;
  enum class Sealing { none, offered, required };

  // The content behind SER, into `out`. False: the abnormal reply.
  virtual bool read_item(unsigned identifier, Bytes& out) = 0;
  virtual bool write_item(unsigned identifier, std::span<const std::uint8_t> content, Bytes& out) = 0;
  virtual bool write_base(std::span<const std::uint8_t> content, Bytes& out) = 0;
  virtual std::uint16_t status() const = 0;  // ST0 in the low byte

  FlowModel& model() { return model_; }
  const FlowModel& model() const { return model_; }
  bool factory_enabled() const { return factory_enabled_; }
  void append_status(Bytes& out) const;

 private:
  std::optional<Bytes> answer(const cjt188::Frame& request) final;
  bool addressed(const cjt188::Frame& request) const;
  bool looks_sealed(const cjt188::Frame& request) const;
  unsigned identifier_of(const Bytes& data) const;
  std::optional<Bytes> execute(const cjt188::Frame& plain, bool was_sealed);
  bool serve(std::uint8_t function, unsigned identifier, std::span<const std::uint8_t> content, Bytes& out);
  bool read_common(unsigned identifier, Bytes& out);
  bool write_common(unsigned identifier, std::span<const std::uint8_t> content, Bytes& out);
  bool write_day(unsigned identifier, std::span<const std::uint8_t> content);
  bool write_clock(std::span<const std::uint8_t> content);
  bool write_key(std::span<const std::uint8_t> content, Bytes& out);
  bool write_address(std::span<const std::uint8_t> content);

  FlowModel model_;
  std::uint8_t type_;
  std::uint8_t reply_type_;
  cjt188::Address address_;
  bool low_first_;
  bool echoes_sequence_;
  int preamble_;
  Sealing sealing_;
  cjt188::Security security_;
  std::optional<std::uint8_t> last_sequence_;  // of enciphered messages
  std::uint8_t key_version_ = 1;
  unsigned reading_day_ = 1;
  bool factory_enabled_ = false;
};

}  // namespace meterrig::bench
