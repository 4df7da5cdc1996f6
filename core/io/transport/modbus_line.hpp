#pragma once

#include <chrono>
#include <mutex>
#include <string>

#include "core/io/byte_stream.hpp"
#include "core/io/url.hpp"

typedef struct _modbus modbus_t;

namespace meterrig {

// libmodbus's side of a bus: connection, framing, checksums. One thread at a time: connect() and exchange() block, so
// the bus's worker makes them; ask(), whole_answer() and answer() don't. interrupt() alone may come at any time.
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
  // A broadcast (RTU, unit 0) has no answer: its Reply has no PDU.
  Reply exchange(int unit, const Bytes& pdu, Deadline deadline);
  // The halves of an exchange over TCP, for a thread that waits for the answer by other means. False when the
  // connection has to be made anew first. None blocks: answer() is for when whole_answer() holds.
  bool ask(int unit, const Bytes& pdu);
  bool whole_answer() const noexcept;
  Reply answer(int unit);
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
  void keep_gap() const;
  bool stale() const noexcept;
  Reply receive(int unit);

  bool rtu_;
  modbus_t* context_ = nullptr;
  std::chrono::nanoseconds gap_{};  // 3.5 characters between frames (Serial Line V1.02, 2.5.1.1)
  Deadline line_free_{};
  bool open_ = false;
  bool dirty_ = false;  // an answer may still come that nobody waits for
  std::mutex fd_mutex_;
  int fd_ = -1;
};

}  // namespace meterrig
