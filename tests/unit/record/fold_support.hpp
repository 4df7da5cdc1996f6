#pragma once

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "rig/record/record_fold.hpp"
#include "sample_run.hpp"
#include "schema_check.hpp"

namespace meterrig::record::test {

// The record of what was journaled, which keeps its schema.
inline json fold(const Bench& bench) {
  json record = fold_record(bench.journal.events());
  EXPECT_EQ(schema_faults(record), "");
  return record;
}

inline const json& result_of(const json& record, int sample, const std::string& id) {
  for (const json& dut : record.at("duts")) {
    if (dut.at("sample") != sample) continue;
    for (const json& result : dut.at("results")) {
      if (result.at("id") == id) return result;
    }
  }
  throw std::out_of_range("no result of " + id);
}

}  // namespace meterrig::record::test
