#pragma once

#include <deque>
#include <string>

#include "core/io/byte_stream.hpp"

namespace meterrig {

// The far side of an in-memory link, and of a served socket or pseudo-terminal: what stands behind a port.
class LinkPeer {
 public:
  // Where answers go. Bytes leave at `at` or later (not before now), one byte_time apart.
  class Port {
   public:
    virtual ~Port() = default;
    virtual void send(std::span<const std::uint8_t> bytes, Instant at) = 0;
    // The peer hangs up: reads of the other side end with ClosedError.
    virtual void hang_up() = 0;
  };

  virtual ~LinkPeer() = default;
  // A chunk whose last byte has arrived now; its first arrived bytes.size() - 1 byte times earlier.
  virtual void receive(Port& port, std::span<const std::uint8_t> bytes) = 0;
  virtual void connected(Port&) {}
  virtual void disconnected(Port&) noexcept {}
};

// Timing of the line. byte_time zero: as fast as the latency (a LAN). 2400 8E1: 11 bits / 2400 = 4.583 ms a byte.
struct LineTiming {
  Duration byte_time{};
  Duration latency{};
  static LineTiming serial(int baud, int data_bits = 8, bool parity = true, int stop_bits = 1);
  static LineTiming lan() { return {Duration::zero(), 50us}; }
};

// An in-memory link with the timing of a real line. Chunks travel whole: one event a chunk, not one a byte.
class MemoryLink final : public ByteStream, private LinkPeer::Port {
 public:
  MemoryLink(Clock& clock, std::string name, LinkPeer& peer, LineTiming timing);
  ~MemoryLink() override;

  Task<> write(std::span<const std::uint8_t> bytes, Instant deadline) override;
  void drain() override;
  Task<> reopen(Instant deadline) override;
  void close() noexcept override;
  const std::string& name() const noexcept override { return name_; }

 private:
  struct Chunk {
    Instant at;
    Bytes bytes;
  };
  void start_read(ReadOp& op) override;
  void stop_read(ReadOp& op) noexcept override;
  void send(std::span<const std::uint8_t> bytes, Instant at) override;
  void hang_up() override;
  void deliver_to_peer();
  void deliver_to_reader();
  void serve_reader();
  void expired();

  Clock& clock_;
  std::string name_;
  LinkPeer& peer_;
  LineTiming timing_;
  std::deque<Chunk> to_peer_;
  std::deque<Chunk> to_reader_;
  Bytes arrived_;
  std::size_t taken_ = 0;
  ReadOp* reader_ = nullptr;
  Instant read_started_{};
  Instant peer_line_free_{};
  Instant reader_line_free_{};
  Timer peer_timer_;
  Timer reader_timer_;
  DeadlineTimer deadline_;
  bool closed_ = false;
};

}  // namespace meterrig
