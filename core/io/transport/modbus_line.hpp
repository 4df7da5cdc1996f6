#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include "core/io/byte_stream.hpp"
#include "core/io/url.hpp"

typedef struct _modbus modbus_t;

namespace meterrig {

// libmodbus's side of a bus: connection, RTU's framing and checksums. One thread at a time: connect() and exchange()
// block, so the bus's worker makes them; ask() and take_answer() don't. interrupt() alone may come at any time.
class ModbusLine {
 public:
  explicit ModbusLine(const Url& url);
  ModbusLine(const ModbusLine&) = delete;
  ModbusLine& operator=(const ModbusLine&) = delete;
  ~ModbusLine();

  struct Reply {
    int error = 0;      // errno, or one of libmodbus's own
    std::string doing;  // where it failed: "connecting", "sending", "waiting for the answer"
    int unit = 0;       // who answered
    Bytes pdu;
  };
  using Deadline = std::chrono::steady_clock::time_point;

  Reply connect(Deadline deadline);
  // Over RTU. A broadcast (unit 0) has no answer: its Reply has no PDU.
  Reply exchange(int unit, const Bytes& pdu, Deadline deadline);
  // The halves of an exchange over TCP, for a thread that waits for the answer by other means. False when the
  // connection has to be made anew first.
  bool ask(int unit, const Bytes& pdu);
  // Takes what has come; none: the answer is not whole yet. libmodbus can only wait for an answer, with four calls of
  // the system for what one brings.
  std::optional<Reply> take_answer();
  // Of the connection; -1 when there is none.
  int descriptor() const noexcept { return fd_; }
  void disconnect();
  // Ends a wait for a TCP peer at once. A serial line's wait ends at its deadline.
  void interrupt() noexcept;
  // libmodbus's words for the number, and whether it means a broken frame.
  static std::string words(int error);
  static bool broken_frame(int error) noexcept;

 private:
  bool open(Deadline deadline, Reply& reply);
  void set_patience(Deadline deadline);
  bool stale() const noexcept;
  Reply receive(int unit);

  bool rtu_;
  modbus_t* context_ = nullptr;
  std::chrono::nanoseconds gap_{};  // 3.5 characters between frames (Serial Line V1.02, 2.5.1.1)
  Deadline line_free_{};
  bool open_ = false;
  bool dirty_ = false;  // over TCP: an answer may still come that nobody waits for
  Bytes arrived_;       // over TCP, of the answer under way
  int unit_asked_ = 0;
  std::mutex fd_mutex_;
  int fd_ = -1;
};

}  // namespace meterrig
