#include "core/io/transport/modbus_frame.hpp"

#include <stdexcept>

#include "tests/fuzz/support.hpp"

// Modbus frames: what both sides make of any bytes, and that each side reads what the other writes.

namespace meterrig::fuzz {
namespace {

using namespace modbus;

struct Taken {
  std::vector<Bytes> frames;
  bool refused = false;
  Bytes left;
  bool operator==(const Taken&) const = default;
};

Taken tcp_frames(const Bytes& stream, std::size_t chunk) {
  Taken taken;
  in_chunks(stream, chunk, [&](View bytes) {
    if (taken.refused) return;
    taken.left.insert(taken.left.end(), bytes.begin(), bytes.end());
    try {
      while (const auto frame = take_tcp(taken.left))
        taken.frames.push_back(tcp_frame(frame->transaction, frame->unit, frame->pdu));
    } catch (const ProtocolError&) {
      taken.refused = true;  // the link is closed then: what is left is nobody's
      taken.left.clear();
    }
  });
  return taken;
}

void check_tcp(const Bytes& stream) {
  const Taken whole = tcp_frames(stream, 0);
  for (const std::size_t chunk : {1, 5})
    hold(tcp_frames(stream, chunk) == whole, "the TCP frames of a stream do not depend on how it is cut");
  Bytes again;
  for (const Bytes& frame : whole.frames) again.insert(again.end(), frame.begin(), frame.end());
  again.insert(again.end(), whole.left.begin(), whole.left.end());
  hold(std::equal(again.begin(), again.end(), stream.begin()) && (whole.refused || again.size() == stream.size()),
       "frames and rest are the stream");
}

// By pauses no frame is told here, so what is found may depend on the chunks; but it was sent, once, in this order.
void check_rtu(const Bytes& stream) {
  for (const std::size_t chunk : {0, 1, 9}) {
    Bytes buffer;
    auto from = stream.begin();
    in_chunks(stream, chunk, [&](View bytes) {
      buffer.insert(buffer.end(), bytes.begin(), bytes.end());
      while (const auto frame = take_rtu_request(buffer)) {
        const Bytes sent = rtu_frame(frame->unit, frame->pdu);
        const auto at = std::search(from, stream.end(), sent.begin(), sent.end());
        hold(at != stream.end(), "an RTU frame encodes to the bytes that it was read from");
        from = at + static_cast<std::ptrdiff_t>(sent.size());
      }
      hold(buffer.size() <= 512, "the buffer of an RTU line is bounded");
    });
  }
}

// What the client's side says of a request that the server's side understood.
Bytes as_client(const Request& request) {
  if (!request.write) return read_request(request.table, request.address, request.count);
  return write_request(request.table, request.address, request.values);
}

void check_request(const Bytes& pdu) {
  const Request request = parse_request(pdu);
  if (request.refuse != 0) {
    hold(request.refuse <= illegal_value, "a request is refused with a code of the protocol");
    return;
  }
  hold(request.count >= 1 && request.address + request.count <= 65536, "an accepted request stays in the table");
  hold(request.values.size() == (request.write ? request.count : 0u), "a write has as many values as it says");
  const Request again = parse_request(as_client(request));
  hold(again.refuse == 0 && again.table == request.table && again.write == request.write &&
           again.address == request.address && again.count == request.count && again.values == request.values,
       "a request means the same when the client's side writes it");
}

// The server's answer is what the client reads; any other bytes are values of the asked number, or a stated refusal.
void check_answer(const Bytes& pdu, const Bytes& answer) {
  const Request request = parse_request(pdu);
  if (request.refuse != 0) return;
  if (!request.write) {
    std::vector<std::uint16_t> values(request.count);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = i < answer.size() ? answer[i] & 1 : 1;
    hold(parse_answer(pdu, read_answer(request, values)).values == values, "the client reads what the server answers");
  } else {
    hold(parse_answer(pdu, write_answer(pdu)).exception == 0, "the client takes the answer to a write");
  }
  hold(parse_answer(pdu, exception_answer(request.function, 2)).exception == 2, "the client reads an exception");
  try {
    const Answer read = parse_answer(pdu, answer);
    hold(answer[0] == request.function || read.exception != 0, "a refusal never passes for success");
    hold(read.values.size() == (request.write || read.exception != 0 ? 0u : request.count),
         "an answer has as many values as were asked for");
  } catch (const std::invalid_argument&) {
    return;
  }
}

}  // namespace
}  // namespace meterrig::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace meterrig::fuzz;
  // Three frames of the greatest length and more.
  constexpr std::size_t longest = 1024;
  const Bytes input = bytes_of(data, std::min(size, longest));
  check_tcp(input);
  check_rtu(input);
  check_request(input);
  // The first byte says where the request ends and the answer begins.
  if (input.empty()) return 0;
  const std::size_t cut = std::min<std::size_t>(input.size(), 1 + input[0]);
  check_answer(Bytes(input.begin() + 1, input.begin() + static_cast<std::ptrdiff_t>(cut)),
               Bytes(input.begin() + static_cast<std::ptrdiff_t>(cut), input.end()));
  return 0;
}

// Now and then makes the checksum behind a request right again: by chance that is rare.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  using namespace meterrig;
  size = LLVMFuzzerMutate(data, fuzz::decode_seed(data, size), most);
  const std::size_t at = size == 0 ? 0 : seed / 4 % size;
  if (seed % 4 != 0 || size - at < 4) return size;
  const std::span rest(data + at, size - at);
  const std::size_t length = modbus::rtu_request_length(rest).value_or(rest.size());
  if (length < 4 || length > rest.size()) return size;
  const std::uint16_t crc = modbus::crc16(rest.first(length - 2));
  rest[length - 2] = static_cast<std::uint8_t>(crc);
  rest[length - 1] = static_cast<std::uint8_t>(crc >> 8);
  return size;
}
