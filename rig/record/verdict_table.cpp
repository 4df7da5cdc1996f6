#include "rig/record/verdict_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "rig/record/measurement_text.hpp"

namespace meterrig::record {

namespace {

using nlohmann::json;

struct Range {
  char32_t first;
  char32_t last;
};

// Unicode 15 EastAsianWidth W and F, joined where nothing else lies between.
constexpr std::array<Range, 13> wide{{{0x1100, 0x115F},
                                      {0x2E80, 0x303E},
                                      {0x3041, 0x33FF},
                                      {0x3400, 0x4DBF},
                                      {0x4E00, 0x9FFF},
                                      {0xA000, 0xA4CF},
                                      {0xAC00, 0xD7A3},
                                      {0xF900, 0xFAFF},
                                      {0xFE30, 0xFE6F},
                                      {0xFF00, 0xFF60},
                                      {0xFFE0, 0xFFE6},
                                      {0x1F300, 0x1FAFF},
                                      {0x20000, 0x3FFFD}}};
constexpr std::array<Range, 3> no_width{{{0x0300, 0x036F}, {0x200B, 0x200F}, {0xFE00, 0xFE0F}}};

template <std::size_t N>
bool within(const std::array<Range, N>& ranges, char32_t c) {
  return std::any_of(ranges.begin(), ranges.end(), [c](const Range& r) { return r.first <= c && c <= r.last; });
}

// The next character; a byte that is no UTF-8 stands for itself.
char32_t next_character(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t c = length == 1 ? lead : lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length && i < text.size(); ++i) {
    c = c << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  text.remove_prefix(std::min(length, text.size()));
  return c;
}

std::string padded(const std::string& text, std::size_t width) {
  const std::size_t has = display_width(text);
  return has < width ? text + std::string(width - has, ' ') : text;
}

std::string title_of(const VerdictRow& row, Language language) {
  if (language == Language::zh) return row.title_zh;
  if (language == Language::en) return row.title_en;
  return row.title_zh + " " + row.title_en;
}

std::string verdict_text(std::optional<Verdict> verdict, Language language) {
  if (!verdict) return "-";
  const VerdictWords& shown = words(*verdict);
  if (language == Language::zh) return std::string(shown.zh);
  if (language == Language::en) return std::string(shown.en);
  return fmt::format("{} {}", shown.zh, shown.en);
}

std::string pick(Language language, const char* zh, const char* en) {
  if (language == Language::both) return fmt::format("{} {}", zh, en);
  return language == Language::zh ? zh : en;
}

// Why a result is what it is: the measurements that are as bad, or the cause. Of a pass, what came close to its limit.
void add_remarks(const json& dut, const json& result, Verdict verdict, std::vector<std::string>& remarks) {
  const std::string head = fmt::format("{} #{} {}", result.value("id", ""), dut.value("sample", 0), words(verdict).en);
  if (verdict != Verdict::fail && verdict != Verdict::void_ && verdict != Verdict::inconclusive) {
    for (const json& measurement : result.value("measurements", json::array()))
      if (measurement.contains("remark")) remarks.push_back(fmt::format("{}: {}", head, measurement_text(measurement)));
    return;
  }
  const std::size_t before = remarks.size();
  for (const json& measurement : result.value("measurements", json::array())) {
    if (measurement.value("verdict", "") == word(verdict)) {
      remarks.push_back(fmt::format("{}: {}", head, measurement_text(measurement)));
    }
  }
  const std::string cause = cause_text(result.value("cause", json()));
  if (!cause.empty() || remarks.size() == before) {
    remarks.push_back(cause.empty() ? head : fmt::format("{}: {}", head, cause));
  }
}

// One line: what an instrument sent must not steer the terminal.
std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return text;
}

std::string line(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
  std::string out;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    out += i + 1 < cells.size() ? padded(cells[i], widths[i]) + "  " : cells[i];
  }
  return out + "\n";
}

// Who answers for instruments that fall short, and for what.
void add_override(const json& record, std::vector<std::string>& remarks) {
  const json by = record.value("override", json());
  if (!by.is_string()) return;
  remarks.push_back(fmt::format("override {}", by.get<std::string>()));
  for (const json& one : record.value("shortfalls", json::array()))
    remarks.push_back(fmt::format("override: {}", one.value("text", json::object()).value("en", "")));
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const char32_t c = next_character(text);
    if (!within(no_width, c)) width += within(wide, c) ? 2 : 1;
  }
  return width;
}

VerdictTable verdict_table(const json& record) {
  VerdictTable table;
  add_override(record, table.remarks);
  const json& duts = record.at("duts");
  for (std::size_t column = 0; column < duts.size(); ++column) {
    const json& dut = duts[column];
    const json serial = dut.value("serial", json());
    table.columns.push_back({dut.value("sample", std::int64_t{0}), serial.is_string() ? serial.get<std::string>() : "",
                             verdict_from(dut.value("verdict", "")).value_or(Verdict::not_tested)});
    for (const json& result : dut.at("results")) {
      const std::string id = result.value("id", "");
      auto row = std::find_if(table.rows.begin(), table.rows.end(), [&](const VerdictRow& r) { return r.id == id; });
      if (row == table.rows.end()) {
        const json title = result.value("title", json::object());
        table.rows.push_back({id, title.value("zh", ""), title.value("en", ""), {}});
        table.rows.back().cells.resize(duts.size());
        row = table.rows.end() - 1;
      }
      const Verdict verdict = verdict_from(result.value("verdict", "")).value_or(Verdict::void_);
      row->cells[column] = verdict;
      add_remarks(dut, result, verdict, table.remarks);
    }
  }
  return table;
}

std::string render_table(const VerdictTable& table, Language language) {
  std::vector<std::vector<std::string>> lines;
  std::vector<std::string> head{pick(language, "条款", "clause"), pick(language, "项目", "item")};
  std::vector<std::string> foot{pick(language, "样品", "sample"), ""};
  for (const VerdictColumn& column : table.columns) {
    head.push_back(column.serial.empty() ? fmt::format("#{}", column.sample)
                                         : fmt::format("#{} {}", column.sample, column.serial));
    foot.push_back(verdict_text(column.verdict, language));
  }
  lines.push_back(head);
  for (const VerdictRow& row : table.rows) {
    std::vector<std::string> cells{row.id, title_of(row, language)};
    for (const auto& cell : row.cells) cells.push_back(verdict_text(cell, language));
    lines.push_back(std::move(cells));
  }
  lines.push_back(foot);

  std::vector<std::size_t> widths(head.size(), 0);
  for (const auto& cells : lines) {
    for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], display_width(cells[i]));
  }
  std::size_t total = 2 * (widths.size() - 1);
  for (const std::size_t width : widths) total += width;
  const std::string rule = std::string(total, '-') + "\n";

  std::string out = line(lines.front(), widths) + rule;
  for (std::size_t i = 1; i + 1 < lines.size(); ++i) out += line(lines[i], widths);
  out += rule + line(lines.back(), widths);
  for (const std::string& remark : table.remarks) out += "! " + printable(remark) + "\n";
  return out;
}

}  // namespace meterrig::record
