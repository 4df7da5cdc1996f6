#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "rig/record/journal_store.hpp"

namespace meterrig::cli {

// A waveform that a run kept: its `reading_series` of the record, and where it stands there.
struct KeptWaveform {
  std::int64_t sample = 0;
  std::string clause;
  std::int64_t attempt = 0;
  nlohmann::json series;
  std::string name() const { return series.at("name"); }
  std::string sha256() const { return series.at("sha256"); }
};

// All that a record names, in its order: recordings of currents, and other series of readings.
std::vector<KeptWaveform> waveforms_of(const nlohmann::json& record);
std::vector<KeptWaveform> readings_of(const nlohmann::json& record);

// The one that a person means: its name, NAME@SAMPLE, or the beginning of its SHA-256. UserError lists what there is
// when none or several are meant.
KeptWaveform find_waveform(const nlohmann::json& record, const std::string& which);

enum class WaveformFormat {
  csv,      // time_s,current_a: exact decimals; an overload is inf
  npy,      // NumPy: whole counts of 0.1 nA, 64 bits; lossless
  float32,  // raw, amperes, lowest byte first; an overload is infinite
};

// Seconds from the first sample; `to` infinite: to the end.
struct WaveformRange {
  double from_s = 0;
  double to_s = 0;
};

// Writes it to `file`; npy and float32 with what a reader has to know in `file`.json. An empty `file` is standard
// output, for CSV alone (UserError else). Holds one chunk in memory. StoreError when it is not what was written.
void export_waveform(record::JournalStore& store, const KeptWaveform& waveform, WaveformFormat format,
                     const WaveformRange& range, const std::filesystem::path& file);

}  // namespace meterrig::cli
