#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_md_ctx_st;  // OpenSSL's EVP_MD_CTX

namespace meterrig::record {

using Digest = std::array<std::uint8_t, 32>;

// SHA-256 of bytes that come in pieces.
class Sha256 {
 public:
  Sha256();
  void update(std::string_view bytes);
  // Of all so far; ends it.
  Digest digest();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const noexcept;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

// SHA-256 of the parts, one after the other.
Digest sha256(std::initializer_list<std::string_view> parts);

std::string hex(const Digest& digest);
// The inverse; an event's `sha256:` may stand before it. None for what is no SHA-256.
std::optional<Digest> digest_from(std::string_view text);
inline std::string_view bytes_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace meterrig::record
