#include "tests/support/settlement_year.hpp"

#include <chrono>
#include <deque>
#include <memory>

#include <fmt/format.h>

#include "bench/meter/step_meter.hpp"
#include "bench/physics/air_line.hpp"
#include "bench/physics/supply_path.hpp"
#include "core/civil_time.hpp"
#include "core/io/memory_link.hpp"
#include "core/json/node.hpp"
#include "core/task.hpp"
#include "meters/cjt188.hpp"
#include "meters/meter.hpp"
#include "meters/telegram.hpp"

namespace meterrig::support {
namespace {

using std::chrono::year_month_day;

constexpr std::size_t records_kept = 24, records_read = 12;
constexpr int days_of_the_year = 365;
constexpr std::int64_t purchase_cents = 600'00;

std::string table_hex(const std::vector<std::int64_t>& volumes_m3, const std::vector<std::int64_t>& prices) {
  cjt188::Bytes bytes = cjt188::to_bcd(volumes_m3.size(), 1);
  for (const auto* numbers : {&volumes_m3, &prices})
    for (const std::int64_t number : *numbers) {
      const cjt188::Bytes three = cjt188::to_bcd(static_cast<std::uint64_t>(number), 3);
      bytes.insert(bytes.end(), three.begin(), three.end());
    }
  return to_hex(bytes);
}

// What a customer would reckon with a pencil: litre by litre, and nothing forgotten. No part of the meter.
struct Reckoning {
  std::vector<std::int64_t> volumes_m3, prices;
  std::int64_t cumulative = 0, period = 0;  // litres
  std::int64_t paid_in = 0, cost = 0;       // 0.01 yuan, 1e-5 yuan
  struct Record {
    std::string mark;
    std::int64_t litres;
  };
  std::deque<Record> records;  // latest first

  void litre() {
    std::size_t step = 0;
    while (step < volumes_m3.size() && period >= volumes_m3[step] * 1000) ++step;
    cost += prices[step];
    ++period;
    ++cumulative;
  }
  void settle(const std::string& mark) {
    records.push_front({mark, cumulative});
    period = 0;
  }
  std::int64_t balance() const { return paid_in - cost / 1000; }
};

std::string decimal(std::int64_t value, int decimals) { return decimal_text(value, decimals); }

// One meter on its supply, the customer's reckoning, and the calendar that he knows.
class Household {
 public:
  enum class Settles { daily, monthly, quarterly_then_yearly };

  Household(VirtualClock& clock, Settles settles, int number, const std::string& defect)
      : clock_(clock),
        settles_(settles),
        profile_(json::to_json(json::parse_file(METERRIG_SOURCE_DIR "/config/meters/cjt188_step_water.json"))),
        meter_(clock, sample(number), defect.empty() ? bench::MeterDefect{} : *bench::find_meter_defect(defect),
               static_cast<std::uint64_t>(number)),
        supply_(bench::make_supply_path(clock, meter_, 1)),
        air_(bench::make_air_line(clock, meter_, 1)),
        radio_(clock) {
    meter_.attach(*supply_, *air_, radio_);
    supply_->set_supply(3.6, 1.0, true);
    supply_->set_contact(bench::Contact::uart, true);
    supply_->set_contact(bench::Contact::k2, true);
    MeterPort port;
    port.stream = std::make_unique<MemoryLink>(clock, "uart", meter_, LineTiming::serial(2400));
    MeterAccess access;
    access.address = to_hex_reversed(cjt188::address_from_hex(sample(number).address));
    driver_ = make_meter(clock, std::move(port), profile_, access, "meter");
  }
  ~Household() { meter_.detach(); }
  Household(const Household&) = delete;
  Household& operator=(const Household&) = delete;

