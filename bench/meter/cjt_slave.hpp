#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "meters/cjt188.hpp"
#include "meters/cjt188_security.hpp"

namespace meterrig::bench {

// What a CJ/T 188 meter answers to a request: whom it is for, plain or enciphered, sequence, abnormal replies. Bad
// parity, checksum or format and other addresses are met with silence (6.3.5).
//
// Security:
//   none      plain messages only
//   offered   each message plain or enciphered; the answer comes as the request did
//   required  what is sensitive enciphered only; all others as with `offered`
// Key version and address are always plain (2004, 8.1). A cipher text that can't be opened (wrong key, wrong padding,
// wrong check value, wrong length) or that repeats a SER is met with silence, since nothing in it can be trusted; a
// plain message where only an enciphered one may come gets the abnormal reply. Abnormal replies are plain.
class CjtSlave {
 public:
  enum class Sealing { none, offered, required };
  struct Settings {
    std::uint8_t type = 0;
    std::uint8_t reply_type = 0;
    cjt188::Address address{};
    bool low_first = false;
    bool echoes_sequence = true;
    Sealing sealing = Sealing::none;
    cjt188::Security security;
  };
  // Deliberate faults.
  struct Flaws {
    bool ignores_check = false;  // opens a message whose check value is wrong
    bool xors = false;           // XOR with the key stands for the cipher
    bool silent_refusal = false;
  };

 protected:
  using Bytes = cjt188::Bytes;

  explicit CjtSlave(const Settings& settings) : settings_(settings) {}
  ~CjtSlave() = default;

  // Null: silence.
  std::optional<cjt188::Frame> answer_to(const cjt188::Frame& request);
  // Whether a request is for this meter.
  bool addressed(const cjt188::Frame& request) const;

  // The content behind SER, into `out`. False: the abnormal reply.
  virtual bool serve(std::uint8_t function, unsigned identifier, std::span<const std::uint8_t> content, Bytes& out) = 0;
  // Of writes that have to be enciphered where security is required.
  virtual bool is_sensitive(unsigned identifier) const = 0;
  virtual std::uint16_t status() const = 0;  // ST0 in the low byte
  void append_status(Bytes& out) const;

  Settings& settings() { return settings_; }
  const Settings& settings() const { return settings_; }
  Flaws& flaws() { return flaws_; }
  // Of the last enciphered message.
  std::optional<std::uint8_t> last_sequence() const { return last_sequence_; }
  void forget_sequence() { last_sequence_.reset(); }
  void go_on_behind(std::uint8_t sequence) { last_sequence_ = sequence; }

 private:
  bool looks_sealed(const cjt188::Frame& request) const;
  unsigned identifier_of(const Bytes& data) const;
  std::optional<cjt188::Frame> open(const cjt188::Frame& request) const;
  cjt188::Frame seal(const cjt188::Frame& reply, const cjt188::Security& security) const;
  std::optional<cjt188::Frame> execute(const cjt188::Frame& plain, bool was_sealed);

  Settings settings_;
  Flaws flaws_;
  std::optional<std::uint8_t> last_sequence_;
};

}  // namespace meterrig::bench
