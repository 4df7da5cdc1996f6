#include "core/io/transport/modbus_line.hpp"

#include <modbus.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "core/errors.hpp"
#include "core/io/memory_link.hpp"
#include "core/io/transport/modbus_frame.hpp"
#include "core/io/transport/serial_settings.hpp"

namespace meterrig {
namespace {

using Steady = std::chrono::steady_clock;

char parity_letter(Parity parity) { return parity == Parity::none ? 'N' : parity == Parity::even ? 'E' : 'O'; }

}  // namespace

ModbusLine::ModbusLine(const Url& url) : rtu_(url.scheme == Url::Scheme::modbus_rtu) {
  if (rtu_) {
    SerialLine line = url.line();
    const Duration byte =
        LineTiming::serial(line.baud, line.data_bits, line.parity != Parity::none, line.stop_bits).byte_time;
    // Above 19200 baud the pause is fixed.
    gap_ = line.baud > 19200 ? Duration{1750us} : byte * 7 / 2;
    // The C library reports a parity that a pseudo-terminal can't have as an error, and libmodbus gives up on it.
    if (is_pseudo_terminal(url.path)) line = SerialLine{line.baud, 8, Parity::none, 1, {}, {}};
    context_ = modbus_new_rtu(url.path.c_str(), line.baud, parity_letter(line.parity), line.data_bits, line.stop_bits);
  } else {
    context_ = modbus_new_tcp_pi(url.host.c_str(), std::to_string(url.port).c_str());
  }
  if (!context_) throw LinkError(url.text() + ": libmodbus refused the address", {url.text(), "open", "", {}});
  // Without a time-out between bytes the one for the answer holds for the whole of it.
  modbus_set_byte_timeout(context_, 0, 0);
}

ModbusLine::~ModbusLine() {
  disconnect();
  modbus_free(context_);
}

void ModbusLine::disconnect() {
  const std::lock_guard lock(fd_mutex_);
  if (open_) modbus_close(context_);
  open_ = false;
  fd_ = -1;
}

void ModbusLine::interrupt() noexcept {
  const std::lock_guard lock(fd_mutex_);
  if (!rtu_ && fd_ >= 0) ::shutdown(fd_, SHUT_RDWR);
}

void ModbusLine::set_patience(Deadline deadline) {
  const auto left = std::max<std::chrono::microseconds>(
      std::chrono::duration_cast<std::chrono::microseconds>(deadline - Steady::now()), 1us);
  modbus_set_response_timeout(context_, static_cast<std::uint32_t>(left.count() / 1'000'000),
                              static_cast<std::uint32_t>(left.count() % 1'000'000));
}

bool ModbusLine::open(Deadline deadline, Reply& reply) {
  if (open_) return true;
  set_patience(deadline);
  if (modbus_connect(context_) != 0) {
    reply.error = errno;
    reply.doing = "connecting";
    return false;
  }
  const std::lock_guard lock(fd_mutex_);
  open_ = true;
  dirty_ = false;
  fd_ = modbus_get_socket(context_);
  return true;
}

ModbusLine::Reply ModbusLine::connect(Deadline deadline) {
  disconnect();
  Reply reply;
  open(deadline, reply);
  return reply;
}

// Gateways close connections that were idle for a minute or so; and nothing may wait there before it was asked for: a
// late answer could come after any flush, and only a new connection is surely without it.
bool ModbusLine::stale() const noexcept {
  std::uint8_t byte;
  return open_ && (::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN);
}

ModbusLine::Reply ModbusLine::exchange(int unit, const Bytes& pdu, Deadline deadline) {
  Reply reply;
  if (!open(deadline, reply)) return reply;
  std::this_thread::sleep_until(line_free_ + gap_);
  modbus_flush(context_);
  Bytes request{static_cast<std::uint8_t>(unit)};
  request.insert(request.end(), pdu.begin(), pdu.end());
  modbus_set_slave(context_, unit);
  set_patience(deadline);
  if (modbus_send_raw_request(context_, request.data(), static_cast<int>(request.size())) < 0) {
    reply.error = errno;
    reply.doing = "sending";
  } else if (unit != 0) {
    reply = receive(unit);
  }
  line_free_ = Steady::now();
  if (reply.error != 0 && reply.error != ETIMEDOUT && !broken_frame(reply.error)) disconnect();
  return reply;
}

bool ModbusLine::ask(int unit, const Bytes& pdu) {
  if (!open_ || dirty_ || stale()) return false;
  dirty_ = true;
  arrived_.clear();
  unit_asked_ = unit;
  Bytes request{static_cast<std::uint8_t>(unit)};
  request.insert(request.end(), pdu.begin(), pdu.end());
  modbus_set_slave(context_, unit);
  return modbus_send_raw_request(context_, request.data(), static_cast<int>(request.size())) >= 0;
}

std::optional<ModbusLine::Reply> ModbusLine::take_answer() {
  std::uint8_t bytes[MODBUS_TCP_MAX_ADU_LENGTH];
  const ssize_t count = ::recv(fd_, bytes, sizeof bytes, MSG_DONTWAIT);
  if (count < 0 && errno == EAGAIN) return std::nullopt;
  Reply reply;
  reply.doing = "waiting for the answer";
  if (count <= 0) {
    reply.error = count == 0 ? ECONNRESET : errno;
    return reply;
  }
  arrived_.insert(arrived_.end(), bytes, bytes + count);
  std::optional<modbus::Frame> frame;
  try {
    frame = modbus::take_tcp(arrived_);
  } catch (const ProtocolError&) {
    reply.error = EMBBADDATA;
    return reply;
  }
  if (!frame) return std::nullopt;
  reply.unit = frame->unit;
  // Every request is sent as transaction 0.
  if (frame->transaction != 0) reply.error = EMBBADDATA;
  reply.pdu = std::move(frame->pdu);
  dirty_ = reply.error != 0 || reply.unit != unit_asked_ || !arrived_.empty();
  return reply;
}

ModbusLine::Reply ModbusLine::receive(int unit) {
  Reply reply;
  reply.doing = "waiting for the answer";
  std::uint8_t frame[MODBUS_RTU_MAX_ADU_LENGTH] = {};
  const int length = modbus_receive_confirmation(context_, frame);
  if (length < 0) {
    reply.error = errno;
    return reply;
  }
  reply.unit = frame[0];
  // libmodbus gives a length of 0 for a frame of another unit.
  constexpr int header = 1, checksum = 2;
  if (reply.unit == unit && length > header + checksum) reply.pdu.assign(frame + header, frame + length - checksum);
  return reply;
}

std::string ModbusLine::words(int error) { return modbus_strerror(error); }
bool ModbusLine::broken_frame(int error) noexcept { return error > MODBUS_ENOBASE; }

}  // namespace meterrig
