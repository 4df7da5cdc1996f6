#pragma once

#include <memory>

#include "instruments/roles/electrical.hpp"
#include "instruments/scpi_session.hpp"

namespace meterrig {

// Drivers that are all profile: the commands, answers, limits and safe state come from config/instruments/.
// `channel` counts from 1. The session may be shared by several drivers of one instrument.
std::unique_ptr<PowerSupply> make_scpi_supply(Clock& clock, std::shared_ptr<ScpiSession> session,
                                              const Profile& profile, int channel);
std::unique_ptr<Voltmeter> make_scpi_voltmeter(Clock& clock, std::shared_ptr<ScpiSession> session,
                                               const Profile& profile);
// role: "microammeter" or "ammeter".
std::unique_ptr<CurrentMeter> make_scpi_analyser(std::shared_ptr<ScpiSession> session, const Profile& profile,
                                                 int channel, const std::string& role);
// The same for any instrument: an analyser, or a multimeter whose profile has sequences.
std::unique_ptr<CurrentMeter> make_scpi_current_meter(Clock& clock, std::shared_ptr<ScpiSession> session,
                                                      const Profile& profile, int channel, const std::string& role);

ScpiOptions scpi_options(const std::string& name, const Profile& profile);

}  // namespace meterrig