  void move_in() {
    const bool daily = settles_ == Settles::daily;
    own_.volumes_m3 = daily ? std::vector<std::int64_t>{1, 2} : std::vector<std::int64_t>{12, 24, 40};
    own_.prices =
        daily ? std::vector<std::int64_t>{2'07, 4'14, 6'21} : std::vector<std::int64_t>{2'37, 3'19, 5'53, 7'01};
    write("price_table", table_hex(own_.volumes_m3, own_.prices));
    write("settlement_cycle", daily ? "01" : settles_ == Settles::monthly ? "02" : "03");
    write("settlement_time", settles_ == Settles::quarterly_then_yearly ? "020100" : "010100");
    own_.cumulative = scaled(read("cumulative_volume_fine"));
    own_.paid_in = money();
  }

  // Of one day, at noon: water, and on the first of a month a purchase.
  void day(year_month_day today, int litres, SettlementYear& year) {
    for (int i = 0; i < litres; ++i) {
      meter_.sensor_pulse();
      own_.litre();
    }
    year.litres += litres;
    if (today.day() == std::chrono::day(1)) {
      write("purchase", fmt::format("{:08}{:02}", purchase_cents, ++purchases_ + 1));
      own_.paid_in += purchase_cents;
      ++year.purchases;
    }
    // After the fourth quarter it settles by the year.
    if (settles_ == Settles::quarterly_then_yearly && today == std::chrono::year(2027) / 11 / 2) {
      write("settlement_cycle", "04");
      write("settlement_time", "010100");
    }
  }

  // At the midnight with which this day begins.
  bool settles_on(year_month_day day) const {
    if (settles_ == Settles::daily) return true;
    if (day.day() != std::chrono::day(1)) return false;
    if (settles_ == Settles::monthly) return true;
    const unsigned month = static_cast<unsigned>(day.month());
    return day == std::chrono::year(2028) / 1 / 1 || month % 3 == 2;
  }

  void midnight(year_month_day day) {
    if (!settles_on(day)) return;
    own_.settle(fmt::format("{:04}-{:02}-{:02}T00", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                            static_cast<unsigned>(day.day())));
    ++unread_;
  }

  // Reads what it has, before anything is pushed out.
  void compare(SettlementYear& year, bool at_the_end) {
    if (unread_ < records_read && !at_the_end) return;
    for (std::size_t n = unread_; n >= 1; --n) {
      const Reckoning::Record& own = own_.records.at(n - 1);
      expect(year, fmt::format("time mark {}", n), read(fmt::format("settled_time_{}", n)), own.mark);
      expect(year, fmt::format("settled volume {}", n), read(fmt::format("settled_volume_{}", n)),
             decimal(own.litres, 3));
      ++year.settlements;
    }
    unread_ = 0;
    expect(year, "cumulative", read("cumulative_volume_fine"), decimal(own_.cumulative % bench::cumulative_range, 3));
    expect(year, "period", read("period_volume"), decimal(own_.period, 3));
    expect(year, "balance", decimal(money(), 2), decimal(own_.balance(), 2));
  }

  void move_out(SettlementYear& year) {
    compare(year, true);
    year.charged += own_.paid_in - own_.balance();
    year.requests += driver_->counters().requests;
  }

 private:
  static bench::Sample sample(int number) {
    bench::Sample sample;
    sample.kind = "water";
    sample.serial = fmt::format("27W00000{}", number);
    sample.address = fmt::format("0011002700000{}", number);
    sample.settlement_records = records_kept;
    sample.clock_backup = true;
    return sample;
  }
  std::string read(const std::string& item) {
    std::vector<std::string> names(1, item);
    return run(clock_, driver_->readings(std::move(names))).at(0).value;
  }
  void write(const std::string& item, const std::string& value) { run(clock_, driver_->write(item, value)); }
  static std::int64_t scaled(std::string digits) {
    std::erase(digits, '.');
    return std::stoll(digits);
  }
  std::int64_t money() { return scaled(read("balance")) * (read("balance_sign") == "credit" ? -1 : 1); }
  void expect(SettlementYear& year, const std::string& what, const std::string& is, const std::string& should) const {
    if (is != should) year.faults.push_back(fmt::format("{}: {} is {} and should be {}", today(), what, is, should));
  }

  std::string today() const {
    const auto now = std::chrono::floor<std::chrono::seconds>(clock_.utc().time_since_epoch());
    return civil_text(CivilTime(now)).substr(0, 10);
  }

  VirtualClock& clock_;
  Settles settles_;
  MeterProfile profile_;
  bench::StepMeter meter_;
  std::unique_ptr<bench::SupplyPath> supply_;
  std::unique_ptr<bench::AirLine> air_;
  bench::RadioChannel radio_;
  std::unique_ptr<Meter> driver_;
  Reckoning own_;
  int purchases_ = 0;
  std::size_t unread_ = 0;
};

}  // namespace

SettlementYear live_a_year(const std::string& defect) {
  const std::chrono::sys_days begin = std::chrono::year(2027) / 1 / 1;
  VirtualClock clock(Utc(begin) + 12h);
  Household daily(clock, Household::Settles::daily, 1, defect);
  Household monthly(clock, Household::Settles::monthly, 2, defect);
  Household quarterly(clock, Household::Settles::quarterly_then_yearly, 3, defect);
  run(clock, sleep_for(10s));
  for (Household* one : {&daily, &monthly, &quarterly}) one->move_in();
  SettlementYear year;
  for (int day = 0; day < days_of_the_year; ++day) {
    const year_month_day today(begin + std::chrono::days(day)), tomorrow(begin + std::chrono::days(day + 1));
    int litres = 301 + day * 977 % 2300;  // through all three steps on many days
    for (Household* one : {&daily, &monthly, &quarterly}) {
      one->day(today, litres, year);
      litres = litres / 3 + 7;
    }
    run(clock, sleep_until(Instant(std::chrono::days(day + 1))));
    for (Household* one : {&daily, &monthly, &quarterly}) {
      one->midnight(tomorrow);
      one->compare(year, false);
    }
  }
  for (Household* one : {&daily, &monthly, &quarterly}) one->move_out(year);
  return year;
}

}  // namespace meterrig::support
