#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace meterrig::record {

enum class SealAlgorithm : std::uint8_t { ed25519, sm2 };
// `Ed25519`, `SM2`.
std::string_view word(SealAlgorithm algorithm);

// What anybody may have: it checks what the machine signed.
class PublicKey {
 public:
  // A SubjectPublicKeyInfo, exactly as der() gives it. None for anything else, and for other kinds of keys.
  static std::optional<PublicKey> from_der(std::string_view der);
  // The same as text between BEGIN and END lines, of a file. Throws UserError.
  static PublicKey read(const std::filesystem::path& file);

  SealAlgorithm algorithm() const noexcept { return algorithm_; }
  const std::string& der() const noexcept { return der_; }
  std::string pem() const;
  // The first 16 hexadecimal digits of the SHA-256 of der().
  std::string id() const;
  bool verifies(std::string_view text, std::string_view signature) const;
  bool operator==(const PublicKey& other) const noexcept { return der_ == other.der_; }

 private:
  friend class SealKey;
  explicit PublicKey(std::shared_ptr<evp_pkey_st> key);
  std::shared_ptr<evp_pkey_st> key_;
  SealAlgorithm algorithm_;
  std::string der_;
};

// The machine's own key. It says that a machine had the record, not that a person vouches for it.
class SealKey {
 public:
  // A key that nobody has yet, in a file of mode 0600. A file that is there already stays: then it is that one's key.
  // Throws UserError with the system's reason.
  static SealKey make(const std::filesystem::path& file, SealAlgorithm algorithm);
  // Throws UserError: when there is none, when others can read it, when it is of another kind.
  static SealKey read(const std::filesystem::path& file);

  const PublicKey& public_key() const noexcept { return public_key_; }
  std::string sign(std::string_view text) const;

 private:
  explicit SealKey(std::shared_ptr<evp_pkey_st> key) : key_(key), public_key_(std::move(key)) {}
  std::shared_ptr<evp_pkey_st> key_;
  PublicKey public_key_;
};

}  // namespace meterrig::record
