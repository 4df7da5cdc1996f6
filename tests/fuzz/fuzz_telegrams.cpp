#include "core/io/modbus_crc.hpp"
#include "meters/modbus_telegram.hpp"
#include "meters/protocols.hpp"
#include "tests/fuzz/stream_laws.hpp"

// Telegrams of all protocols, told apart by the bytes, and those of Modbus.

namespace meterrig::fuzz {
namespace {

namespace rtu = modbus_telegram::rtu;
namespace tcp = modbus_telegram::tcp;

void check_protocols(const Bytes& input) {
  const auto chosen = telegrams_in(input);
  bool known = false;
  for (const std::string& name : protocol_names()) {
    const auto telegrams = telegrams_in(input, name);
    check_telegrams(telegrams, input.size());
    for (const Telegram& telegram : telegrams) hold(telegram.protocol == name, "a telegram names its protocol", name);
    known = known || (!chosen.empty() && chosen.front().protocol == name && chosen.size() == telegrams.size());
  }
  check_telegrams(chosen, input.size());
  hold(known, "what the bytes decide is what one of the protocols says");
}

// Whatever the PDU: where the whole frame is read, unit and function are what they were.
void check_frame(const Bytes& frame, const std::vector<Telegram>& telegrams, const std::string& unit_and_function) {
  check_telegrams(telegrams, frame.size());
  const Telegram& telegram = telegrams.front();
  if (!telegram.valid || telegram.bytes.front().from != 0 || telegram.bytes.back().to != frame.size()) return;
  hold(telegram.address + telegram.control == unit_and_function, "unit and function come back from a frame");
}

void check_pdu(const Bytes& input) {
  if (input.size() < 2) return;
  const std::span<const std::uint8_t> pdu = std::span(input).subspan(1, std::min<std::size_t>(253, input.size() - 1));
  const std::string unit_and_function = to_hex(std::span(input).first(2));
  const Bytes serial = rtu::encode(input[0], pdu), socket = tcp::encode(7, input[0], pdu);
  hold(modbus::crc16(serial) == 0, "the CRC over a frame with its CRC is nothing");
  check_frame(serial, rtu::telegrams_in(serial), unit_and_function);
  check_frame(socket, tcp::telegrams_in(socket), unit_and_function);
}

}  // namespace
}  // namespace meterrig::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace meterrig::fuzz;
  // Three frames of the greatest length.
  constexpr std::size_t longest = 768;
  const Bytes input = bytes_of(data, std::min(size, longest));
  check_protocols(input);
  check_pdu(input);
  return 0;
}

// Now and then makes the CRC of the whole right again: by chance that is rare.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  size = LLVMFuzzerMutate(data, meterrig::fuzz::decode_seed(data, size), most);
  if (seed % 2 != 0 || size < 4) return size;
  const std::uint16_t crc = meterrig::modbus::crc16({data, size - 2});
  data[size - 2] = static_cast<std::uint8_t>(crc);
  data[size - 1] = static_cast<std::uint8_t>(crc >> 8);
  return size;
}
