#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "meters/cjt188.hpp"

// CJ/T 188-2018 clause 7: SM4 in CBC mode over the padded data field. The cipher text takes the place of the plain
// text; encode() then gives the frame its new length and checksum. What the clause leaves to makers is a setting.
namespace meterrig::cjt188 {

// A fill of zeros alone is not among them: it can't be told from zeros of the data.
enum class Padding {
  bit_one,       // 80 00 .. 00, a whole block when the data end with one (2004 7.2.2)
  pkcs7,         // n bytes of value n
  length_first,  // the number of data bytes, the data, zeros
};
enum class Covered {
  data_field,  // identifier, SER and content
  content,     // what follows SER
};

// Where the initial vector comes from.
enum class Vector {
  setting,   // `initial_vector`, the same for all messages
  address,   // T A0 .. A6, twice: one a meter
  in_front,  // one a message, sent in front of the cipher text
};

// What tells a message that was changed on its way. The public text of clause 7 has nothing of the kind: its cipher
// alone lets some changes through.
enum class Check {
  none,
  mac4,  // behind the data, ahead of the padding: 4 bytes of an SM4-CBC-MAC over type, address, control and plain data
};

using Block = std::array<std::uint8_t, 16>;
// Of a key in 32 hex digits; what is missing is zero, what is too many is left out.
Block block_from_hex(std::string_view digits);

struct Security {
  Block key{};
  Block initial_vector{};
  Padding padding = Padding::bit_one;
  Covered covered = Covered::data_field;
  Vector vector = Vector::setting;
  Check check = Check::none;
};

// The words of profiles and rig files for these; an unknown one is the first of its kind.
Padding padding_of(std::string_view word);
Covered covered_of(std::string_view word);
Check check_of(std::string_view word);

// How a meter's own key comes from the system's. The public text of clause 7 leaves it open: the first is the rule of
// the 2004 edition (7.3: XOR with T A0 .. A6) drawn out to 16 bytes, the second the usual dispersal with SM4 (the eight
// bytes and their complement, enciphered under the system's key).
enum class Derivation { xor_address, sm4_address };
Block derive_key(const Block& system_key, Derivation derivation, std::uint8_t type, const Address& address);

// Throws std::invalid_argument unless the data are whole blocks, std::runtime_error when OpenSSL has no SM4.
Bytes sm4_cbc_encipher(std::span<const std::uint8_t> data, const Block& key, const Block& initial_vector);
Bytes sm4_cbc_decipher(std::span<const std::uint8_t> data, const Block& key, const Block& initial_vector);

// Throws std::length_error when the cipher text passes 64H bytes (6.2.6), std::invalid_argument when there is no SER
// to leave in plain.
Frame seal(const Frame& plain, const Security& security);

// What 7.6 asks for: decipher, check, take the padding off. `error` is empty when all was well.
struct Opened {
  std::string error;  // bad_length, bad_padding, bad_check, unknown_identifier, replayed_sequence
  std::string explanation;
  Frame plain;  // also with bad_check, to look at: nothing in it can be trusted
};
// A message is new when its SER is 1 to 127 ahead of the last one's, modulo 256.
bool is_new(std::uint8_t sequence, std::optional<std::uint8_t> last);
// `last` is the SER of the exchange before. A check value also vouches for identifiers that the standard does not have.
Opened open(const Frame& sealed, const Security& security, std::optional<std::uint8_t> last = std::nullopt);

}  // namespace meterrig::cjt188
