#include "bench/physics/supply_path.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

namespace meterrig::bench {

namespace {

constexpr double contact_ohms = 0.01;
constexpr double worth_telling_volts = 0.05;
// Faster than this the input capacitor follows its source at once, as far as any instrument can see.
constexpr double slow_burden_seconds = 1e-3;

std::int64_t to_nanoamperes(double amperes) { return std::llround(amperes * 1e9); }

class StationSupply final : public SupplyPath {
 public:
  StationSupply(Clock& clock, MeterBody& meter, const SupplyPathParameters& parameters)
      : clock_(clock),
        meter_(meter),
        parameters_(parameters),
        source_ohms_(parameters.source_ohms),
        settle_timer_(clock, [this] { refresh(); }) {
    source_.set_constant(Instant{}, 0);
    terminals_.set_constant(Instant{}, 0);
    for (CurrentSignal& current : currents_) current.set(Instant{}, 0);
  }

  void set_supply(double volts, double ampere_limit, bool output_on) override;
  void set_source_impedance(double ohms) override {
    source_ohms_ = ohms;
    update();
  }
  void set_hidden_limit(double amperes) override {
    hidden_limit_ = amperes;
    update();
  }
  void set_contact(Contact contact, bool closed) override;
  void set_stray_current(double amperes) override {
    stray_na_ = to_nanoamperes(amperes);
    update();
  }
  void set_burden(Path path, double ohms) override {
    burden_[index(path)] = ohms;
    update();
  }

  double supply_volts() const override;
  double supply_amperes() const override {
    return static_cast<double>(current(Path::k1_microammeter).at(clock_.now()) +
                               current(Path::k2_ammeter).at(clock_.now())) *
           1e-9;
  }
  bool constant_current() const override {
    return output_on_ && mode_ != Mode::regulated && ampere_limit_ <= hidden_limit_;
  }
  void on_change(std::function<void()> listener) override { listener_ = std::move(listener); }
  const CurrentSignal& current(Path path) const override { return currents_[index(path)]; }
  const VoltageSignal& terminals() const override { return terminals_; }
  void set_meter_current(std::int64_t nanoamperes) override;
  std::shared_ptr<void> retain_from(Instant when) override;

 private:
  enum class Mode { regulated, charging, limited };
  static std::size_t index(Path path) { return path == Path::k1_microammeter ? 0 : 1; }
  bool closed() const { return contact_[0] || contact_[1]; }
  double limit() const { return std::min(ampere_limit_, hidden_limit_); }
  double path_ohms() const;
  double dummy_amperes(std::size_t path) const;
  double available() const { return std::max(0.0, limit() - dummy_amperes(0) - dummy_amperes(1)); }
  void update();  // something outside the meter changed
  void refresh();
  void steer_terminals(Instant now);
  void follow_source(Instant now, double drop);
  void set_currents(Instant now);
  void tell();
  void prune(Instant now);

