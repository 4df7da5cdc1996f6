#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rig/record/sha256.hpp"

namespace meterrig::record {

// Packs samples without loss: their differences, small either way as small numbers, sorted by significance (all lowest
// bytes, then the next ones), through zstd. Neighbours of a current are alike, so most bytes are zero.
std::string pack(std::span<const std::int64_t> samples);
// Throws StoreError when the bytes are not `n` packed samples.
std::vector<std::int64_t> unpack(std::string_view packed, std::size_t n);

// Of the samples as they are in a file: 64 bits each, lowest byte first. How they were packed does not matter.
Digest sample_hash(std::span<const std::int64_t> samples);

}  // namespace meterrig::record
