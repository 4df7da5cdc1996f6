#include "rig/cli/discovery.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <regex>
#include <set>

#include "core/io/transport/discovery.hpp"
#include "core/io/transport/serial_ports.hpp"
#include "core/io/transport/streams.hpp"
#include "instruments/modbus_device.hpp"
#include "instruments/scpi_session.hpp"
#include "rig/cli/json_text.hpp"
#include "rig/cli/signals.hpp"

namespace meterrig::cli {

namespace {

using Json = nlohmann::ordered_json;

constexpr int nothing_found = 1;
constexpr int modbus_port = 502;
constexpr int serial_rates[] = {9600, 115200};

struct DiscoverWords {
  std::vector<std::string> hosts;
  bool no_broadcast = false;
  bool ask_serial = false;
  double timeout_s = 1;
  bool as_json = false;
};

// "a,b,c,d" of *IDN?, or "MODEL,SERIAL" of a register device.
std::string serial_of(const std::string& identity, bool scpi) {
  std::vector<std::string> fields;
  for (std::size_t from = 0; from <= identity.size();) {
    const std::size_t comma = std::min(identity.find(',', from), identity.size());
    const std::string_view field = std::string_view(identity).substr(from, comma - from);
    const auto first = field.find_first_not_of(' ');
    fields.emplace_back(first == std::string_view::npos ? std::string_view{} : field.substr(first));
    from = comma + 1;
  }
  const std::size_t place = scpi ? 2 : 1;
  return fields.size() > place ? fields[place] : "";
}

std::string identity_pattern(const nlohmann::json& profile) {
  const auto identity = profile.find("identity");
  if (identity == profile.end()) return "";
  return identity->is_string() ? identity->get<std::string>() : identity->at("pattern").get<std::string>();
}

class Search {
 public:
  explicit Search(const DiscoverWords& words) : words_(words), loader_(plan::ConfigPath::find()) {
    clock_.on_signal({std::begin(stop_signals), std::end(stop_signals)}, [this](int) { scope_.cancel("stopped"); });
    for (const std::string& name : loader_.path().names("instruments"))
      profiles_.emplace_back(json::to_json(loader_.instrument(name)));
  }

  std::vector<Found> execute() {
    for (const UsbInstrument& usb : list_usb_instruments())
      add({usb.url(), "", fmt::format("{} {} {}", usb.manufacturer, usb.product, usb.serial)});
    for (const SerialPortInfo& port : list_serial_ports()) {
      std::string about = port.description;
      if (port.usb_vendor && port.usb_product)
        about += fmt::format(", USB {:04x}:{:04x} {}", *port.usb_vendor, *port.usb_product, port.usb_serial);
      add({port.url(), "", about});
    }
    if (!words_.no_broadcast) ask_network();
    for (const std::string& host : words_.hosts) hosts_.insert(host_and_port(host));
    run(clock_, scope_, ask_all());
    return std::move(found_);
  }
  plan::Loader& loader() { return loader_; }

 private:
  void add(Found found) { found_.push_back(std::move(found)); }

  void ask_network() {
    try {
      const std::chrono::milliseconds limit(static_cast<int>(words_.timeout_s * 1e3));
      for (const LanInstrument& lan : discover_lan(limit)) hosts_.insert({lan.host, lan.port});
    } catch (const LinkError& missing) {
      fmt::print(stderr, "{}; only the named hosts are asked\n", missing.what());
    }
  }

  static std::pair<std::string, int> host_and_port(const std::string& text) {
    const auto colon = text.rfind(':');
    if (colon == std::string::npos || text.find(':') != colon) return {text, 0};
    const Url url = Url::parse("tcp://" + text);
    return {url.host, url.port};
  }

  Task<> ask_all() {
    for (Found& found : found_) {
      if (found.address.starts_with("usbtmc:")) found.identity = co_await identity_at(Url::parse(found.address));
      if (found.address.starts_with("serial:") && words_.ask_serial) co_await ask_serial_port(found);
    }
    for (const auto& [host, port] : hosts_) {
      if (port != 0) {
        co_await ask_port(host, port, true);
        continue;
      }
      for (const int each : scpi_ports()) co_await ask_port(host, each, false);
      co_await ask_modbus(host, modbus_port);
    }
  }

  std::set<int> scpi_ports() const {
    std::set<int> ports{5025, 5555};
    for (const Profile& profile : profiles_)
      if (profile.document().contains("default_port")) ports.insert(profile.document().at("default_port").get<int>());
    return ports;
  }

  Task<> ask_serial_port(Found& found) {
    for (const int rate : serial_rates) {
      const std::string address = fmt::format("{}?baud={}", found.address, rate);
      found.identity = co_await identity_at(Url::parse(address));
      if (found.identity.empty()) continue;
      found.address = address;
      co_return;
    }
  }

  // A host that was named with its port is listed whether it says who it is or not.
  Task<> ask_port(std::string host, int port, bool named) {
    const Url url = Url::parse(fmt::format("tcp://{}:{}", host, port));
    const std::string identity = co_await identity_at(url);
    if (!identity.empty()) add({url.text(), identity, ""});
    if (identity.empty() && named && !co_await ask_modbus(host, port)) add({url.text(), "", "does not say who it is"});
  }

