#include "rig/cli/waveform_export.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <limits>
#include <memory>

#include "core/waveform/samples.hpp"
#include "rig/cli/output_files.hpp"
#include "rig/record/recording.hpp"

namespace meterrig::cli {

namespace {

using Json = nlohmann::json;
using Samples = std::span<const std::int64_t>;

struct Close {
  void operator()(std::FILE* file) const noexcept {
    if (file != stdout) std::fclose(file);
  }
};
using File = std::unique_ptr<std::FILE, Close>;

void put_bytes(std::FILE* out, const void* bytes, std::size_t size) {
  if (std::fwrite(bytes, 1, size, out) != size) throw UserError("the waveform can't be written: is the disk full?");
}

// 12.000018 mA is 120000180 counts is 0.0120000180: exact, all digits.
void put_csv(std::FILE* out, Samples samples, std::uint64_t first, std::int64_t interval_ns) {
  fmt::memory_buffer text;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const std::int64_t ns = static_cast<std::int64_t>(first + i) * interval_ns;
    fmt::format_to(std::back_inserter(text), "{}.{:09},", ns / 1'000'000'000, ns % 1'000'000'000);
    const std::int64_t count = samples[i];
    const std::int64_t size = std::abs(is_overload(count) ? 0 : count);
    if (is_overload(count)) {
      fmt::format_to(std::back_inserter(text), "inf\n");
    } else {
      fmt::format_to(std::back_inserter(text), "{}{}.{:010}\n", count < 0 ? "-" : "", size / 10'000'000'000,
                     size % 10'000'000'000);
    }
  }
  put_bytes(out, text.data(), text.size());
}

void put_float32(std::FILE* out, Samples samples) {
  std::vector<float> values(samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    values[i] =
        is_overload(samples[i]) ? std::numeric_limits<float>::infinity() : static_cast<float>(amperes(samples[i]));
  }
  put_bytes(out, values.data(), values.size() * sizeof(float));
}

// The header of NumPy's format 1.0: padded so that samples begin at a multiple of 64.
std::string npy_header(std::uint64_t samples) {
  std::string text = fmt::format("{{'descr': '<i8', 'fortran_order': False, 'shape': ({},), }}", samples);
  text.append(63 - (10 + text.size()) % 64, ' ');
  text += '\n';
  return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(text.size() & 0xFF) +
         static_cast<char>(text.size() >> 8) + text;
}

Json description(const KeptWaveform& waveform, WaveformFormat format, std::uint64_t from, std::uint64_t to) {
  const bool counts = format == WaveformFormat::npy;
  return {{"name", waveform.name()},
          {"sample", waveform.sample},
          {"id", waveform.clause},
          {"attempt", waveform.attempt},
          {"unit", waveform.series.at("unit")},
          {"scale", counts ? 1 / counts_per_ampere : 1},
          {"type", counts ? "int64" : "float32"},
          {"byte_order", "little"},
          {"overload", counts ? Json(overload_count) : Json("inf")},
          {"start", waveform.series.at("start")},
          {"interval_s", waveform.series.at("interval_s")},
          {"first", from},
          {"samples", to - from},
          {"recording", waveform.sha256()}};
}

std::string listing(const std::vector<KeptWaveform>& all) {
  std::string text;
  for (const KeptWaveform& w : all) {
    text +=
        fmt::format("\n  {}@{}  {} attempt {}  {} samples of {:g} s  {}", w.name(), w.sample, w.clause, w.attempt,
                    w.series.at("samples").get<std::uint64_t>(), w.series.at("interval_s").get<double>(), w.sha256());
  }
  return text.empty() ? " none" : text;
}

bool is_meant(const KeptWaveform& waveform, std::string_view which) {
  if (which == waveform.name() || which == fmt::format("{}@{}", waveform.name(), waveform.sample)) return true;
  if (which.starts_with("sha256:")) which.remove_prefix(7);
  return which.size() >= 6 && waveform.sha256().substr(7).starts_with(which);
}

std::vector<KeptWaveform> series_of(const Json& record, bool recordings) {
  std::vector<KeptWaveform> all;
  for (const Json& dut : record.at("duts")) {
    for (const Json& result : dut.at("results")) {
      for (const Json& attempt : result.at("attempt_records")) {
        for (const Json& series : attempt.at("series")) {
          if ((series.value("encoding", "") == record::Manifest::encoding) != recordings) continue;
          all.push_back({dut.at("sample"), result.at("id"), attempt.at("attempt"), series});
        }
      }
    }
  }
  return all;
}

}  // namespace

std::vector<KeptWaveform> waveforms_of(const Json& record) { return series_of(record, true); }
std::vector<KeptWaveform> readings_of(const Json& record) { return series_of(record, false); }

KeptWaveform find_waveform(const Json& record, const std::string& which) {
  const std::vector<KeptWaveform> all = waveforms_of(record);
  std::vector<KeptWaveform> meant;
  for (const KeptWaveform& waveform : all) {
    if (is_meant(waveform, which)) meant.push_back(waveform);
  }
  if (meant.empty()) throw UserError(fmt::format("the run kept no waveform `{}`; it has:{}", which, listing(all)));
  // The same samples kept twice are one waveform.
  for (const KeptWaveform& other : meant) {
    if (other.sha256() != meant.front().sha256())
      throw UserError(fmt::format("`{}` is several waveforms; name one, or the beginning of its SHA-256:{}", which,
                                  listing(meant)));
  }
  return meant.front();
}

void export_waveform(record::JournalStore& store, const KeptWaveform& waveform, WaveformFormat format,
                     const WaveformRange& range, const std::filesystem::path& file) {
  if (file.empty() && format != WaveformFormat::csv)
    throw UserError("npy and float32 are two files: say where with --output FILE");
  record::RecordingReader recording(store, waveform.sha256());
  const double interval_s = waveform.series.at("interval_s");
  const auto end = static_cast<double>(recording.samples());
  const auto at = [&](double s) { return static_cast<std::uint64_t>(std::clamp(s / interval_s + 0.5, 0.0, end)); };
  const std::uint64_t from = at(range.from_s);
  const std::uint64_t to = std::max(from, at(range.to_s));
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path());
  const File out(file.empty() ? stdout : std::fopen(file.c_str(), "wb"));
  if (!out) throw UserError(fmt::format("can't write {}", file.string()));
  const std::string header = format == WaveformFormat::csv   ? "time_s,current_a\n"
                             : format == WaveformFormat::npy ? npy_header(to - from)
                                                             : "";
  put_bytes(out.get(), header.data(), header.size());
  std::uint64_t first = from;
  recording.read(from, to, [&](Samples samples) {
    if (format == WaveformFormat::csv) put_csv(out.get(), samples, first, seconds(interval_s).count());
    if (format == WaveformFormat::npy) put_bytes(out.get(), samples.data(), samples.size_bytes());
    if (format == WaveformFormat::float32) put_float32(out.get(), samples);
    first += samples.size();
  });
  if (std::fflush(out.get()) != 0) throw UserError(fmt::format("can't write {}", file.string()));
  if (format != WaveformFormat::csv)
    write_file(file.string() + ".json", description(waveform, format, from, to).dump(2) + "\n");
}

}  // namespace meterrig::cli
