#include "meters/cjt188_security.hpp"

#include <algorithm>
#include <memory>
#include <stdexcept>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "meters/cjt188_items.hpp"
#include "meters/telegram.hpp"

namespace meterrig::cjt188 {
namespace {

constexpr std::size_t block_size = std::tuple_size_v<Block>;
constexpr std::size_t identifier_size = 3;  // DI0 DI1 SER
constexpr std::size_t mac_size = 4;
constexpr std::size_t length_limit = 0x64;
constexpr std::uint8_t pad_mark = 0x80;

Bytes sm4_cbc(std::span<const std::uint8_t> data, const Block& key, const Block& initial_vector, bool encipher) {
  if (data.size() % block_size != 0)
    throw std::invalid_argument(fmt::format("SM4 takes blocks of {} bytes, found {} bytes", block_size, data.size()));
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(EVP_CIPHER_CTX_new(),
                                                                                &EVP_CIPHER_CTX_free);
  Bytes out(data.size());
  int written = 0;
  const bool done =
      context != nullptr &&
      EVP_CipherInit_ex(context.get(), EVP_sm4_cbc(), nullptr, key.data(), initial_vector.data(), encipher ? 1 : 0) ==
          1 &&
      EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1 &&  // 7.4 pads, not OpenSSL
      EVP_CipherUpdate(context.get(), out.data(), &written, data.data(), static_cast<int>(data.size())) == 1;
  if (!done || static_cast<std::size_t>(written) != data.size())
    throw std::runtime_error("OpenSSL did not run SM4-CBC: the library may have been built without SM4");
  return out;
}

Bytes padded(Bytes data, Padding padding) {
  if (padding == Padding::length_first) {
    data.insert(data.begin(), static_cast<std::uint8_t>(data.size()));
    data.resize((data.size() + block_size - 1) / block_size * block_size);
    return data;
  }
  const std::size_t fill = block_size - data.size() % block_size;
  const bool is_pkcs7 = padding == Padding::pkcs7;
  data.push_back(is_pkcs7 ? static_cast<std::uint8_t>(fill) : pad_mark);
  data.resize(data.size() + fill - 1, is_pkcs7 ? static_cast<std::uint8_t>(fill) : std::uint8_t{0});
  return data;
}

// Of `data` with at least one block. The one right padding is what padding the result gives again.
std::optional<Bytes> without_padding(const Bytes& data, Padding padding) {
  Bytes plain;
  if (padding == Padding::length_first) {
    if (data.front() >= data.size()) return std::nullopt;
    plain.assign(data.begin() + 1, data.begin() + 1 + data.front());
  } else if (padding == Padding::pkcs7) {
    if (data.back() > data.size()) return std::nullopt;
    plain.assign(data.begin(), data.end() - data.back());
  } else {
    const auto mark = std::find_if(data.rbegin(), data.rend(), [](std::uint8_t byte) { return byte != 0; });
    if (mark == data.rend()) return std::nullopt;
    plain.assign(data.begin(), mark.base() - 1);
  }
  if (padded(plain, padding) != data) return std::nullopt;
  return plain;
}

std::size_t plain_front(const Security& security) { return security.covered == Covered::content ? identifier_size : 0; }

// T A0 .. A6, twice.
Block twice(std::uint8_t type, const Address& address) {
  Block block{};
  for (const std::size_t at : {std::size_t{0}, block_size / 2}) {
    block[at] = type;
    std::copy(address.begin(), address.end(), block.begin() + static_cast<std::ptrdiff_t>(at) + 1);
  }
  return block;
}

// A key of its own, and the number of bytes in front: the same block chaining enciphers the message.
Bytes mac4(const Frame& plain, const Security& security) {
  Block purpose{};
  purpose.fill(0x5C);
  const Bytes derived = sm4_cbc_encipher(purpose, security.key, Block{});
  Block key{};
  std::copy_n(derived.begin(), key.size(), key.begin());
  Bytes covered{static_cast<std::uint8_t>(plain.data.size()), plain.type, plain.control};
  covered.insert(covered.end(), plain.address.begin(), plain.address.end());
  covered.insert(covered.end(), plain.data.begin(), plain.data.end());
  const Bytes chained = sm4_cbc_encipher(padded(std::move(covered), Padding::bit_one), key, Block{});
  const auto last_block = chained.end() - static_cast<std::ptrdiff_t>(block_size);
  return {last_block, last_block + static_cast<std::ptrdiff_t>(mac_size)};
}

// Of a message that is sent. In front of the cipher text stands a block that only the same message has again: SER, and
// with it the message, is another one each time.
Block vector_for(const Frame& frame, const Bytes& padded_data, const Security& security) {
  if (security.vector == Vector::setting) return security.initial_vector;
  if (security.vector == Vector::address) return twice(frame.type, frame.address);
  Block vector = twice(frame.type, frame.address);
  if (frame.data.size() >= identifier_size) vector[block_size / 2] = frame.data[identifier_size - 1];
  const Bytes mixed = sm4_cbc(padded_data, security.key, vector, true);
  std::copy(mixed.end() - static_cast<std::ptrdiff_t>(block_size), mixed.end(), vector.begin());
  return vector;
}

bool is_known(std::uint8_t first, std::uint8_t second) {
  return find_identifier(static_cast<std::uint16_t>(first << 8 | second)) != nullptr ||
         find_identifier(static_cast<std::uint16_t>(second << 8 | first)) != nullptr;
}

Opened refused(std::string_view error, std::string explanation) {
  return {std::string(error), std::move(explanation), {}};
}

Opened as_new(Frame plain, std::optional<std::uint8_t> last) {
  const std::uint8_t sequence = plain.data[identifier_size - 1];
  if (!is_new(sequence, last))
    return refused("replayed_sequence", fmt::format("SER {:02X} after {:02X}: expected a later one", sequence, *last));
  return {{}, {}, std::move(plain)};
}

// Of a message that ends with a check value.
Opened checked(Frame plain, const Security& security, std::optional<std::uint8_t> last) {
  if (plain.data.size() < identifier_size + mac_size)
    return refused(telegram_error::bad_length,
                   fmt::format("{} deciphered bytes: expected identifier, SER and {} bytes of check value",
                               plain.data.size(), mac_size));
  const Bytes found(plain.data.end() - static_cast<std::ptrdiff_t>(mac_size), plain.data.end());
  plain.data.resize(plain.data.size() - mac_size);
  const Bytes expected = mac4(plain, security);
  if (found == expected) return as_new(std::move(plain), last);
  return {
      "bad_check",
      fmt::format("check value {}, expected {}: another key, or changed on the way", to_hex(found), to_hex(expected)),
      std::move(plain)};
}

}  // namespace

Block block_from_hex(std::string_view digits) {
  const std::vector<std::uint8_t> bytes = bytes_from_hex(digits);
  Block block{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), block.size()), block.begin());
  return block;
}

