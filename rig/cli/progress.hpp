#pragma once

#include <cstdio>
#include <map>
#include <memory>
#include <string>

#include "core/clock.hpp"
#include "rig/cli/language.hpp"
#include "rig/plan/plan.hpp"
#include "rig/plan/rig_file.hpp"
#include "rig/run/run.hpp"

namespace meterrig::cli {

// What a progress display is of.
struct ProgressOf {
  Clock& clock;
  const plan::Plan& plan;
  const plan::RigFile& rig;
  std::size_t stations = 0;  // those with a sample
  Language language = Language::en;
};

// On a terminal some lines that are drawn again and again; else a plain line for each start and end of a clause,
// flushed at once, since programs read it.
std::unique_ptr<rig::Observer> make_progress(std::FILE* out, const ProgressOf& of);

// One station of the terminal's display.
struct StationView {
  std::string name;
  std::string clause;
  std::string title;
  std::string waiting;  // for what, held by whom
  double started_s = 0;
  double estimate_s = 0;
  std::map<std::string, record::Verdict> verdicts;  // by clause: a retry takes the place of what it repeats
};

// `1  5.3.8/6.10  quiescent current  0:04:10 / 0:25:00  [####......]  3 pass 1 fail`, cut to `columns`.
std::string station_line(const StationView& view, double now_s, std::size_t clauses, std::size_t columns,
                         Language language);

}  // namespace meterrig::cli
