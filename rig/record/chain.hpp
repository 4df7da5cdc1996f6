#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "rig/record/sha256.hpp"

namespace meterrig::record {

// One event as the store holds it. `seq` is the store's own number, beside the one in the bytes.
struct StoredEvent {
  std::uint64_t seq = 0;
  std::string bytes;
  Digest hash{};
};

// Number and hash of a run's last event; 0 and hash_0 before the first.
struct Head {
  std::uint64_t seq = 0;
  Digest hash{};
  bool operator==(const Head&) const = default;
};

Digest chain_start(std::string_view run);
inline Digest chain_next(const Digest& previous, std::string_view bytes) { return sha256({bytes_of(previous), bytes}); }

enum class Damage : std::uint8_t { none, changed, missing, reordered, added };
std::string_view word(Damage damage);

struct ChainReport {
  Damage damage = Damage::none;
  std::uint64_t seq = 0;  // the first event that is wrong
  std::uint64_t events = 0;
  Head head;  // as recomputed, up to the first wrong event
  std::string text;
  bool ok() const noexcept { return damage == Damage::none; }
};

// Recomputes the chain of the events in the order given (that of the store's numbers). `head`: what the store, or a
// printed report, says the last event is. docs/journal.md defines the words.
ChainReport verify_chain(std::string_view run, std::span<const StoredEvent> events, const std::optional<Head>& head);
// The same for any chain of such links, from its own start; `what` a link is called.
ChainReport verify_links(const Digest& start, std::string_view what, std::span<const StoredEvent> links,
                         const std::optional<Head>& head);

}  // namespace meterrig::record
