#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/errors.hpp"
#include "core/io/transport/wall_clock.hpp"
#include "meters/meter.hpp"
#include "rig/cli/command.hpp"
#include "rig/cli/connector.hpp"
#include "rig/cli/json_text.hpp"
#include "rig/cli/run_files.hpp"
#include "rig/cli/signals.hpp"

namespace meterrig::cli {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* footer =
    "Examples:\n"
    "  meterrig meter read --port virtual:water1 --profile cjt188_water\n"
    "  meterrig meter read voltage_a --port serial:///dev/ttyUSB0 --profile dlt645_electricity\n"
    "  meterrig meter clock --set now --port tcp://10.0.0.5:4001 --profile cjt188_heat --address 11110012345678\n\n"
    "Exit codes: 0 good; 1 silence, a refusal, or a value that is none; 2 wrong words or files.";

constexpr int meter_trouble = 1;  // silence, a refusal, a value that is none

struct MeterWords {
  std::string port;
  std::string profile;
  std::string rig = "desk";
  MeterAccess access;
  bool as_json = false;
  std::vector<std::string> items;  // to read
  std::string item;                // to write
  std::string value;
};

// What a serial port needs and the URL does not say is as the profile has it.
Url with_line(Url url, const SerialLine& line) {
  if (url.scheme != Url::Scheme::serial && url.scheme != Url::Scheme::modbus_rtu) return url;
  const auto add = [&](const char* key, std::string value) {
    if (url.option(key) == nullptr) url.options.emplace_back(key, std::move(value));
  };
  add("baud", std::to_string(line.baud));
  add("parity", line.parity == Parity::even ? "even" : line.parity == Parity::odd ? "odd" : "none");
  add("data", std::to_string(line.data_bits));
  add("stop", std::to_string(line.stop_bits));
  return url;
}

// The meter behind the port, and the clock that it is spoken to on: the virtual one for a member of a rig's bench.
class MeterSession {
 public:
  explicit MeterSession(const MeterWords& words)
      : words_(words),
        loader_(plan::ConfigPath::find()),
        file_(loader_.meter(words.profile)),
        profile_(json::to_json(file_)),
        url_(with_line(Url::parse(words.port), profile_.line())) {
    if (!plan::is_virtual(url_)) {
      auto wall = std::make_unique<WallClock>();
      wall_ = wall.get();
      wall_->on_signal({std::begin(stop_signals), std::end(stop_signals)}, [this](int) { scope_.cancel("stopped"); });
      clock_ = std::move(wall);
      return;
    }
    const plan::RigFile rig = loader_.rig(words.rig);
    clock_ = std::make_unique<VirtualClock>(std::chrono::sys_days{std::chrono::year{2026} / 1 / 1});
    bench_ = make_bench(*clock_, loader_.path(), rig, {}, {}, 1);
  }

  template <typename T>
  T with_meter(std::function<Task<T>(Meter&)> work) {
    return run(*clock_, scope_, opened(std::move(work)));
  }
  Clock& clock() { return *clock_; }
  const MeterProfile& profile() const { return profile_; }
  // In the order of the profile's file.
  std::vector<std::string> readable() const {
    std::vector<std::string> names;
    for (const json::Member& member : file_.at("items").members())
      if (profile_.item(member.key).readable()) names.push_back(member.key);
    return names;
  }

 private:
  template <typename T>
  Task<T> opened(std::function<Task<T>(Meter&)> work) {
    BenchConnector connector(*clock_, bench_.get(), wall_);
    MeterPort port;
    if (profile_.protocol() == "modbus")
      port.bus = co_await connector.bus(url_, words_.port, port.unit);
    else
      port.stream = co_await connector.stream(url_, words_.port);
    // A serial server packs bytes and a network delays them; a port of this computer waits for its adapter's latency
    // timer, and its reader for a processor.
    if (url_.scheme == Url::Scheme::tcp) port.tolerance = 200ms;
    if (url_.scheme == Url::Scheme::serial) port.tolerance = 50ms;
    const std::unique_ptr<Meter> meter = make_meter(*clock_, std::move(port), profile_, words_.access, words_.port);
    co_return co_await work(*meter);
  }

