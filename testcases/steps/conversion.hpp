#pragma once

#include <cstdint>

#include "testcases/steps/register.hpp"

// The electronic reading of a meter against its mechanical counter, which a person or a camera reads. Volumes in
// ten-thousandths of a cubic metre.
namespace meterrig::testcases {

struct Conversion {
  std::int64_t counter_division = 0;  // smallest mark of the mechanical counter
  Task<std::int64_t> (*electronic)(Trial&) = nullptr;
};

// Pulse type: the change of one against the change of the other over at least `equivalents_min` pulses; measures
// `conversion_error` in pulses. Where the rig dates the pulses of the contact, their spacing tells whether the contact
// or what counts behind it went wrong.
Task<> compare_changes(Trial& trial, Conversion how);

// Direct-reading type: both absolute, at rest, at several positions among which wheels carry from 9 to 0; measures
// `reading_difference` in the sample's smallest divisions.
Task<> compare_readings(Trial& trial, Conversion how);

// The meter's item `cumulative_volume`.
Task<std::int64_t> remote_reading(Trial& trial);

}  // namespace meterrig::testcases