  Clock& clock_;
  MeterBody& meter_;
  SupplyPathParameters parameters_;
  double source_ohms_;
  Timer settle_timer_;
  double ampere_limit_ = 0;
  double hidden_limit_ = std::numeric_limits<double>::infinity();
  bool output_on_ = false;
  bool contact_[2] = {false, false};  // K1, K2
  bool dummy_[2] = {false, false};    // light, heavy
  double burden_[2] = {0, 0};
  std::int64_t meter_na_ = 0;
  std::int64_t stray_na_ = 0;
  std::function<void()> listener_;
  bool was_closed_ = false;
  Mode mode_ = Mode::regulated;
  VoltageSignal source_;
  VoltageSignal terminals_;
  CurrentSignal currents_[2];
  double told_volts_ = 0;
  bool told_steady_ = true;
  bool stepped_from_outside_ = false;
  std::shared_ptr<std::multiset<Instant>> retained_ = std::make_shared<std::multiset<Instant>>();
};

void StationSupply::set_supply(double volts, double ampere_limit, bool output_on) {
  const Instant now = clock_.now();
  output_on_ = output_on;
  ampere_limit_ = ampere_limit;
  const double target = output_on ? volts : 0;
  const double from = source_.at(now);
  if (from != target) {
    source_.set_ramp(now, from, target > from ? parameters_.slew_volts_per_second : -parameters_.slew_volts_per_second);
    source_.set_constant(now + seconds(std::abs(target - from) / parameters_.slew_volts_per_second) + 1ns, target);
  } else {
    source_.set_constant(now, target);
  }
  update();
}

void StationSupply::set_contact(Contact contact, bool closed) {
  switch (contact) {
    case Contact::k1:
      contact_[0] = closed;
      break;
    case Contact::k2:
      contact_[1] = closed;
      break;
    case Contact::dummy_light:
      dummy_[0] = closed;
      break;
    case Contact::dummy_heavy:
      dummy_[1] = closed;
      break;
    case Contact::uart:
      meter_.uart_connected(closed);
      return;
    case Contact::opener:
      if (closed) meter_.manual_action();
      return;
  }
  update();
}

double StationSupply::path_ohms() const {
  double conductance = 0;
  for (std::size_t i = 0; i < 2; ++i)
    if (contact_[i]) conductance += 1 / (burden_[i] + contact_ohms);
  return source_ohms_ + parameters_.lead_ohms + 1 / conductance;
}

double StationSupply::dummy_amperes(std::size_t path) const {
  if (!dummy_[path]) return 0;
  const double ohms = path == 0 ? parameters_.dummy_light_ohms : parameters_.dummy_heavy_ohms;
  return std::min(source_.at(clock_.now()) / ohms, limit());
}

void StationSupply::set_meter_current(std::int64_t nanoamperes) {
  if (nanoamperes == meter_na_) return;
  meter_na_ = nanoamperes;
  if (closed()) refresh();
}

void StationSupply::update() {
  stepped_from_outside_ = true;
  refresh();
}

void StationSupply::refresh() {
  const Instant now = clock_.now();
  settle_timer_.cancel();
  steer_terminals(now);
  set_currents(now);
  prune(now);
  tell();
  if (listener_) listener_();
}

// Where the terminals go from now on, and in which mode the supply is.
void StationSupply::steer_terminals(Instant now) {
  const bool opened = was_closed_ && !closed();
  was_closed_ = closed();
  mode_ = dummy_amperes(0) + dummy_amperes(1) >= limit() && (dummy_[0] || dummy_[1]) ? Mode::limited : Mode::regulated;
  if (!source_.steady_after(now)) settle_timer_.at(source_.last_piece_begins());
  if (!closed()) {
    if (opened) terminals_.set_decay(now, terminals_.at(now), 0, parameters_.open_decay);
    return;
  }
  const double meter = static_cast<double>(meter_na_ + stray_na_) * 1e-9;
  const double spare = available() - meter;
  const double volts = terminals_.at(now);
  const double ohms = path_ohms();
  const double drop = meter * ohms + (dummy_amperes(0) + dummy_amperes(1)) * source_ohms_;
  const double target = std::max(0.0, source_.at(now) - drop);
  if (spare < 0) {
    mode_ = Mode::limited;
    const double from = std::min(volts, std::max(target, 0.0));
    terminals_.set_ramp(now, from, spare / parameters_.terminal_farads);
    terminals_.set_constant(now + seconds(from * parameters_.terminal_farads / -spare) + 1ns, 0);
  } else if (ohms * parameters_.terminal_farads > slow_burden_seconds) {
    terminals_.set_decay(now, volts, source_.at(now) - drop, seconds(ohms * parameters_.terminal_farads));
  } else if (volts < target - worth_telling_volts && spare > 0) {
    mode_ = Mode::charging;
    terminals_.set_ramp(now, volts, spare / parameters_.terminal_farads);
    const Instant charged = now + seconds((target - volts) * parameters_.terminal_farads / spare) + 1ns;
    terminals_.set_constant(charged, target);
    settle_timer_.at(charged);
  } else {
    follow_source(now, drop);
  }
}

void StationSupply::follow_source(Instant now, double drop) {
  if (source_.steady_after(now)) {
    terminals_.set_constant(now, std::max(0.0, source_.at(now) - drop));
    return;
  }
  const Instant settled = source_.last_piece_begins();
  const double from = std::max(0.0, source_.at(now) - drop), to = std::max(0.0, source_.at(settled) - drop);
  terminals_.set_ramp(now, from, (to - from) / to_seconds(settled - now));
  terminals_.set_constant(settled, to);
}

void StationSupply::set_currents(Instant now) {
  std::int64_t meter = closed() ? meter_na_ + stray_na_ : 0;
  if (closed() && mode_ != Mode::regulated) meter = to_nanoamperes(std::min(available(), 1e6));
  std::int64_t share[2] = {contact_[0] ? meter : 0, contact_[1] ? meter : 0};
  if (contact_[0] && contact_[1]) {
    const double g0 = 1 / (burden_[0] + contact_ohms), g1 = 1 / (burden_[1] + contact_ohms);
    share[0] = std::llround(static_cast<double>(meter) * g0 / (g0 + g1));
    share[1] = meter - share[0];
  }
  for (std::size_t i = 0; i < 2; ++i) currents_[i].set(now, share[i] + to_nanoamperes(dummy_amperes(i)));
}

double StationSupply::supply_volts() const {
  const Instant now = clock_.now();
  const double open_circuit = source_.at(now);
  if (mode_ == Mode::regulated) return std::max(0.0, open_circuit - supply_amperes() * source_ohms_);
  if (closed()) return std::min(open_circuit, terminals_.at(now) + supply_amperes() * (path_ohms() - source_ohms_));
  // A dummy load alone holds it in its limit.
  const double ohms = dummy_[1] ? parameters_.dummy_heavy_ohms : parameters_.dummy_light_ohms;
  return std::min(open_circuit, limit() * ohms);
}

void StationSupply::tell() {
  const Instant now = clock_.now();
  const double volts = terminals_.at(now);
  const bool steady = terminals_.steady_after(now);
  // Small drops of the meter's own making are nothing new to it.
  const bool new_to_it = std::exchange(stepped_from_outside_, false) || !steady || !told_steady_ ||
                         std::abs(volts - told_volts_) > worth_telling_volts;
  if (!new_to_it) return;
  told_volts_ = volts;
  told_steady_ = steady;
  meter_.supply_changed(terminals_);
}

void StationSupply::prune(Instant now) {
  Instant keep = now - parameters_.default_history;
  if (!retained_->empty()) keep = std::min(keep, *retained_->begin());
  for (CurrentSignal& current : currents_) current.forget_before(keep);
  terminals_.forget_before(keep);
  source_.forget_before(keep);
}

std::shared_ptr<void> StationSupply::retain_from(Instant when) {
  const auto held = retained_->insert(when);
  return {static_cast<void*>(this), [retained = retained_, held](void*) { retained->erase(held); }};
}

}  // namespace

std::unique_ptr<SupplyPath> make_supply_path(Clock& clock, MeterBody& meter, const SupplyPathParameters& parameters) {
  return std::make_unique<StationSupply>(clock, meter, parameters);
}

std::unique_ptr<SupplyPath> make_supply_path(Clock& clock, MeterBody& meter, std::uint64_t) {
  return make_supply_path(clock, meter, SupplyPathParameters{});
}

}  // namespace meterrig::bench
