#include <algorithm>
#include <string_view>
#include <utility>

#include "bench/meter/fields.hpp"
#include "bench/meter/step_meter.hpp"

namespace meterrig::bench {

namespace {

using Content = std::span<const std::uint8_t>;

constexpr std::string_view clock_letters = "smhDMYC";
constexpr std::string_view hour_letters = "hDMY";  // of enable dates and time marks
constexpr unsigned first_record = 0xB100;
constexpr std::size_t fine_bytes = 5, money_bytes = 4, price_bytes = 3;
constexpr std::uint8_t cubic_metres = 0x2C;
constexpr std::int64_t litres_per_hundredth = 10;
constexpr std::int64_t most_money = 999'999'99;

std::optional<int> number_in(Content content, std::size_t bytes, int least, int most) {
  const auto number = content.size() == bytes ? cjt188::from_bcd(content) : std::nullopt;
  if (!number || *number < static_cast<unsigned>(least) || *number > static_cast<unsigned>(most)) return std::nullopt;
  return static_cast<int>(*number);
}

bool is_money(unsigned identifier) {
  return (identifier >= 0xB010 && identifier <= 0xB013) || identifier == 0x8105 || identifier == 0xA013;
}

}  // namespace

bool StepMeter::is_sensitive(unsigned identifier) const {
  return (identifier >= 0xB002 && identifier <= 0xB004) || identifier == 0xB010 || identifier == 0xB011 ||
         identifier == 0xA013 || identifier == 0xA015 || identifier == 0xA016;
}

// ST: D2 battery low. There is no valve.
std::uint16_t StepMeter::status() const {
  const bool low = supply_ && supply_->terminals().at(bench_.now()) < sample_.undervoltage_v;
  return low ? 4 : 0;
}

bool StepMeter::serve(std::uint8_t function, unsigned identifier, Content content, Bytes& out) {
  namespace control = cjt188::control;
  if (is_money(identifier) && !sample_.settles_money) return false;
  switch (function) {
    case control::read_data:
      return content.empty() && read_item(identifier, out);
    case control::read_address:
      return identifier == 0x810A && content.empty();
    case control::read_key_version:
      if (identifier != 0x8106 || !content.empty()) return false;
      append_bcd(out, settings().sealing == Sealing::none ? 0 : 1, 1);
      return true;
    case control::write_data:
      return write_item(identifier, content, out);
    case control::write_motor_sync:
      return identifier == 0xA016 && write_base(content, out);
    default:
      return false;
  }
}

bool StepMeter::read_item(unsigned identifier, Bytes& out) const {
  if (identifier >= first_record && identifier < first_record + register_.capacity())
    return read_record(identifier - first_record, out);
  return read_settlement(identifier, out) || read_money(identifier, out);
}

std::int64_t StepMeter::told_cumulative() const {
  constexpr std::int64_t last_wheel = 10;
  const std::int64_t litres = register_.cumulative();
  const bool early = sample_.direct_reading && step_.carry_error && litres % last_wheel == last_wheel - 1;
  return early ? (litres + last_wheel) % cumulative_range : litres;
}

bool StepMeter::read_settlement(unsigned identifier, Bytes& out) const {
  const SettlementRule& rule = register_.rule();
  switch (identifier) {
    case 0x901F:
    case 0xB001:
      if (identifier == 0x901F) {
        const auto settled = register_.record(0);
        for (const std::int64_t litres : {told_cumulative(), settled ? settled->litres : 0}) {
          append_bcd(out, litres / litres_per_hundredth, 4);
          out.push_back(cubic_metres);
        }
      } else {
        for (const std::int64_t litres : {told_cumulative(), register_.period()}) append_bcd(out, litres, fine_bytes);
      }
      append_time(out, read_clock(), clock_letters);
      append_status(out);
      return true;
    case 0xB002:
      append_bcd(out, static_cast<int>(rule.cycle), 1);
      return true;
    case 0xB003:
      append_settlement_time(out);
      return true;
    case 0xB004:
      append_bcd(out, rule.custom_days, 2);
      return true;
    case 0xB014:
      append_bcd(out, static_cast<std::int64_t>(register_.capacity()), 1);
      append(out, Bytes{0x01, 0x00, 0x00, 0x01});  // firmware 01.00.00.01
      return true;
    default:
      return false;
  }
}

bool StepMeter::read_money(unsigned identifier, Bytes& out) const {
  const StepRegister::Purchase& purchase = register_.purchase();
  switch (identifier) {
    case 0x8105:
      append_bcd(out, purchase.sequence, 1);
      for (const std::int64_t money : {purchase.amount, purchase.total, std::max<std::int64_t>(0, register_.balance())})
        append_bcd(out, money, money_bytes);
      append_status(out);
      return true;
    case 0xB010:
      append_table(out, register_.table());
      return true;
    case 0xB011:
      append_standby(out);
      return true;
    case 0xB012:
      append_bcd(out, static_cast<std::int64_t>(register_.current_step()) + 1, 1);
      append_bcd(out, register_.current_price(), price_bytes);
      return true;
    case 0xB013:
      out.push_back(register_.balance() < 0 ? 1 : 0);
      append_bcd(out, std::abs(register_.balance()), money_bytes);
      return true;
    default:
      return false;
  }
}

// An empty record reads all zero.
bool StepMeter::read_record(std::size_t back, Bytes& out) const {
  const auto record = register_.record(back);
  if (!record) {
    out.resize(out.size() + hour_letters.size() + fine_bytes);
    return true;
  }
  append_time(out, step_.marks_time_of_reading ? read_clock() : record->mark, hour_letters);
  append_bcd(out, record->litres, fine_bytes);
  return true;
}

void StepMeter::append_settlement_time(Bytes& out) const {
  const SettlementRule& rule = register_.rule();
  const bool unused = step_.month_of_settlement_unused && rule.cycle == SettlementRule::Cycle::month;
  for (const unsigned part : {rule.hour, rule.day, unused ? 1U : rule.month}) {
    if (step_.settlement_time_in_binary)
      out.push_back(static_cast<std::uint8_t>(part));
    else
      append_bcd(out, part, 1);
  }
}

void StepMeter::append_standby(Bytes& out) const {
  append_table(out, register_.standby().table);
  if (!step_.hides_enable_date) append(out, register_.standby().enable_bytes);
}

bool StepMeter::write_item(unsigned identifier, Content content, Bytes& out) {
  switch (identifier) {
    case 0xA013:
      return write_purchase(content, out);
    case 0xA015:
      return write_clock(content);
    case 0xA019:
      // One time only.
      return content.empty() && !std::exchange(factory_enabled_, true);
    case 0xB002:
      return write_cycle(content);
    case 0xB003:
      return write_settlement_time(content);
    case 0xB004:
      return write_custom_days(content);
    case 0xB010:
      return write_table(content);
    case 0xB011:
      return write_standby(content);
    default:
      return false;
  }
}

bool StepMeter::write_cycle(Content content) {
  const auto code = number_in(content, 1, 1, static_cast<int>(SettlementRule::Cycle::custom));
  if (!code) return false;
  SettlementRule rule = register_.rule();
  rule.cycle = static_cast<SettlementRule::Cycle>(*code);
  rule.custom_from = std::chrono::floor<std::chrono::days>(clock_.now());
  register_.set_rule(rule, clock_.now());
  return true;
}

// CJ/T 484 table 1: every part is held to its range, also where the cycle does not use it.
bool StepMeter::write_settlement_time(Content content) {
  if (content.size() != 3) return false;
  const auto hour = number_in(content.first(1), 1, 0, step_.hour_24_accepted ? 24 : 23);
  const auto day = number_in(content.subspan(1, 1), 1, 1, 28), month = number_in(content.subspan(2), 1, 1, 12);
  if (!hour || !day || !month) return false;
  SettlementRule rule = register_.rule();
  rule.hour = static_cast<unsigned>(*hour);
  rule.day = static_cast<unsigned>(*day);
  rule.month = static_cast<unsigned>(*month);
  register_.set_rule(rule, clock_.now());
  return true;
}

bool StepMeter::write_custom_days(Content content) {
  const auto days = number_in(content, 2, 1, 366);
  if (!days) return false;
  SettlementRule rule = register_.rule();
  rule.custom_days = *days;
  rule.custom_from = std::chrono::floor<std::chrono::days>(clock_.now());
  register_.set_rule(rule, clock_.now());
  return true;
}

bool StepMeter::write_table(Content content) {
  PriceTable good;
  if (const auto table = table_from(content, step_, good)) {
    register_.set_table(*table);
    return true;
  }
  PriceTable mixed = register_.table();
  if (!step_.table_taken_in_part || good.volumes.size() != mixed.volumes.size()) return false;
  mixed.volumes = good.volumes;
  std::copy(good.prices.begin(), good.prices.end(), mixed.prices.begin());
  register_.set_table(mixed);
  return false;
}

bool StepMeter::write_standby(Content content) {
  StepRegister::Standby standby;
  const std::size_t date_bytes = standby.enable_bytes.size();
  if (content.size() < date_bytes) return false;
  const Content date = content.last(date_bytes);
  PriceTable good;
  const auto table = table_from(content.first(content.size() - date_bytes), step_, good);
  auto enable = civil_from(date, hour_letters);
  if (!enable && step_.each_february_has_29 && date[1] == 0x29 && date[2] == 0x02) {
    const Bytes day_before{date[0], 0x28, date[2], date[3]};
    enable = civil_from(day_before, hour_letters);
  }
  // As it reads when none was set: so it can be set back.
  const bool none = std::all_of(date.begin(), date.end(), [](std::uint8_t byte) { return byte == 0; });
  if (!table || !(enable || none)) return false;
  standby.table = *table;
  std::copy(date.begin(), date.end(), standby.enable_bytes.begin());
  if (enable) standby.enable = time_of(*enable);
  register_.set_standby(standby);
  catch_up();
  return true;
}

bool StepMeter::write_clock(Content content) {
  const auto time = civil_from(content, clock_letters);
  if (!time || (step_.refuses_leap_day && time->month == 2 && time->day == 29)) return false;
  const Duration move = *time_of(*time) - clock_.now();
  if (step_.clock_moves_at_most > 0s && std::chrono::abs(move) > step_.clock_moves_at_most) return false;
  set_clock(*time_of(*time));
  catch_up();
  return true;
}

// The number of a purchase tells it from its repetition.
bool StepMeter::write_purchase(Content content, Bytes& out) {
  if (content.size() != 1 + money_bytes) return false;
  const auto sequence = cjt188::from_bcd(content.first(1)), amount = cjt188::from_bcd(content.subspan(1));
  if (!sequence || !amount) return false;
  const bool again = static_cast<int>(*sequence) == register_.purchase().sequence;
  if (again && !step_.takes_purchase_again) return false;
  const auto cents = static_cast<std::int64_t>(*amount);
  if (register_.purchase().total + cents > most_money || register_.balance() + cents > most_money) return false;
  register_.buy(static_cast<int>(*sequence), cents);
  append(out, content);
  return true;
}

bool StepMeter::write_base(Content content, Bytes& out) {
  if (factory_enabled_ || content.size() != 5 || content[4] != cubic_metres) return false;
  const auto hundredths = cjt188::from_bcd(content.first(4));
  if (!hundredths) return false;
  const std::int64_t litres = static_cast<std::int64_t>(*hundredths) * litres_per_hundredth;
  if (litres >= cumulative_range) return false;
  register_.set_cumulative(litres);
  append_status(out);
  return true;
}

}  // namespace meterrig::bench
