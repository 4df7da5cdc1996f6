#pragma once

#include <vector>

#include "bench/meter/defects.hpp"

// The parts of the table of defects, by clause; meter_defects() strings them together.
namespace meterrig::bench::defect_table {

// Clause ids of CJ/T 503-2016, by requirement.
namespace clause {
inline constexpr const char* r5_3_5 = "CJT503-5.3.5/6.7";
inline constexpr const char* r5_3_6 = "CJT503-5.3.6/6.8";
inline constexpr const char* r5_3_7 = "CJT503-5.3.7/6.9";
inline constexpr const char* r5_3_8 = "CJT503-5.3.8/6.10";
inline constexpr const char* r5_3_9 = "CJT503-5.3.9/6.11";
inline constexpr const char* r5_3_10a = "CJT503-5.3.10a/6.12a";
inline constexpr const char* r5_3_10b = "CJT503-5.3.10b/6.12b";
inline constexpr const char* r5_3_11 = "CJT503-5.3.11/6.13";
inline constexpr const char* r5_3_12 = "CJT503-5.3.12/6.14";
inline constexpr const char* r5_3_13 = "CJT503-5.3.13/6.15";
inline constexpr const char* r5_3_14 = "CJT503-5.3.14/6.16";
inline constexpr const char* r5_3_15 = "CJT503-5.3.15/6.17";
inline constexpr const char* r5_3_17 = "CJT503-5.3.17/6.19";
inline constexpr const char* r5_3_18 = "CJT503-5.3.18/6.20";
}  // namespace clause

// Of CJ/T 484.
namespace step_clause {
inline constexpr const char* r5_4_1 = "CJT484-5.4.1/6.4.1";
inline constexpr const char* r5_4_2a = "CJT484-5.4.2a/6.4.2c";
inline constexpr const char* r5_4_2b = "CJT484-5.4.2b/6.4.2a";
inline constexpr const char* r5_4_2c = "CJT484-5.4.2c/6.4.2b";
inline constexpr const char* r5_4_3 = "CJT484-5.4.3/6.4.3";
inline constexpr const char* r5_4_4 = "CJT484-5.4.4/6.4.4";
inline constexpr const char* r5_4_5 = "CJT484-5.4.5/6.4.5";
inline constexpr const char* r5_4_6a = "CJT484-5.4.6a/6.4.6a";
inline constexpr const char* r5_4_6b = "CJT484-5.4.6b/6.4.6b";
inline constexpr const char* r5_4_7 = "CJT484-5.4.7/6.4.7";
inline constexpr const char* r5_4_8_2 = "CJT484-5.4.8.2/6.4.8.1";
inline constexpr const char* price = "CJT484-A.price/6.4.8.1";
inline constexpr const char* error = "CJT484-A.error/6.4.8.1";
inline constexpr const char* r5_4_8_3a = "CJT484-5.4.8.3a/6.4.8.2a";
inline constexpr const char* r5_4_8_3b = "CJT484-5.4.8.3b/6.4.8.2b";
inline constexpr const char* r5_4_8_3c = "CJT484-5.4.8.3c/6.4.8.2c";
inline constexpr const char* r5_4_9_1 = "CJT484-5.4.9.1";
inline constexpr const char* r5_4_9_2b = "CJT484-5.4.9.2b";
}  // namespace step_clause

inline constexpr const char* fail = "fail";
inline constexpr const char* inconclusive = "inconclusive";

std::vector<MeterDefect> valve_tightness();
std::vector<MeterDefect> valve_durability();
std::vector<MeterDefect> body_tightness();
std::vector<MeterDefect> quiescent_current();
std::vector<MeterDefect> maximum_current();
std::vector<MeterDefect> conversion();
std::vector<MeterDefect> retention();
std::vector<MeterDefect> power_loss_close();
std::vector<MeterDefect> undervoltage();
std::vector<MeterDefect> opening();
std::vector<MeterDefect> remote_transmission();
std::vector<MeterDefect> control();

// Of the water meter.
std::vector<MeterDefect> step_usage();
std::vector<MeterDefect> step_clock();
std::vector<MeterDefect> step_settlement();
std::vector<MeterDefect> step_storage();
std::vector<MeterDefect> step_money();
std::vector<MeterDefect> step_tables();
std::vector<MeterDefect> step_security();

}  // namespace meterrig::bench::defect_table
