#include "rig/run/interlocks.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "instruments/modbus_roles.hpp"

namespace meterrig::rig {

using Scope = plan::InterlockRule::Scope;
using Watched = plan::InterlockRule::Watched;

// One instrument or contact that a rule looks at.
struct Interlocks::Point {
  const plan::InterlockRule& rule;
  const plan::RoleBinding& binding;
  Station* station;  // null: shared by all
  std::unique_ptr<SafetyContact> contact;

  std::string where() const {
    return binding.input ? fmt::format("input {} of {}", *binding.input, binding.instrument) : binding.instrument;
  }
};

struct Interlocks::Finding {
  bool tripped = false;
  double value = 0;            // of a contact: 1 is closed
  std::optional<Cause> error;  // it could not be read
};

namespace {

std::string shown(const plan::InterlockRule& rule, double value) {
  if (rule.is_contact()) return value == 0 ? "open" : "closed";
  return std::isinf(value) ? "beyond its range" : fmt::format("{:.4g} {}", value, rule.unit());
}

bool beyond(const plan::InterlockRule& rule, double value) {
  return rule.is_contact() ? (value != 0) == rule.trips_closed : value > rule.above;
}

}  // namespace

Interlocks::Interlocks(const RunSetup& setup, record::Journal& journal, Stops& stops, Observer& observer,
                       Instruments& instruments, const std::vector<std::unique_ptr<Station>>& stations,
                       MakeSafe make_safe)
    : setup_(setup),
      journal_(journal),
      stops_(stops),
      observer_(observer),
      instruments_(instruments),
      stations_(stations),
      make_safe_(std::move(make_safe)),
      group_(setup.clock, &scope_) {
  for (const plan::InterlockRule& rule : setup.rig.interlocks) add_points(rule);
}

Interlocks::~Interlocks() = default;

void Interlocks::add_points(const plan::InterlockRule& rule) {
  const auto shared = setup_.rig.shared.find(rule.role);
  if (shared != setup_.rig.shared.end()) {
    points_.push_back(std::make_unique<Point>(Point{rule, shared->second, nullptr, nullptr}));
    return;
  }
  for (const auto& station : stations_) {
    const auto& roles = setup_.rig.station(station->name())->roles;
    const auto own = roles.find(rule.role);
    if (own == roles.end()) continue;
    points_.push_back(std::make_unique<Point>(Point{rule, own->second, station.get(), nullptr}));
  }
}

// In the unit of the rule.
Task<double> Interlocks::read(Point& point) {
  if (point.rule.is_contact()) {
    if (!point.contact) {
      auto device = co_await instruments_.modbus(point.binding.instrument);
      co_await instruments_.identify(point.binding.instrument);
      point.contact = make_safety_contact(std::move(device), static_cast<std::uint16_t>(*point.binding.input));
    }
    const bool closed = co_await point.contact->closed();
    co_return closed ? 1 : 0;
  }
  Station& station = *point.station;
  if (!station.is_open(point.rule.role))
    throw InstrumentError(fmt::format("{} was not opened", point.binding.instrument),
                          {point.binding.instrument, "", "", {}});
  Reading reading;
  if (point.rule.watched == Watched::volts) reading = co_await station.supply().voltage();
  if (point.rule.watched == Watched::amperes) reading = co_await station.supply().current();
  if (point.rule.watched == Watched::kilopascals && point.rule.role == "air_source")
    reading = co_await station.air_source().pressure_kpa();
  if (point.rule.watched == Watched::kilopascals && point.rule.role == "gauge") {
    reading = co_await station.gauge().pressure_pa();
    reading.value /= 1000;
  }
  co_return reading.value;
}

// What is beyond its limit is looked at twice: a contact bounces, an inrush is over within milliseconds, one word may
// be garbled.
Task<> Interlocks::look(Point& point, Finding& finding) {
  for (int again = 0; again < 2; ++again) {
    try {
      finding.value = co_await read(point);
    } catch (const OverRange&) {
      finding.value = std::numeric_limits<double>::infinity();
    }
    finding.tripped = beyond(point.rule, finding.value);
    if (!finding.tripped) co_return;
  }
}

Task<> Interlocks::check_contacts() {
  for (const auto& each : points_) {
    Point& point = *each;
    if (!point.rule.is_contact()) continue;
    Finding finding;
    for (int again = 0; again < 2; ++again) {
      finding.error.reset();
      try {
        co_await look(point, finding);
      } catch (const Error& error) {
        finding.error = Cause::of(error);
      }
      if (!finding.error) break;
    }
    const std::string head = fmt::format("{}: interlock \"{}\" ({} {})", setup_.rig.file, point.rule.name,
                                         point.rule.title.zh, point.rule.title.en);
    if (finding.tripped)
      throw UserError(fmt::format("{}: {} is {}; release it, or mend its wire, and start again", head, point.where(),
                                  shown(point.rule, finding.value)));
    if (finding.error && !point.station)
      throw UserError(fmt::format("{}: {} can't be read ({}); mend it and start again", head, point.where(),
                                  printable(finding.error->text)));
    if (finding.error) trip(point, finding);
  }
}

void Interlocks::start() {
  for (const auto& point : points_)
    if (!point->station || !stops_.interlock(point->station->name())) group_.spawn(follow(*point));
}

Task<> Interlocks::end() {
  scope_.cancel("the run is over");
  co_await group_.join();
}

Task<> Interlocks::follow(Point& point) {
  try {
    co_await watch(point);
  } catch (const Cancelled&) {
    // The end of the run.
  }
}

Task<> Interlocks::watch(Point& point) {
  Clock& clock = setup_.clock;
  const Duration period = seconds(point.rule.period_s);
  const Duration patience = 2 * period + clock.exchange_slack();
  Instant read_at = clock.now();
  for (Instant next = clock.now();;) {
    Finding finding;
    const Duration left = std::max<Duration>(read_at + patience - clock.now(), 1ms);
    try {
      co_await with_time_limit(left, "reading " + point.where(), look(point, finding));
      read_at = clock.now();
    } catch (const Error& error) {
      finding.error = Cause::of(error);
    }
    if (finding.tripped || (finding.error && clock.now() - read_at >= patience)) co_return trip(point, finding);
    // Twice in each period: what comes is seen, and the outputs are on their way down, within one.
    next = std::max(next + period / 2, clock.now());
    co_await sleep_until(next);
  }
}

void Interlocks::trip(const Point& point, const Finding& finding) {
  const plan::InterlockRule& rule = point.rule;
  const std::string value = finding.error ? "no reading" : shown(rule, finding.value);
  const std::string what = finding.error       ? fmt::format("{} could not be read for {:g} s: {}", point.where(),
                                                             2 * rule.period_s, finding.error->text)
                           : rule.is_contact() ? fmt::format("{} is {}", point.where(), value)
                                               : fmt::format("{} at {}, {}", value, point.where(), rule.limit());
  const std::string text = fmt::format("interlock \"{}\" has tripped: {}", rule.name, what);
  nlohmann::json body{{"name", rule.name},
                      {"title", {{"zh", rule.title.zh}, {"en", rule.title.en}}},
                      {"scope", plan::word(rule.scope)},
                      {"role", rule.role},
                      {"instrument", point.binding.instrument},
                      {"reason", finding.error ? "unreadable" : "limit"},
                      {"value", nullptr},
                      {"unit", rule.unit()},
                      {"limit", rule.limit()},
                      {"period_s", rule.period_s},
                      {"text", printable(text)}};
  if (!finding.error && std::isfinite(finding.value)) body["value"] = finding.value;
  if (point.station) body["station"] = point.station->name();
  journal_.append("interlock", std::move(body));

  const Cause cause{point.binding.instrument, fmt::format("interlock \"{}\", {}", rule.name, rule.limit()), value, 0,
                    text};
  const bool all = rule.scope == Scope::rig;
  for (const auto& station : stations_) {
    const bool concerned = all || station.get() == point.station;
    if (!concerned || stops_.interlock(station->name())) continue;
    group_.spawn(make_safe_(*station, fmt::format("interlock \"{}\"", rule.name)));
    if (station->blocked.empty()) station->blocked = printable(text);
  }
  if (all)
    stops_.trip_all(cause);
  else
    stops_.trip(point.station->name(), cause);
  observer_.alarm(fmt::format("联锁“{}”动作：{}", rule.title.zh, printable(what)), printable(text));
}

}  // namespace meterrig::rig
