#include "rig/plan/dates.hpp"

#include <vector>

namespace meterrig::plan {

namespace {

// The digits of `text` where `form` has a 0; every other character must be the same.
std::optional<std::vector<int>> fields(std::string_view text, std::string_view form) {
  if (text.size() != form.size()) return std::nullopt;
  std::vector<int> result;
  bool inside = false;
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (form[i] != '0') {
      if (text[i] != form[i]) return std::nullopt;
      inside = false;
      continue;
    }
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    if (!inside) result.push_back(0);
    inside = true;
    result.back() = result.back() * 10 + (text[i] - '0');
  }
  return result;
}

std::optional<std::chrono::sys_days> day_of(const std::vector<int>& parts) {
  const std::chrono::year_month_day day{std::chrono::year{parts[0]},
                                        std::chrono::month{static_cast<unsigned>(parts[1])},
                                        std::chrono::day{static_cast<unsigned>(parts[2])}};
  // Nanoseconds of 64 bits end in 2262.
  if (!day.ok() || parts[0] < 1970 || parts[0] > 2200) return std::nullopt;
  return std::chrono::sys_days{day};
}

}  // namespace

std::optional<std::chrono::sys_days> parse_day(std::string_view text) {
  const auto parts = fields(text, "0000-00-00");
  return parts ? day_of(*parts) : std::nullopt;
}

std::chrono::sys_days read_day(const json::Node& node) {
  const auto day = parse_day(node.string());
  if (!day) node.expected("a day such as 2026-11-21");
  return *day;
}

Utc read_utc(const json::Node& node) {
  const auto parts = fields(node.string(), "0000-00-00T00:00:00Z");
  const auto day = parts ? day_of(*parts) : std::nullopt;
  if (!day || (*parts)[3] > 23 || (*parts)[4] > 59 || (*parts)[5] > 59) {
    node.expected("an instant such as 2026-11-21T08:00:00Z");
  }
  return Utc{*day} + std::chrono::hours{(*parts)[3]} + std::chrono::minutes{(*parts)[4]} +
         std::chrono::seconds{(*parts)[5]};
}

}  // namespace meterrig::plan
