#include "rig/record/sha256.hpp"

#include <openssl/evp.h>

#include <memory>
#include <stdexcept>

namespace meterrig::record {

Digest sha256(std::initializer_list<std::string_view> parts) {
  // Making a context costs more than hashing an event.
  thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                                     &EVP_MD_CTX_free};
  thread_local const EVP_MD* const algorithm = EVP_sha256();
  Digest digest{};
  bool ok = context && EVP_DigestInit_ex(context.get(), algorithm, nullptr) == 1;
  for (const std::string_view part : parts) {
    ok = ok && EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
  }
  ok = ok && EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1;
  if (!ok) throw std::runtime_error("OpenSSL can't compute SHA-256");
  return digest;
}

std::string hex(const Digest& digest) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(digest.size() * 2);
  for (const std::uint8_t byte : digest) {
    out += digits[byte >> 4];
    out += digits[byte & 0xF];
  }
  return out;
}

}  // namespace meterrig::record
