#pragma once

#include <nlohmann/json.hpp>

#include "rig/record/journal_store.hpp"

namespace meterrig::cli {

// What the report draws of the waveforms that a record names, by their SHA-256: at most 600 buckets of lowest and
// highest current in amperes, and the events (core/waveform/segmenter.hpp) but for sleep; of other readings (a pressure
// that is held) the same in their own unit. Made anew from the evidence each time: the journal holds the samples alone.
nlohmann::json waveform_plots(record::JournalStore& store, const nlohmann::json& record);

}  // namespace meterrig::cli
