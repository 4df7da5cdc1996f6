#include "rig/cli/waveform_plots.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/waveform/decimation.hpp"
#include "core/waveform/segmenter.hpp"
#include "rig/cli/waveform_export.hpp"
#include "rig/record/recording.hpp"

namespace meterrig::cli {

namespace {

using Json = nlohmann::json;
constexpr std::size_t buckets_max = 600;
// A meter that never rests would fill the report with marks.
constexpr std::size_t events_max = 400;

Json buckets_json(const Decimation& decimation) {
  Json buckets = Json::array();
  for (const Decimation::Bucket& bucket : decimation.buckets()) {
    const bool nothing = bucket.highest < bucket.lowest;
    buckets.push_back(
        {nothing ? Json() : Json(amperes(bucket.lowest)), bucket.overload ? Json() : Json(amperes(bucket.highest))});
  }
  return buckets;
}

Json event_json(const Segment& segment) {
  const bool overload = segment.totals.overloads > 0;
  return {{"kind", segment.kind},
          {"start_s", to_seconds(segment.start())},
          {"duration_s", to_seconds(segment.duration())},
          {"complete", segment.complete},
          {"peak_a", overload ? Json() : Json(segment.peak())},
          {"charge_c", overload ? Json() : Json(segment.charge())}};
}

Json plot_of(record::JournalStore& store, const KeptWaveform& waveform) {
  const Duration interval = seconds(waveform.series.at("interval_s").get<double>());
  record::RecordingReader recording(store, waveform.sha256());
  Decimation decimation(buckets_max);
  Segmenter segmenter(interval, battery_meter_events());
  Json events = Json::array();
  const auto take_events = [&] {
    for (const Segment& segment : segmenter.take())
      if (segment.kind != "sleep" && events.size() < events_max) events.push_back(event_json(segment));
  };
  recording.read(0, recording.samples(), [&](std::span<const std::int64_t> samples) {
    decimation.feed(samples);
    segmenter.feed(samples);
    take_events();
  });
  segmenter.finish();
  take_events();
  return {{"name", waveform.name()},
          {"duration_s", to_seconds(interval) * static_cast<double>(recording.samples())},
          {"bucket_s", to_seconds(interval) * static_cast<double>(decimation.samples_per_bucket())},
          {"buckets", buckets_json(decimation)},
          {"events", std::move(events)}};
}

// A series of readings that is no recording: doubles, one after the other. Null when the store has it no more.
Json plot_of_readings(record::JournalStore& store, const Json& series) {
  const auto name = record::digest_from(series.at("sha256").get<std::string>());
  const auto bytes = name ? store.read_blob(*name) : std::nullopt;
  if (!bytes) return nullptr;
  std::vector<double> readings(bytes->size() / sizeof(double));
  std::memcpy(readings.data(), bytes->data(), readings.size() * sizeof(double));
  const std::size_t each = std::max<std::size_t>(1, (readings.size() + buckets_max - 1) / buckets_max);
  Json buckets = Json::array();
  for (std::size_t from = 0; from < readings.size(); from += each) {
    const auto first = readings.begin() + static_cast<std::ptrdiff_t>(from);
    const auto last = readings.begin() + static_cast<std::ptrdiff_t>(std::min(readings.size(), from + each));
    const auto [lowest, highest] = std::minmax_element(first, last);
    buckets.push_back({*lowest, *highest});
  }
  const double interval_s = series.at("interval_s");
  return {{"name", series.at("name")},
          {"unit", series.at("unit")},
          {"duration_s", interval_s * static_cast<double>(readings.size())},
          {"bucket_s", interval_s * static_cast<double>(each)},
          {"buckets", std::move(buckets)},
          {"events", Json::array()}};
}

}  // namespace

Json waveform_plots(record::JournalStore& store, const Json& record) {
  Json plots = Json::object();
  for (const KeptWaveform& readings : readings_of(record)) {
    Json plot = plot_of_readings(store, readings.series);
    if (!plot.is_null()) plots[readings.sha256()] = std::move(plot);
  }
  for (const KeptWaveform& waveform : waveforms_of(record)) {
    Json& plot = plots[waveform.sha256()];
    if (plot.is_null()) plot = plot_of(store, waveform);
  }
  return plots;
}

}  // namespace meterrig::cli
