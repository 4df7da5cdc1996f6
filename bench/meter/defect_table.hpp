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
inline constexpr const char* r5_1_3 = "CJT484-5.1.3/6.2.3";
inline constexpr const char* r5_2_12 = "CJT484-5.2.12/6.3.15";
inline constexpr const char* r5_3_4 = "CJT484-5.3.4/6.3.4";
inline constexpr const char* r5_3_5 = "CJT484-5.3.5/6.3.7";
inline constexpr const char* r5_1_4 = "CJT484-5.1.4/6.2.1";
inline constexpr const char* r5_2_8 = "CJT484-5.2.8/6.1.3";
inline constexpr const char* r5_2_9 = "CJT484-5.2.9/6.2.10";
inline constexpr const char* r5_2_10 = "CJT484-5.2.10/6.2.13";
inline constexpr const char* r5_2_11 = "CJT484-5.2.11/6.2.14";
inline constexpr const char* r5_3_13 = "CJT484-5.3.13/6.3.5";
inline constexpr const char* r5_3_14 = "CJT484-5.3.14/6.3.6";
inline constexpr const char* r8_1 = "CJT484-8.1";
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
inline constexpr const char* r5_4_8_3_0 = "CJT484-5.4.8.3.0";
inline constexpr const char* r5_4_8_4 = "CJT484-5.4.8.4/6.4.8.3";
inline constexpr const char* r5_4_8_3a = "CJT484-5.4.8.3a/6.4.8.2a";
inline constexpr const char* r5_4_8_3b = "CJT484-5.4.8.3b/6.4.8.2b";
inline constexpr const char* r5_4_8_3c = "CJT484-5.4.8.3c/6.4.8.2c";
inline constexpr const char* r5_4_9_1 = "CJT484-5.4.9.1";
inline constexpr const char* r5_4_9_2b = "CJT484-5.4.9.2b";
}  // namespace step_clause

using Expected = decltype(MeterDefect::expected);
// Beside `others`: the six clauses whose treatments leave the meter without supply, or all that end with the functional
// check of a water meter (testcases/assisted/treatment.cpp).
Expected with_treatments_here(Expected others);
Expected with_all_treatments(Expected others);

inline constexpr const char* fail = "fail";
inline constexpr const char* inconclusive = "inconclusive";
inline constexpr const char* not_tested = "not_tested";
inline constexpr const char* recorded = "recorded";

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
std::vector<MeterDefect> step_bench();
std::vector<MeterDefect> step_supply();
std::vector<MeterDefect> step_sights();

}  // namespace meterrig::bench::defect_table
