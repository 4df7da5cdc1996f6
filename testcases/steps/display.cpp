#include "testcases/steps/display.hpp"

#include <fmt/format.h>

#include "core/exact_decimal.hpp"

namespace meterrig::testcases {

Task<OnDisplay> look_at_number(Trial& trial, std::string page, std::int64_t should, int decimals) {
  const std::string shown = co_await display(trial, page, "请读取显示内容：" + page, "read the display, page " + page);
  trial.record_text("shown_" + page, shown);
  std::int64_t is = 0;
  if (shown == "blank") {
    trial.note("没有显示页：" + page, "nothing is shown on the page " + page);
    co_return OnDisplay::blank;
  }
  const bool read = parse_scaled(shown, decimals, is);
  if (read && is == should) co_return OnDisplay::as_expected;
  const std::string expected = scaled_text(std::to_string(should), -decimals);
  trial.note(fmt::format("{} 显示 {}，应为 {}", page, shown, expected),
             fmt::format("{} shows {:?} and should show {}", page, shown, expected));
  co_return read ? OnDisplay::otherwise : OnDisplay::unreadable;
}

Task<OnDisplay> look_at_clock(Trial& trial, CivilTime set_to, Instant since) {
  const std::string shown = co_await display(trial, "clock", "请读取显示的时钟 hhmmss", "read the clock, hhmmss");
  trial.record_text("shown_clock", shown);
  std::int64_t digits = 0;
  const bool read = shown.size() == 6 && parse_scaled(shown, 0, digits);
  const std::int64_t is_s = digits / 10000 * 3600 + digits / 100 % 100 * 60 + digits % 100;
  const auto of_day = set_to - std::chrono::floor<std::chrono::days>(set_to);
  const double late_s = to_seconds(trial.clock().now() - since) + static_cast<double>(of_day.count() - is_s);
  if (read && late_s > -2 && late_s < trial.number("display_within_s")) co_return OnDisplay::as_expected;
  trial.note("时钟显示 " + shown, fmt::format("the clock shows {:?}", shown));
  co_return shown == "blank" ? OnDisplay::blank : read ? OnDisplay::otherwise : OnDisplay::unreadable;
}

}  // namespace meterrig::testcases