bool is_new(std::uint8_t sequence, std::optional<std::uint8_t> last) {
  const auto ahead = static_cast<std::uint8_t>(sequence - last.value_or(static_cast<std::uint8_t>(sequence - 1)));
  return ahead >= 1 && ahead <= 127;
}

Padding padding_of(std::string_view word) {
  if (word == "pkcs7") return Padding::pkcs7;
  return word == "length_first" ? Padding::length_first : Padding::bit_one;
}

Covered covered_of(std::string_view word) { return word == "content" ? Covered::content : Covered::data_field; }

Check check_of(std::string_view word) { return word == "mac4" ? Check::mac4 : Check::none; }

Block derive_key(const Block& system_key, Derivation derivation, std::uint8_t type, const Address& address) {
  Block own = twice(type, address);
  if (derivation == Derivation::xor_address) {
    for (std::size_t i = 0; i < own.size(); ++i) own[i] ^= system_key[i];
    return own;
  }
  for (std::size_t i = block_size / 2; i < block_size; ++i) own[i] = static_cast<std::uint8_t>(~own[i]);
  // One block in CBC mode from a vector of zeros is the block enciphered by itself.
  const Bytes enciphered = sm4_cbc_encipher(own, system_key, Block{});
  std::copy(enciphered.begin(), enciphered.end(), own.begin());
  return own;
}

Bytes sm4_cbc_encipher(std::span<const std::uint8_t> data, const Block& key, const Block& initial_vector) {
  return sm4_cbc(data, key, initial_vector, true);
}

Bytes sm4_cbc_decipher(std::span<const std::uint8_t> data, const Block& key, const Block& initial_vector) {
  return sm4_cbc(data, key, initial_vector, false);
}

Frame seal(const Frame& plain, const Security& security) {
  const std::size_t front = plain_front(security);
  if (plain.data.size() < front) throw std::invalid_argument("the data field ends before its content");
  const auto content = plain.data.begin() + static_cast<std::ptrdiff_t>(front);
  Bytes covered(content, plain.data.end());
  if (security.check == Check::mac4) {
    const Bytes mac = mac4(plain, security);
    covered.insert(covered.end(), mac.begin(), mac.end());
  }
  const Bytes data = padded(std::move(covered), security.padding);
  const Block vector = vector_for(plain, data, security);
  const Bytes cipher = sm4_cbc_encipher(data, security.key, vector);
  Frame sealed = plain;
  sealed.data.resize(front);
  if (security.vector == Vector::in_front) sealed.data.insert(sealed.data.end(), vector.begin(), vector.end());
  sealed.data.insert(sealed.data.end(), cipher.begin(), cipher.end());
  if (sealed.data.size() > length_limit)
    throw std::length_error(fmt::format("the cipher text has {:02X}H bytes, at most 64H", sealed.data.size()));
  return sealed;
}

Opened open(const Frame& sealed, const Security& security, std::optional<std::uint8_t> last) {
  const std::size_t front = plain_front(security);
  const std::size_t size = sealed.data.size();
  const std::size_t vector_size = security.vector == Vector::in_front ? block_size : 0;
  if (size <= front + vector_size || (size - front) % block_size != 0)
    return refused(
        telegram_error::bad_length,
        fmt::format("length {:02X}: expected {} plain bytes and whole blocks of {}", size, front, block_size));
  Block vector = security.vector == Vector::address ? twice(sealed.type, sealed.address) : security.initial_vector;
  const auto blocks = std::span(sealed.data).subspan(front);
  std::copy_n(blocks.begin(), vector_size, vector.begin());
  const Bytes deciphered = sm4_cbc_decipher(blocks.subspan(vector_size), security.key, vector);
  const auto content = without_padding(deciphered, security.padding);
  if (!content)
    return refused("bad_padding",
                   "the deciphered data do not end with the padding: another key, or changed on the way");
  Bytes data(sealed.data.begin(), sealed.data.begin() + static_cast<std::ptrdiff_t>(front));
  data.insert(data.end(), content->begin(), content->end());
  Frame plain{sealed.type, sealed.address, sealed.control, std::move(data)};
  if (security.check == Check::mac4) return checked(std::move(plain), security, last);
  if (plain.data.size() < identifier_size || !is_known(plain.data[0], plain.data[1]))
    return refused("unknown_identifier",
                   fmt::format("the deciphered data begin with {}: no known identifier",
                               to_hex(std::span(plain.data).first(std::min<std::size_t>(plain.data.size(), 2)))));
  return as_new(std::move(plain), last);
}

}  // namespace meterrig::cjt188
