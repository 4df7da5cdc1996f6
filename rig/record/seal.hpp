#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rig/record/journal_store.hpp"
#include "rig/record/seal_key.hpp"

namespace meterrig::record {

// What the machine signs of a run: that it had these events, up to this head.
std::string seal_text(std::string_view run, const Head& head);

// What was found of the seals of a run.
struct SealReport {
  Damage damage = Damage::none;
  std::string text;
  std::optional<Seal> seal;  // valid, and of all events of the run
  bool ok() const noexcept { return damage == Damage::none; }
};

// The last event is the end of a run, or says why it did not start.
bool is_closed(std::span<const StoredEvent> events);

// Seals the run up to its last event; a seal that it has already stays. Throws UserError for a run that is not closed
// or that is not what was written, StoreError.
Seal seal_run(JournalStore& store, const std::string& run, const SealKey& key, Utc now);

// Every seal of a run, against its events. `known`: the keys that may have made them; any when there are none.
SealReport check_seals(JournalStore& store, const std::string& run, std::span<const PublicKey> known);

// As the QR code of a report holds it: meterrig-seal:1:RUN:EVENTS:HEAD:ALGORITHM:KEY ID:SIGNATURE.
std::string printed_seal(std::string_view run, const Seal& seal);
// Such a text against the events of the run. The key is one of `known`, or that of a seal of the run. Throws UserError
// for what is no such text.
SealReport check_printed_seal(JournalStore& store, const std::string& run, std::string_view printed,
                              std::span<const PublicKey> known);

std::string base64url(std::string_view bytes);

}  // namespace meterrig::record