  const MeterWords& words_;
  plan::Loader loader_;
  json::Node file_;
  MeterProfile profile_;
  Url url_;
  CancelScope scope_;
  std::unique_ptr<Clock> clock_;
  WallClock* wall_ = nullptr;
  std::unique_ptr<bench::Bench> bench_;
};

// One item's outcome.
struct Outcome {
  MeterReading reading;
  std::string error;  // of the exchange; empty: it was answered
  std::string kind;
  // That nothing has been kept yet is an answer as well.
  bool good() const {
    const auto says_none = [](const std::string& word) { return word == "no_time" || word == "no_value"; };
    const auto& why = reading.departures;
    return error.empty() && (!reading.value.empty() || std::any_of(why.begin(), why.end(), says_none));
  }
};

Json json_of(const Outcome& outcome) {
  return {{"name", outcome.reading.name},
          {"value", text_or_null(outcome.reading.value)},
          {"unit", text_or_null(outcome.reading.unit)},
          {"departures", outcome.reading.departures},
          {"raw", text_or_null(outcome.reading.raw)},
          {"error", text_or_null(outcome.kind)},
          {"explanation", text_or_null(outcome.error)}};
}

Json json_of(const MeterCounters& counters) {
  return {{"requests", counters.requests},     {"answers", counters.answers},           {"silent", counters.silent},
          {"truncated", counters.truncated},   {"bad_checksum", counters.bad_checksum}, {"bad_end", counters.bad_end},
          {"bad_length", counters.bad_length}, {"foreign", counters.foreign},           {"refused", counters.refused},
          {"unopened", counters.unopened}};
}

void print_for_people(const Outcome& outcome) {
  const MeterReading& reading = outcome.reading;
  std::string said = reading.value.empty() ? "(no value)" : reading.value;
  if (!outcome.error.empty()) said = "(" + outcome.error + ")";
  fmt::print("{:<38} {}{}{}\n", reading.name, said, reading.unit.empty() ? "" : " ", reading.unit);
  for (const std::string& departure : reading.departures)
    fmt::print("{:<38} departs from the standard: {}\n", "", departure);
}

// Items that one answer holds are asked for together.
std::vector<std::vector<std::string>> by_answer(const MeterProfile& profile, const std::vector<std::string>& names) {
  std::vector<std::vector<std::string>> groups;
  std::map<std::string, std::size_t> known;
  for (const std::string& name : names) {
    const std::string answer = profile.protocol() == "mbus" ? "" : profile.item(name).entry.value("di", name);
    const auto [at, is_new] = known.emplace(answer, groups.size());
    if (is_new) groups.emplace_back();
    groups[at->second].push_back(name);
  }
  return groups;
}

// Every item for itself: one that the meter lacks does not hide the others. In the order of `names`.
Task<std::vector<Outcome>> read_each(Meter& meter, std::vector<std::string> names) {
  std::map<std::string, Outcome> outcomes;
  std::string error, kind;
  for (const std::vector<std::string>& group : by_answer(meter.profile(), names)) {
    // Silence will not end for the other items.
    if (kind != "timeout") {
      error.clear();
      kind.clear();
      try {
        std::vector<MeterReading> readings = co_await meter.readings(group);
        for (MeterReading& reading : readings) outcomes[reading.name] = {reading, "", ""};
      } catch (const UserError&) {
        throw;
      } catch (const Error& failed) {
        error = failed.what();
        kind = failed.kind();
      }
    }
    if (error.empty()) continue;
    for (const std::string& name : group) outcomes[name] = {{name, "", "", {}, ""}, error, kind};
  }
  std::vector<Outcome> in_order;
  for (const std::string& name : names) in_order.push_back(outcomes[name]);
  co_return in_order;
}

int read(const MeterWords& words, MeterSession& session, const std::vector<std::string>& names) {
  for (const std::string& name : names) session.profile().item(name);
  MeterCounters counters;
  const auto outcomes = session.with_meter<std::vector<Outcome>>([&](Meter& meter) -> Task<std::vector<Outcome>> {
    std::vector<Outcome> all = co_await read_each(meter, names);
    counters = meter.counters();
    co_return all;
  });
  bool good = true;
  Json items = Json::array();
  for (const Outcome& outcome : outcomes) {
    good = good && outcome.good();
    if (words.as_json)
      items.push_back(json_of(outcome));
    else
      print_for_people(outcome);
  }
  if (words.as_json)
    fmt::print("{}\n",
               Json{{"profile", words.profile}, {"port", words.port}, {"items", items}, {"counters", json_of(counters)}}
                   .dump());
  return good ? 0 : meter_trouble;
}

int read(const MeterWords& words) {
  MeterSession session(words);
  return read(words, session, words.items.empty() ? session.readable() : words.items);
}

// What the meter said no to, or did not say, is exit 1 with its words.
int answered(const MeterWords& words, const std::string& what, const std::function<std::string()>& work) {
  std::string said, error, kind;
  try {
    said = work();
  } catch (const UserError&) {
    throw;
  } catch (const Error& failed) {
    error = failed.what();
    kind = failed.kind();
  }
  if (words.as_json)
    fmt::print("{}\n", Json{{"name", what},
                            {"value", text_or_null(said)},
                            {"error", text_or_null(kind)},
                            {"explanation", text_or_null(error)}}
                           .dump());
  else if (error.empty())
    fmt::print("{}  {}\n", what, said);
  else
    fmt::print(stderr, "meterrig: {}\n", error);
  return error.empty() ? 0 : meter_trouble;
}

int write(const MeterWords& words, MeterSession& session, const std::string& item, const std::string& value) {
  session.profile().item(item);
  return answered(words, item, [&] {
    return session.with_meter<std::string>([&](Meter& meter) -> Task<std::string> {
      co_await meter.write(item, value);
      co_return value.empty() ? std::string("done") : value;
    });
  });
}

int write(const MeterWords& words) {
  MeterSession session(words);
  return write(words, session, words.item, words.value);
}

int freeze(const MeterWords& words) {
  MeterSession session(words);
  return write(words, session, "freeze", words.value.empty() ? "now" : words.value);
}

// The meter's valve, or what an electricity meter has in its place.
int drive_valve(const MeterWords& words) {
  MeterSession session(words);
  const bool open = words.value == "open";
  if (session.profile().items().contains("valve"))
    return write(words, session, "valve", open ? "valve_open" : "valve_close");
  return write(words, session, "relay", open ? "close" : "trip");
}

int address(const MeterWords& words) {
  MeterSession session(words);
  if (!words.value.empty()) return write(words, session, "meter_address", words.value);
  return answered(words, "meter_address", [&] {
    return session.with_meter<std::string>(
        [](Meter& meter) -> Task<std::string> { co_return co_await meter.find_address(); });
  });
}

// The time of day where this computer stands, as meters show it.
std::string local_time(Utc utc) {
  const std::time_t seconds =
      std::chrono::system_clock::to_time_t(std::chrono::time_point_cast<std::chrono::system_clock::duration>(utc));
  std::tm local{};
  localtime_r(&seconds, &local);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", local.tm_year + 1900, local.tm_mon + 1, local.tm_mday,
                     local.tm_hour, local.tm_min, local.tm_sec);
}

