#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/bench.hpp"
#include "bench/physics/station_model.hpp"
#include "core/clock.hpp"
#include "core/io/memory_link.hpp"

namespace meterrig::bench {

// The rig's end of a link: what was sent, in whole writes, with the time it leaves at.
struct Line final : LinkPeer::Port {
  Line(Clock& its_clock, LinkPeer& its_peer) : clock(its_clock), peer(its_peer) { peer.connected(*this); }
  ~Line() override { peer.disconnected(*this); }
  void send(std::span<const std::uint8_t> bytes, Instant at) override {
    writes.emplace_back(bytes.begin(), bytes.end());
    leaves = std::max(at, clock.now());
  }
  void hang_up() override { closed = true; }

  void put(std::string_view text) {
    peer.receive(*this, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
  // The answer without its LF; "<none>" when nothing came at once.
  std::string ask(std::string_view text) {
    writes.clear();
    put(std::string(text) + "\n");
    return answer();
  }
  std::string answer() const {
    std::string all;
    for (const std::string& write : writes) all += write;
    if (all.empty()) return "<none>";
    if (all.back() == '\n') all.pop_back();
    return all;
  }
  // Waits on the clock as long as it takes.
  std::string wait_for(std::string_view text, Duration longest) {
    writes.clear();
    put(std::string(text) + "\n");
    bool over = false;
    Timer timer(clock, [&] { over = true; });
    timer.at(clock.now() + longest);
    clock.run_until([&] { return over || !writes.empty(); });
    return answer();
  }

  Clock& clock;
  LinkPeer& peer;
  std::vector<std::string> writes;
  Instant leaves{};
  bool closed = false;
};

inline void pass(Clock& clock, Duration duration) {
  bool over = false;
  Timer timer(clock, [&] { over = true; });
  timer.at(clock.now() + duration);
  clock.run_until([&] { return over; });
}

// A supply path whose signals the test writes itself.
struct ScriptedPath : SupplyPath {
  void set_supply(double v, double limit, bool on) override { volts = v, amperes_limit = limit, output = on; }
  void set_source_impedance(double) override {}
  void set_hidden_limit(double) override {}
  void set_stray_current(double) override {}
  void on_change(std::function<void()> listener) override { changed = std::move(listener); }
  void set_contact(Contact, bool) override {}
  void set_burden(Path, double) override {}
  double supply_volts() const override { return output ? volts : 0; }
  double supply_amperes() const override { return amperes; }
  bool constant_current() const override { return limiting; }
  const CurrentSignal& current(Path path) const override { return path == Path::k1_microammeter ? k1 : k2; }
  const VoltageSignal& terminals() const override { return voltage; }
  void set_meter_current(std::int64_t) override {}
  std::shared_ptr<void> retain_from(Instant) override { return std::make_shared<int>(0); }

  double volts = 0, amperes_limit = 0, amperes = 0;
  bool output = false, limiting = false;
  std::function<void()> changed;
  CurrentSignal k1, k2;
  VoltageSignal voltage;
};

inline std::string profiles_folder() { return METERRIG_SOURCE_DIR "/config/instruments"; }

inline BenchOptions three_samples() {
  BenchOptions options;
  for (const char* number : {"101", "102", "103"}) {
    Sample sample;
    sample.serial = std::string("25R000") + number;
    sample.address = std::string("00000025000") + number;
    options.samples.push_back(sample);
  }
  options.profiles_folder = profiles_folder();
  return options;
}

}  // namespace meterrig::bench
