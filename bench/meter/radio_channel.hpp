#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <vector>

#include "core/clock.hpp"

namespace meterrig::bench {

// A meter's radio, as the channel sees it.
class RadioListener {
 public:
  virtual ~RadioListener() = default;
  // A wake burst begins now. Who listens somewhere in it stays in receive until its end and waits for the frame.
  virtual void burst_begins(Instant) {}
  // A frame of the host has been on the air and ends now; only a meter in receive hears it.
  virtual void frame_on_air(std::span<const std::uint8_t> frame) = 0;
};

// The one radio channel of the bench: all meters and the companion equipment (host). A wake burst carries no address,
// so it wakes every meter that listens while it lasts.
class RadioChannel {
 public:
  using Heard = std::function<void(std::span<const std::uint8_t> frame, double rssi_dbm)>;

  explicit RadioChannel(Clock& clock);

  // From the host: a wake burst, then the frame. A burst of zero reaches meters that are in receive already. What is
  // sent while the channel is busy waits its turn, as a host that listens before it talks does.
  void transmit(Duration wake_burst, std::vector<std::uint8_t> frame);
  bool busy() const;
  // Everything that meters send goes to the host: replies and reports alike.
  void on_reply(Heard heard) { heard_ = std::move(heard); }
  // Path loss beyond that of the declared distance; the link margin is 10 dB, past it nothing is heard either way.
  void set_attenuation(double db) { attenuation_db_ = db; }

  // From meters.
  void subscribe(RadioListener& listener);
  void unsubscribe(RadioListener& listener);
  // The end of the wake burst that is on the air now; Instant::min() when there is none.
  Instant burst_end() const;
  // A frame that a meter has just finished sending.
  void reply(std::span<const std::uint8_t> frame);

 private:
  struct Transmission {
    Duration burst;
    std::vector<std::uint8_t> frame;
  };
  void begin_next();
  void advance();
  bool reaches() const { return attenuation_db_ <= 10; }

  Clock& clock_;
  Timer timer_;
  std::deque<Transmission> waiting_;
  std::vector<RadioListener*> listeners_;
  Heard heard_;
  Instant burst_end_ = Instant::min();
  bool sending_ = false;
  bool in_burst_ = false;
  double attenuation_db_ = 0;
};

}  // namespace meterrig::bench