  // Empty: nobody is there, or nobody who knows *IDN?.
  Task<std::string> identity_at(Url url) {
    std::string identity;
    try {
      const Duration timeout = seconds(words_.timeout_s);
      ScpiOptions options;
      options.name = url.text();
      options.error_query = "";
      options.timeout = timeout;
      auto stream = co_await open_stream(clock_, url, clock_.now() + timeout);
      ScpiSession session(clock_, std::move(stream), std::move(options));
      const Identity said = co_await session.identify();
      identity = said.text;
    } catch (const Error&) {
    }
    co_return identity;
  }

  Task<bool> ask_modbus(std::string host, int port) {
    for (const Profile& profile : profiles_) {
      if (profile.document().at("kind") != "modbus") continue;
      const int unit = profile.document().at("unit");
      const Url url = Url::parse(fmt::format("modbus-tcp://{}:{}/{}", host, port, unit));
      bool open = false;
      try {
        const Duration timeout = seconds(words_.timeout_s);
        auto bus = co_await open_bus(clock_, url, clock_.now() + timeout);
        open = true;
        ModbusDevice device(clock_, std::move(bus), profile, url.text(), unit);
        const std::string identity = co_await device.identify();
        if (std::regex_search(identity, std::regex(identity_pattern(profile.document())))) {
          add({url.text(), identity, ""});
          co_return true;
        }
      } catch (const Error&) {
      }
      if (!open) co_return false;
    }
    co_return false;
  }

  const DiscoverWords& words_;
  plan::Loader loader_;
  WallClock clock_;
  CancelScope scope_;
  std::vector<Profile> profiles_;
  std::set<std::pair<std::string, int>> hosts_;
  std::vector<Found> found_;
};

// Named after its profile; the second of a kind is number 2.
Json proposal_of(plan::Loader& loader, const std::vector<Found>& all) {
  Json instruments = Json::object();
  for (const Found& found : all) {
    const Json entry = proposed_entry(loader, found);
    if (entry.is_null()) continue;
    const std::string profile = entry.at("profile");
    std::string name = profile;
    for (int number = 2; instruments.contains(name); ++number) name = fmt::format("{}_{}", profile, number);
    instruments[name] = entry;
  }
  return instruments;
}

int discover(const DiscoverWords& words) {
  Search search(words);
  const std::vector<Found> all = search.execute();
  const Json proposal = proposal_of(search.loader(), all);
  if (words.as_json) {
    Json found = Json::array();
    for (const Found& each : all)
      found.push_back({{"address", each.address},
                       {"identity", text_or_null(each.identity)},
                       {"about", text_or_null(each.about)},
                       {"profiles", fitting_profiles(search.loader(), each)}});
    fmt::print("{}\n", Json{{"found", found}, {"instruments", proposal}}.dump(2));
    return all.empty() ? nothing_found : 0;
  }
  if (all.empty()) {
    fmt::print("nothing found; name hosts with --host HOST[:PORT]\n");
    return nothing_found;
  }
  for (const Found& each : all) {
    fmt::print("{:<40} {}\n", each.address, each.identity.empty() ? each.about : each.identity);
    const std::vector<std::string> fitting = fitting_profiles(search.loader(), each);
    if (!each.identity.empty() && fitting.empty())
      fmt::print("{:<40} no profile fits; docs/guide-extending.md says how to add one\n", "");
    if (fitting.size() > 1) fmt::print("{:<40} one of {}: say which\n", "", fmt::join(fitting, ", "));
  }
  if (proposal.empty()) return 0;
  fmt::print("\nfor the rig file; add each one's calibration from its certificate:\n\"instruments\": {}\n",
             proposal.dump(2));
  return 0;
}

}  // namespace

std::vector<std::string> fitting_profiles(plan::Loader& loader, const Found& found) {
  std::vector<std::string> fitting;
  if (found.identity.empty()) return fitting;
  const bool registers = found.address.starts_with("modbus");
  for (const std::string& name : loader.path().names("instruments")) {
    const nlohmann::json profile = json::to_json(loader.instrument(name));
    if ((profile.at("kind") == "modbus") != registers) continue;
    const std::string pattern = identity_pattern(profile);
    if (!pattern.empty() && std::regex_search(found.identity, std::regex(pattern))) fitting.push_back(name);
  }
  return fitting;
}

Json proposed_entry(plan::Loader& loader, const Found& found) {
  const std::vector<std::string> fitting = fitting_profiles(loader, found);
  if (fitting.size() != 1) return nullptr;
  Json entry{{"profile", fitting.front()}, {"address", found.address}};
  const bool registers = found.address.starts_with("modbus");
  if (const std::string serial = serial_of(found.identity, !registers); !serial.empty()) entry["serial"] = serial;
  return entry;
}

void add_discover(CLI::App& parent, Action& action) {
  CLI::App* const command = parent.add_subcommand(
      "discover", "Find USB and serial ports and instruments on the network, and propose entries for a rig file");
  auto words = std::make_shared<DiscoverWords>();
  command->add_option("--host", words->hosts, "Ask this host, on its usual ports or on one")
      ->type_name("HOST[:PORT]")
      ->allow_extra_args(false);
  command->add_flag("--no-broadcast", words->no_broadcast, "Send nothing to the whole network");
  command->add_flag("--ask-serial", words->ask_serial,
                    "Ask *IDN? on every serial port; whatever else hangs there hears it too");
  command->add_option("--timeout", words->timeout_s, "How long each may take to answer")
      ->check(CLI::Range(0.1, 60.0))
      ->type_name("SECONDS")
      ->capture_default_str();
  command->add_flag("--json", words->as_json, "As one JSON document");
  command->callback([words, &action] { action = [words] { return discover(*words); }; });
}

}  // namespace meterrig::cli
