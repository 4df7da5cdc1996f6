#include "rig/record/chunk_codec.hpp"

#include <fmt/format.h>
#include <zstd.h>

#include <bit>
#include <memory>

#include "rig/record/journal_store.hpp"

namespace meterrig::record {
namespace {

static_assert(std::endian::native == std::endian::little, "samples are hashed and exported as they lie in memory");

constexpr int level = 1;  // higher ones gain little on sorted differences, and cost much
constexpr std::size_t width = sizeof(std::int64_t);

struct Free {
  void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};

// Small either way: 0, -1, 1, -2 … as 0, 1, 2, 3 …
std::uint64_t folded(std::uint64_t difference) { return difference << 1 ^ (0 - (difference >> 63)); }
std::uint64_t unfolded(std::uint64_t folded) { return folded >> 1 ^ (0 - (folded & 1)); }

}  // namespace

std::string pack(std::span<const std::int64_t> samples) {
  // Making a context costs more than packing a short window.
  thread_local const std::unique_ptr<ZSTD_CCtx, Free> context{ZSTD_createCCtx()};
  const std::size_t n = samples.size();
  std::string planes(n * width, '\0');
  std::uint64_t previous = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const auto sample = static_cast<std::uint64_t>(samples[i]);
    const std::uint64_t value = folded(sample - previous);
    previous = sample;
    for (std::size_t k = 0; k < width; ++k) planes[k * n + i] = static_cast<char>(value >> (8 * k));
  }
  std::string packed(ZSTD_compressBound(planes.size()), '\0');
  const std::size_t size =
      ZSTD_compressCCtx(context.get(), packed.data(), packed.size(), planes.data(), planes.size(), level);
  if (ZSTD_isError(size)) throw StoreError(fmt::format("zstd can't pack {} samples: {}", n, ZSTD_getErrorName(size)));
  packed.resize(size);
  return packed;
}

std::vector<std::int64_t> unpack(std::string_view packed, std::size_t n) {
  thread_local const std::unique_ptr<ZSTD_DCtx, Free> context{ZSTD_createDCtx()};
  std::string planes(n * width, '\0');
  const std::size_t size =
      ZSTD_decompressDCtx(context.get(), planes.data(), planes.size(), packed.data(), packed.size());
  if (ZSTD_isError(size) || size != planes.size()) {
    throw StoreError(fmt::format("{} bytes are not {} packed samples: {}", packed.size(), n,
                                 ZSTD_isError(size) ? ZSTD_getErrorName(size) : "too few"));
  }
  std::vector<std::int64_t> samples(n);
  std::uint64_t previous = 0;
  for (std::size_t i = 0; i < n; ++i) {
    std::uint64_t value = 0;
    for (std::size_t k = 0; k < width; ++k)
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(planes[k * n + i])) << (8 * k);
    previous += unfolded(value);
    samples[i] = static_cast<std::int64_t>(previous);
  }
  return samples;
}

Digest sample_hash(std::span<const std::int64_t> samples) {
  return sha256({std::string_view(reinterpret_cast<const char*>(samples.data()), samples.size_bytes())});
}

}  // namespace meterrig::record