int clock(const MeterWords& words) {
  MeterSession session(words);
  if (words.value.empty()) return read(words, session, {"clock"});
  return write(words, session, "clock", words.value == "now" ? local_time(session.clock().utc()) : words.value);
}

void add_port(CLI::App& command, MeterWords& words) {
  command
      .add_option("--port", words.port,
                  "tcp://HOST:PORT, serial:///dev/ttyUSB0, modbus-tcp://HOST:PORT/UNIT,\n"
                  "modbus-rtu:///dev/ttyUSB0?unit=1, or virtual:NAME of the rig's bench")
      ->required()
      ->type_name("URL");
  command.add_option("--profile", words.profile, "The meter's model: a file, or a name under config/meters")
      ->required()
      ->type_name("NAME");
  command.add_option("--address", words.access.address, "As people write it; else the meter that is alone on the line")
      ->type_name("ADDRESS");
  command.add_option("--password", words.access.password, "DL/T 645: level and password, such as 02123456")
      ->type_name("DIGITS");
  command.add_option("--operator", words.access.operator_code, "DL/T 645: code of the operator, 8 digits")
      ->type_name("DIGITS");
  command.add_option("--key", words.access.key, "CJ/T 188-2018: the SM4 key, 32 hexadecimal digits")->type_name("HEX");
  command.add_option("--rig", words.rig, "The rig whose bench virtual: means")->type_name("RIG")->capture_default_str();
  command.add_flag("--json", words.as_json, "One JSON object");
}

}  // namespace

void add_meter(CLI::App& app, Action& action) {
  CLI::App* const command = app.add_subcommand("meter", "Read and command one meter on any port");
  command->require_subcommand(1);
  auto words = std::make_shared<MeterWords>();
  const auto add = [&](const char* name, const char* what, int (*act)(const MeterWords&)) {
    CLI::App* const child = command->add_subcommand(name, what);
    add_port(*child, *words);
    child->footer(footer);
    child->callback([words, act, &action] { action = [words, act] { return act(*words); }; });
    return child;
  };
  add("read", "Read items; all that the profile has when none is named", read)
      ->add_option("items", words->items, "Names of the profile's items")
      ->type_name("ITEM");
  CLI::App* const writing = add("write", "Write one item", write);
  writing->add_option("item", words->item, "Name of the profile's item")->required()->type_name("ITEM");
  writing->add_option("value", words->value, "As `read` shows it, or a word of the profile")->type_name("VALUE");
  add("freeze", "Have the meter keep its values", freeze)
      ->add_option("when", words->value, "now, or MMDDhhmm with 99 for any")
      ->type_name("WHEN");
  add("valve", "Open or close the valve, or an electricity meter's relay", drive_valve)
      ->add_option("state", words->value)
      ->required()
      ->check(CLI::IsMember({"open", "close"}))
      ->type_name("open|close");
  add("address", "The address of the meter that is alone on the line", address)
      ->add_option("--set", words->value, "Give it this one")
      ->type_name("ADDRESS");
  add("clock", "The meter's clock", clock)
      ->add_option("--set", words->value, "now, or a time such as 2026-11-21T08:00:00")
      ->type_name("TIME");
  command->footer(footer);
}

}  // namespace meterrig::cli
