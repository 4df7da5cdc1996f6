#include "bindings/waveform.hpp"

#include <cmath>

#include <fmt/format.h>
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include "bindings/values.hpp"
#include "core/errors.hpp"
#include "core/waveform/decimation.hpp"
#include "core/waveform/segmenter.hpp"
#include "core/waveform/statistics.hpp"
#include "instruments/waveform_uncertainty.hpp"

namespace meterrig::python {
namespace {

using Counts = py::array_t<std::int64_t, py::array::c_style | py::array::forcecast>;

// Only a waveform without overloads has a mean: what is beyond the range is no number.
void expect_within_range(const Recording& recording, const char* what) {
  const Totals totals = recording.waveform.totals();
  if (totals.samples == 0) throw NoReading(fmt::format("the waveform has no samples, so no {}", what), {});
  if (totals.overloads > 0)
    throw OverRange(fmt::format("{} of {} samples are beyond the range of the instrument: the waveform has no {}; take "
                                "it again in a higher range",
                                totals.overloads, totals.samples, what),
                    {});
}

// Looks into the samples without copying them; the array keeps the recording alive.
py::array counts_of(const RecordingPtr& recording) {
  const std::vector<std::int64_t>& counts = recording->waveform.counts;
  py::array_t<std::int64_t> array({counts.size()}, {sizeof(std::int64_t)}, counts.data(), py::cast(recording));
  array.attr("setflags")(py::arg("write") = false);
  return array;
}

py::array values_of(const RecordingPtr& recording) {
  const std::vector<std::int64_t>& counts = recording->waveform.counts;
  py::array_t<double> values(static_cast<py::ssize_t>(counts.size()));
  double* const to = values.mutable_data();
  {
    py::gil_scoped_release free;
    for (std::size_t i = 0; i < counts.size(); ++i)
      to[i] = is_overload(counts[i]) ? std::copysign(INFINITY, static_cast<double>(counts[i])) : amperes(counts[i]);
  }
  return values;
}

RecordingPtr from_counts(const Counts& counts, double interval_s) {
  if (counts.ndim() != 1) throw py::value_error("expected a one-dimensional array of whole counts of 0.1 nA");
  auto recording = std::make_shared<Recording>();
  recording->waveform.interval = duration_of(interval_s, "interval_s");
  if (recording->waveform.interval <= Duration::zero()) throw py::value_error("interval_s must be more than 0");
  recording->waveform.counts.assign(counts.data(), counts.data() + counts.size());
  return recording;
}

// Of a value that the samples give by themselves: the limits of error of the range that holds it.
py::object with_accuracy(const Recording& recording, double amperes) {
  Budget budget("A");
  if (!recording.accuracy.empty()) budget.half_width("accuracy", recording.accuracy.half_width(amperes));
  return reading_of(amperes, budget);
}

py::object mean(const Recording& recording) {
  expect_within_range(recording, "mean");
  const Waveform& waveform = recording.waveform;
  if (recording.accuracy.empty()) return reading_of(waveform.mean(), Budget("A"));
  const WaveformValue value = mean_of(waveform, recording.accuracy, 0, waveform.size(), 1);
  return reading_of(value.amperes, value.budget);
}

py::object peak(const Recording& recording, double window_s) {
  expect_within_range(recording, "peak");
  const Waveform& waveform = recording.waveform;
  if (window_s == 0) return with_accuracy(recording, amperes(waveform.totals().highest));
  const Duration window = duration_of(window_s, "window_s");
  if (recording.accuracy.empty()) return reading_of(waveform.maximum_moving_mean(window), Budget("A"));
  const WaveformValue value = largest_mean(waveform, recording.accuracy, window);
  return reading_of(value.amperes, value.budget);
}

py::object rms(const Recording& recording) {
  expect_within_range(recording, "root mean square");
  return with_accuracy(recording, recording.waveform.totals().rms());
}

py::object charge(const Recording& recording) {
  expect_within_range(recording, "charge");
  const Waveform& waveform = recording.waveform;
  Budget budget("A");
  if (!recording.accuracy.empty()) budget = mean_of(waveform, recording.accuracy, 0, waveform.size(), 1).budget;
  return reading_of(waveform.totals().charge(waveform.interval), budget.in("C", to_seconds(waveform.duration())));
}

py::object percentile(const Recording& recording, double percent, double width_s) {
  if (!(percent >= 0 && percent <= 100)) throw py::value_error("percent must be 0 to 100");
  expect_within_range(recording, "percentile");
  if (duration_of(width_s, "width_s") > recording.waveform.duration())
    throw py::value_error(fmt::format("the waveform of {:g} s is shorter than the width of the means, {:g} s",
                                      to_seconds(recording.waveform.duration()), width_s));
  return with_accuracy(recording, recording.waveform.percentile_of_means(duration_of(width_s, "width_s"), percent));
}

// Samples from `from_s` up to, not including, `to_s`, to the nearest sample.
RecordingPtr part(const Recording& recording, double from_s, double to_s) {
  const Waveform& waveform = recording.waveform;
  const auto sample = [&](double at_s, const char* name) {
    const Duration at = duration_of(at_s, name);
    return std::min<std::size_t>(waveform.size(),
                                 static_cast<std::size_t>((at + waveform.interval / 2) / waveform.interval));
  };
  const std::size_t from = sample(from_s, "from_s");
  const std::size_t to = sample(to_s, "to_s");
  if (from >= to) throw py::value_error(fmt::format("no samples between {:g} s and {:g} s", from_s, to_s));
  auto result = std::make_shared<Recording>();
  result->waveform = waveform.part(from, to);
  result->accuracy = recording.accuracy;
  result->start = recording.start + waveform.interval * static_cast<std::int64_t>(from);
  return result;
}

std::vector<Segment> segments(const Recording& recording) {
  py::gil_scoped_release free;
  Segmenter segmenter(recording.waveform.interval, battery_meter_events());
  segmenter.feed(recording.waveform.counts);
  segmenter.finish();
  return segmenter.take();
}

// From the start of the first wake-up to the start of the last one; None when fewer than two were found.
py::object periods(const Recording& recording, double expected_s) {
  const WholePeriods found = whole_periods(recording.waveform, duration_of(expected_s, "expected_s"));
  if (found.periods == 0) return py::none();
  const double interval_s = to_seconds(recording.waveform.interval);
  return py::make_tuple(static_cast<double>(found.from) * interval_s, static_cast<double>(found.to) * interval_s,
                        found.periods, to_seconds(found.period), found.charge_per_wake);
}

// Times (s), lowest and highest current (A) of at most `points` stretches; infinite where a sample is beyond the range.
py::tuple envelope(const Recording& recording, std::size_t points) {
  if (points < 2 || points % 2 != 0 || points > 10'000'000)
    throw py::value_error("points must be even, from 2 to 10000000");
  Decimation decimation(points);
  decimation.feed(recording.waveform.counts);
  const auto size = static_cast<py::ssize_t>(decimation.buckets().size());
  py::array_t<double> times(size), low(size), high(size);
  const double width_s = to_seconds(recording.waveform.interval) * static_cast<double>(decimation.samples_per_bucket());
  for (py::ssize_t i = 0; i < size; ++i) {
    const Decimation::Bucket& bucket = decimation.buckets()[static_cast<std::size_t>(i)];
    times.mutable_at(i) = static_cast<double>(i) * width_s;
    low.mutable_at(i) = bucket.lowest == INT64_MAX ? INFINITY : amperes(bucket.lowest);
    high.mutable_at(i) = bucket.overload ? INFINITY : amperes(bucket.highest);
  }
  return py::make_tuple(times, low, high);
}

}  // namespace

void bind_waveforms(py::module_& module) {
  py::class_<Segment>(module, "Segment", "A stretch of a waveform that is one event. Times in seconds from its start.")
      .def_readonly("kind", &Segment::kind, "\"sleep\", \"receive_window\", \"transmit_burst\" or \"valve_motor\".")
      .def_readonly("complete", &Segment::complete, "False: the beginning or the end of the waveform cut it.")
      .def_property_readonly(
          "start_s", [](const Segment& s) { return to_seconds(s.start()); },
          "Where it begins, seconds from the start of the waveform.")
      .def_property_readonly(
          "duration_s", [](const Segment& s) { return to_seconds(s.duration()); }, "How long it is, seconds.")
      .def_property_readonly("peak", &Segment::peak, "The largest sample, A; infinite with one beyond the range.")
      .def_property_readonly(
          "mean", [](const Segment& s) { return s.totals.overloads > 0 ? INFINITY : s.mean(); },
          "Over all samples, A; infinite with one beyond the range.")
      .def_property_readonly(
          "charge", [](const Segment& s) { return s.totals.overloads > 0 ? INFINITY : s.charge(); },
          "Of all samples, C; infinite with a sample beyond the range.");
  py::class_<Recording, std::shared_ptr<Recording>>(module, "NativeWaveform")
      .def_static("from_counts", &from_counts, py::arg("counts"), py::arg("interval_s"))
      .def("__len__", [](const Recording& r) { return r.waveform.size(); })
      .def_property_readonly("interval_s", [](const Recording& r) { return to_seconds(r.waveform.interval); })
      .def_property_readonly("duration_s", [](const Recording& r) { return to_seconds(r.waveform.duration()); })
      .def_property_readonly("start", [](const Recording& r) { return datetime_of(r.start); })
      .def_property_readonly("overloads", [](const Recording& r) { return r.waveform.overloads(); })
      .def_property_readonly("counts", &counts_of)
      .def("values", &values_of)
      .def("mean", &mean)
      .def("peak", &peak, py::arg("window_s") = 0.0)
      .def("rms", &rms)
      .def("charge", &charge)
      .def("percentile", &percentile, py::arg("percent"), py::arg("width_s") = 0.01)
      .def("part", &part, py::arg("from_s"), py::arg("to_s"))
      .def("segments", &segments)
      .def("whole_periods", &periods, py::arg("expected_s"))
      .def("envelope", &envelope, py::arg("points") = 2000);
}

}  // namespace meterrig::python
