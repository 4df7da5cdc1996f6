#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rig/record/verdict.hpp"

namespace meterrig::record {

enum class Language { zh, en, both };

struct VerdictColumn {
  std::int64_t sample = 0;
  std::string serial;
  Verdict verdict = Verdict::not_tested;  // worst of the column
};

struct VerdictRow {
  std::string id;
  std::string title_zh;
  std::string title_en;
  std::vector<std::optional<Verdict>> cells;  // one for each column; empty where the plan asks for nothing
};

struct VerdictTable {
  std::vector<VerdictColumn> columns;
  std::vector<VerdictRow> rows;      // in the order of the plan
  std::vector<std::string> remarks;  // what failed or was void, and why
};

// Clauses by samples, from a record.
VerdictTable verdict_table(const nlohmann::json& record);

// Plain text, aligned for a terminal: CJK characters take two columns.
std::string render_table(const VerdictTable& table, Language language);

// Columns that UTF-8 text takes on a terminal.
std::size_t display_width(std::string_view text);

}  // namespace meterrig::record
