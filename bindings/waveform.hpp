#pragma once

#include <memory>

#include "core/time.hpp"
#include "instruments/uncertainty.hpp"
#include "instruments/waveform.hpp"

namespace meterrig::python {

// A waveform with what it was taken with and when; NumPy arrays look into it, and keep it alive.
struct Recording {
  Waveform waveform;
  Accuracy accuracy;  // empty: nothing is known of it
  Utc start{};
};
using RecordingPtr = std::shared_ptr<Recording>;

}  // namespace meterrig::python
