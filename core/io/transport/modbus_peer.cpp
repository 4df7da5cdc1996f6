#include "core/io/transport/modbus_peer.hpp"

#include "core/io/transport/modbus_frame.hpp"

namespace meterrig {
namespace {

// The answer of one device; nothing when it is silent.
std::optional<Bytes> ask(RegisterPeer& device, const modbus::Request& request, modbus::View pdu) {
  if (request.refuse) return modbus::exception_answer(request.function, request.refuse);
  try {
    if (request.write) {
      device.write(request.table, request.address, request.values);
      return modbus::write_answer(pdu);
    }
    const std::vector<std::uint16_t> values = device.read(request.table, request.address, request.count);
    if (values.size() != request.count) return modbus::exception_answer(request.function, modbus::device_failure);
    return modbus::read_answer(request, values);
  } catch (const RegisterPeer::Refusal& refusal) {
    return modbus::exception_answer(request.function, refusal.code);
  } catch (const RegisterPeer::Silence&) {
    return std::nullopt;
  }
}

}  // namespace

void ModbusPeer::receive(Port& port, std::span<const std::uint8_t> bytes) {
  Bytes& buffer = received_[&port];
  buffer.insert(buffer.end(), bytes.begin(), bytes.end());
  try {
    while (const auto frame = framing_ == Framing::tcp ? modbus::take_tcp(buffer) : modbus::take_rtu_request(buffer))
      answer(port, frame->transaction, frame->unit, frame->pdu);
  } catch (const ProtocolError&) {
    // On TCP nothing tells where the next frame begins.
    received_.erase(&port);
    port.hang_up();
  }
}

void ModbusPeer::answer(Port& port, int transaction, int unit, std::span<const std::uint8_t> pdu) {
  const modbus::Request request = modbus::parse_request(pdu);
  if (framing_ == Framing::rtu && unit == 0) {
    // A broadcast: all obey, none answers (Serial Line V1.02, 2.1).
    if (request.write)
      for (const auto& [number, device] : devices_) ask(*device, request, pdu);
    return;
  }
  const auto found = devices_.find(unit);
  if (found == devices_.end()) return;
  const std::optional<Bytes> reply = ask(*found->second, request, pdu);
  if (!reply) return;
  const Bytes frame =
      framing_ == Framing::tcp ? modbus::tcp_frame(transaction, unit, *reply) : modbus::rtu_frame(unit, *reply);
  port.send(frame, clock_.now() + turnaround_);
}

}  // namespace meterrig
