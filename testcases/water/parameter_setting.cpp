// CJ/T 484 (revision) 6.4.7: clock, settlement cycle, settlement time and price table can be set. What is legal takes
// effect, what is illegal changes nothing: each field below, at and above its bounds, nibbles above 9, wrong lengths.
// Falling step volumes and fewer than two of them are not illegal by the text: what becomes of them is recorded.
#include <fmt/format.h>

#include "meters/telegram.hpp"
#include "testcases/steps/display.hpp"
#include "testcases/steps/money.hpp"

namespace meterrig::testcases {
namespace {

using cjt188::Bytes;

// In printed order, high byte first.
struct Vector {
  const char* item;
  Bytes value;
  bool legal;
};

Bytes hex(const char* digits) { return bytes_from_hex(digits); }

std::vector<Vector> settings() {
  return {{"settlement_cycle", hex("01"), true},      {"settlement_cycle", hex("02"), true},
          {"settlement_cycle", hex("03"), true},      {"settlement_cycle", hex("04"), true},
          {"settlement_cycle", hex("00"), false},     {"settlement_cycle", hex("06"), false},
          {"settlement_cycle", hex("FF"), false},     {"settlement_cycle", hex("0102"), false},
          {"settlement_cycle", hex("04"), true},      {"settlement_time", hex("010100"), true},
          {"settlement_time", hex("122823"), true},   {"settlement_time", hex("000100"), false},
          {"settlement_time", hex("130100"), false},  {"settlement_time", hex("010000"), false},
          {"settlement_time", hex("012900"), false},  {"settlement_time", hex("010124"), false},
          {"settlement_time", hex("1A0100"), false},  {"settlement_time", hex("0101"), false},
          {"settlement_time", hex("01010000"), false}};
}

// CCYYMMDDhhmmss.
std::vector<Vector> clocks() {
  const char* const item = "clock_digits";
  return {{item, hex("20280229123456"), true},  {item, hex("20270229123456"), false},
          {item, hex("20271301123456"), false}, {item, hex("20270001123456"), false},
          {item, hex("20270100123456"), false}, {item, hex("20270431123456"), false},
          {item, hex("20270101243456"), false}, {item, hex("20270101126056"), false},
          {item, hex("20270101123460"), false}, {item, hex("2027010112345A"), false},
          {item, hex("202701011234"), false},   {item, hex("2027010112345600"), false}};
}

void tell(Trial& trial, const Vector& one, const std::string& is) {
  const std::string value = to_hex(one.value);
  trial.note(fmt::format("{}：{}值 {}，读回 {}", one.item, one.legal ? "合法" : "非法", value, is),
             fmt::format("{}: the {} value {} was written and {} is read", one.item, one.legal ? "legal" : "illegal",
                         value, is));
}

struct Faults {
  int lost = 0, taken = 0;
  void add(const Vector& one) { ++(one.legal ? lost : taken); }
};

Task<> try_settings(Trial& trial, Faults& faults) {
  Cjt188Meter& meter = trial.station().meter();
  co_await set_cycle(trial, Cycle::year);
  co_await set_settlement_time(trial, SettlementTime());
  const std::vector<Vector> all = settings();
  for (const Vector& one : all) {
    const Bytes before = co_await meter.bytes_of(one.item);
    const Bytes offered(one.value.rbegin(), one.value.rend());
    co_await trial.offer(one.item, offered);
    const Bytes after = co_await meter.bytes_of(one.item);
    if (after == (one.legal ? offered : before)) continue;
    faults.add(one);
    tell(trial, one, to_hex(Bytes(after.rbegin(), after.rend())));
    co_await trial.offer(one.item, before);
  }
}

// A meter that lets its clock be moved a little, but never so far, can't be shown the leap day.
Task<bool> refuses_far_dates(Trial& trial) {
  const Bytes day_before = hex("20280228123456");
  co_await trial.station().meter().offer("clock_digits", Bytes(day_before.rbegin(), day_before.rend()));
  const CivilTime is = co_await meter_clock(trial);
  if (std::abs((is - civil_from_text("2028-02-28T12:34:56").value()).count()) <= 2) co_return false;
  trial.note("表具拒绝将时钟调整到较远日期，闰日未能检验",
             "the meter refuses to have its clock set to a date so far: the leap day could not be tested");
  co_return true;
}

// A clock goes on while it is asked: what it shows is compared with what it should show by then.
Task<> try_clocks(Trial& trial, Faults& faults) {
  Cjt188Meter& meter = trial.station().meter();
  const CivilTime at_first = co_await meter_clock(trial);
  co_await set_meter_clock(trial, at_first);
  const CivilTime legal_clock = civil_from_text("2028-02-29T12:34:56").value();
  CivilTime should = at_first;
  Instant since = trial.clock().now();
  const std::vector<Vector> all = clocks();
  for (const Vector& one : all) {
    const Bytes offered(one.value.rbegin(), one.value.rend());
    co_await meter.offer(one.item, offered);
    const CivilTime is = co_await meter_clock(trial);
    const Duration passed = trial.clock().now() - since;
    const CivilTime expected = one.legal ? legal_clock : should + std::chrono::round<std::chrono::seconds>(passed);
    const bool as_expected = std::abs((is - expected).count()) <= 2;
    if (!as_expected && one.legal) {
      const bool too_far = co_await refuses_far_dates(trial);
      if (too_far) continue;
      co_await set_meter_clock(trial, should + std::chrono::round<std::chrono::seconds>(trial.clock().now() - since));
    }
    if (!as_expected) {
      faults.add(one);
      tell(trial, one, civil_text(is));
      if (!one.legal) co_await set_meter_clock(trial, expected);
    } else if (one.legal) {
      should = legal_clock;
      since = trial.clock().now();
    }
  }
}

struct Table {
  const char* about;
  Bytes content;
  enum class Is { legal, illegal, open } is;
};

Bytes broken(Bytes content, std::size_t at, std::uint8_t value) {
  content.at(at) = value;
  return content;
}

std::vector<Table> tables() {
  using Is = Table::Is;
  const Bytes good = bytes_of({{{1, 2}, {207, 414, 621}}, ""});
  Bytes longer = good;
  longer.push_back(0);
  const std::size_t first_price = 1 + 2 * 3, third_price = good.size() - 3;
  return {{"a legal table", bytes_of({{{3, 7}, {250, 375, 750}}, ""}), Is::legal},
          {"first price no BCD", broken(good, first_price, 0x0A), Is::illegal},
          {"third price no BCD", broken(good, third_price, 0xA1), Is::illegal},
          {"first volume no BCD", broken(good, 1, 0x0F), Is::illegal},
          {"a byte too many", longer, Is::illegal},
          {"a byte too few", Bytes(good.begin(), good.end() - 1), Is::illegal},
          {"falling step volumes", bytes_of({{{2, 1}, {207, 414, 621}}, ""}), Is::open},
          {"one step volume", bytes_of({{{1}, {207, 414}}, ""}), Is::open}};
}

Task<> try_tables(Trial& trial, Faults& faults) {
  Cjt188Meter& meter = trial.station().meter();
  const std::string item = "price_table";
  co_await trial.keep(item);
  const std::vector<Table> all = tables();
  for (const Table& one : all) {
    const Bytes before = co_await meter.bytes_of(item);
    co_await trial.offer(item, one.content);
    const Bytes after = co_await meter.bytes_of(item);
    if (one.is == Table::Is::open) {
      trial.record_text(one.about, after == one.content ? "taken" : after == before ? "refused" : "changed");
      co_await trial.offer(item, before);
      continue;
    }
    const bool legal = one.is == Table::Is::legal;
    if (after == (legal ? one.content : before)) continue;
    ++(legal ? faults.lost : faults.taken);
    trial.note(
        fmt::format("水价表（{}）：写入 {}，读回 {}", one.about, to_hex(one.content), to_hex(after)),
        fmt::format("price table, {}: {} was written and {} is read", one.about, to_hex(one.content), to_hex(after)));
    co_await trial.offer(item, before);
  }
}

// One legal and one illegal clock on the display, too.
Task<int> clock_on_display(Trial& trial) {
  const CivilTime now = co_await meter_clock(trial);
  const CivilTime set_to = std::chrono::floor<std::chrono::hours>(now) + 2h;
  co_await set_meter_clock(trial, set_to);
  const Instant since = trial.clock().now();
  co_await trial.station().meter().offer("clock_digits", bytes_from_hex("00006024010328"));
  const OnDisplay shown = co_await look_at_clock(trial, set_to, since);
  if (shown == OnDisplay::blank || shown == OnDisplay::unreadable)
    trial.inconclusive("the clock on the display was not read as hhmmss");
  co_return shown == OnDisplay::as_expected ? 0 : 1;
}

Task<> run(Trial& trial) {
  co_await start_water_meter(trial);
  Faults faults;
  co_await try_settings(trial, faults);
  co_await try_clocks(trial, faults);
  if (trial.dut().settles_money) co_await try_tables(trial, faults);
  const int display_off = co_await clock_on_display(trial);
  trial.count("legal_values_lost", faults.lost);
  trial.count("illegal_values_taken", faults.taken);
  trial.count("display_apart", display_off);
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) { return clause.number("boot_s", dut) + 90; }

}  // namespace

extern const Procedure procedure_parameter_setting{
    "parameter_setting",
    "参数设置",
    "parameter setting",
    {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "operator", "ambient"},
    Radio::none,
    run,
    estimate};

}  // namespace meterrig::testcases
