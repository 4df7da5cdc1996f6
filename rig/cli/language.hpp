#pragma once

#include <string>

#include "rig/record/verdict_table.hpp"

namespace meterrig::cli {

using Language = record::Language;

// `--lang`: zh, en or both; empty: as the environment says (LC_ALL, LC_MESSAGES, LANG beginning with zh gives zh).
Language language_of(const std::string& option);

// One of two texts; `both` shows Chinese first.
std::string say(Language language, const std::string& zh, const std::string& en);

// Rig time as people read it: `0:00:07`, `26:03:59`.
std::string clock_text(double seconds);

}  // namespace meterrig::cli
