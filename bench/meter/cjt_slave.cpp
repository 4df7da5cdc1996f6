#include "bench/meter/cjt_slave.hpp"

#include <cstddef>
#include <tuple>
#include <utility>

#include "bench/meter/fields.hpp"

namespace meterrig::bench {
namespace {

namespace control = cjt188::control;

constexpr std::size_t identifier_size = 3;  // DI0 DI1 SER
constexpr std::uint8_t any_type = 0xAA;
constexpr std::size_t block = std::tuple_size_v<cjt188::Block>;
constexpr std::uint8_t pad_mark = 0x80;

bool always_plain(unsigned identifier) {
  return identifier == 0x8106 || identifier == 0x810A || identifier == 0xA018 || identifier == 0xA019;
}

cjt188::Frame under_xor(cjt188::Frame frame, const cjt188::Block& key) {
  for (std::size_t i = 0; i < frame.data.size(); ++i) frame.data[i] ^= key[i % key.size()];
  return frame;
}

}  // namespace

void CjtSlave::append_status(Bytes& out) const { append_low_first(out, status(), 2); }

bool CjtSlave::addressed(const cjt188::Frame& request) const {
  if (request.type != settings_.type && request.type != settings_.reply_type && request.type != any_type) return false;
  if ((request.control & control::reply) != 0) return false;
  return request.address == settings_.address || request.address == cjt188::wildcard_address;
}

// A request that is enciphered has whole blocks behind what stays plain; a plain price table (A010) may have as well.
bool CjtSlave::looks_sealed(const cjt188::Frame& request) const {
  const std::size_t front = settings_.security.covered == cjt188::Covered::content ? identifier_size : 0;
  if (settings_.sealing == Sealing::none || request.data.size() <= front) return false;
  if ((request.data.size() - front) % block != 0) return false;
  return front == 0 || identifier_of(request.data) != 0xA010 || cjt188::open(request, settings_.security).error.empty();
}

unsigned CjtSlave::identifier_of(const Bytes& data) const {
  const unsigned first = data[0], second = data[1];
  return settings_.low_first ? second << 8 | first : first << 8 | second;
}

// Null: nothing to trust.
std::optional<cjt188::Frame> CjtSlave::open(const cjt188::Frame& request) const {
  if (flaws_.xors) {
    cjt188::Frame plain = under_xor(request, settings_.security.key);
    while (plain.data.size() > identifier_size && plain.data.back() == 0) plain.data.pop_back();
    const bool padded = plain.data.back() == pad_mark;
    plain.data.pop_back();
    const bool good = padded && plain.data.size() >= identifier_size &&
                      cjt188::is_new(plain.data[identifier_size - 1], last_sequence_);
    return good ? std::optional(std::move(plain)) : std::nullopt;
  }
  cjt188::Opened opened = cjt188::open(request, settings_.security, last_sequence_);
  const bool overlooked = flaws_.ignores_check && opened.error == "bad_check" &&
                          cjt188::is_new(opened.plain.data[identifier_size - 1], last_sequence_);
  if (!opened.error.empty() && !overlooked) return std::nullopt;
  return std::move(opened.plain);
}

cjt188::Frame CjtSlave::seal(const cjt188::Frame& reply, const cjt188::Security& security) const {
  if (!flaws_.xors) return cjt188::seal(reply, security);
  cjt188::Frame padded = reply;
  padded.data.push_back(pad_mark);
  padded.data.resize((padded.data.size() + block - 1) / block * block);
  return under_xor(std::move(padded), security.key);
}

std::optional<cjt188::Frame> CjtSlave::answer_to(const cjt188::Frame& request) {
  if (!addressed(request)) return std::nullopt;
  if (!looks_sealed(request)) return execute(request, false);
  const std::optional<cjt188::Frame> plain = open(request);
  if (!plain) return std::nullopt;
  last_sequence_ = plain->data[identifier_size - 1];
  return execute(*plain, true);
}

std::optional<cjt188::Frame> CjtSlave::execute(const cjt188::Frame& plain, bool was_sealed) {
  if (plain.data.size() < identifier_size) return std::nullopt;
  const unsigned identifier = identifier_of(plain.data);
  const bool allowed = was_sealed ? !always_plain(identifier)
                                  : settings_.sealing != Sealing::required || plain.control == control::read_data ||
                                        !is_sensitive(identifier);
  const cjt188::Security key_of_request = settings_.security;  // a new key holds from the next message on
  Bytes data(plain.data.begin(), plain.data.begin() + identifier_size);
  if (!settings_.echoes_sequence) data[2] = 0;
  const std::uint8_t sequence = data[2];
  const bool good = allowed && serve(plain.control, identifier, std::span(plain.data).subspan(identifier_size), data);
  // The reply to a new address already comes from it (A018).
  cjt188::Frame reply{settings_.reply_type, settings_.address,
                      static_cast<std::uint8_t>(plain.control | control::reply), std::move(data)};
  if (good) return was_sealed ? seal(reply, key_of_request) : reply;
  if (flaws_.silent_refusal) return std::nullopt;
  // 8.1.3: SER and ST, no identifier.
  reply.control = static_cast<std::uint8_t>(plain.control | control::abnormal);
  reply.data = {sequence};
  append_status(reply.data);
  return reply;
}

}  // namespace meterrig::bench
