#include "testcases/steps/register.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "instruments/scpi_session.hpp"
#include "meters/pulse_input.hpp"

namespace meterrig::testcases {
namespace {

double qmax(const Trial& trial) {
  const plan::DutFile& dut = trial.dut();
  if (dut.qmax_m3_per_h) return *dut.qmax_m3_per_h;
  if (dut.meter == "water" && dut.nominal_flow_m3_per_h) return *dut.nominal_flow_m3_per_h;
  throw UserError(fmt::format("{}: the sample does not declare {}", dut.file,
                              dut.meter == "water" ? "nominal_flow_m3_per_h" : "qmax_m3_per_h"));
}

Task<> stop_flow(Station& st) {
  co_await st.flow().stop();
  co_await sleep_for(1s);
}

void counter_failed(Trial& trial, const Error& error) {
  const std::string why = rig::printable(error.what());
  trial.note("脉冲计数器未给出触点的脉冲：" + why, "the pulse counter does not tell what the contact did: " + why);
}

void note_places(Trial& trial, const PulseInput& input, const std::vector<PulsePlace>& places, const char* zh,
                 const char* en) {
  for (const PulsePlace& place : places) {
    const double after_s = to_seconds(place.at - input.pulses().front());
    trial.note(
        fmt::format("触点脉冲间隔：首脉冲后 {:.1f} s 处{} {} 个脉冲", after_s, zh, place.count),
        fmt::format("spacing of the contact's pulses: {} {}, {:.1f} s after the first", place.count, en, after_s));
  }
}

}  // namespace

Task<Reading> pass_volume(Trial& trial, double cubic_metres) {
  Station& st = trial.station();
  if (st.has("outlet_seal")) co_await st.outlet_seal().open(false);
  if (st.has("vent")) co_await st.vent().open(false);
  const Reading before = co_await st.flow().total_m3();
  const double q = qmax(trial);
  co_await st.flow().start(q);
  co_await sleep_for(seconds(cubic_metres / q * 3600));
  // The rest, if the flow was not yet there at the start.
  for (int i = 0; i < 20; ++i) {
    const Reading now = co_await st.flow().total_m3();
    const double left = cubic_metres - (now.value - before.value);
    if (left <= 1e-6) break;
    co_await sleep_for(seconds(std::max(0.05, left / q * 3600)));
  }
  co_await stop_flow(st);
  const Reading after = co_await st.flow().total_m3();
  const double passed = after.value - before.value;
  if (passed < 0.9 * cubic_metres)
    trial.rig_fault(fmt::format("only {:g} of {:g} m3 passed the flow standard", passed, cubic_metres));
  // The difference of two readings of one instrument, close together: the error of the whole is that of the later one.
  co_return Reading{passed, after.half_width, after.errors};
}

Task<> pass_pulses(Trial& trial, std::uint32_t pulses) {
  Station& st = trial.station();
  co_await st.outlet_seal().open(false);
  co_await st.vent().open(false);
  const std::uint32_t before = co_await st.pulses().count();
  const double each_s = std::stod(trial.dut().pulse_volume_m3) / qmax(trial) * 3600;
  const Instant until = trial.clock().now() + seconds(each_s * (pulses + 3) + 30);
  co_await st.flow().start(qmax(trial));
  for (;;) {
    const std::uint32_t now = co_await st.pulses().count();
    if (now - before >= pulses) break;
    if (trial.clock().now() > until) {
      co_await st.flow().stop();
      trial.rig_fault(fmt::format("{} of {} pulses came from the meter", now - before, pulses));
    }
    co_await sleep_for(50ms);
  }
  co_await st.flow().stop();
}

Task<bool> listen_to_contact(Trial& trial) {
  Station& st = trial.station();
  if (!st.is_open("pulse_counter") || !st.pulses().dates_edges()) co_return false;
  bool listens = false;
  try {
    co_await st.pulses().listen();
    listens = true;
  } catch (const Error& error) {
    counter_failed(trial, error);
  }
  co_return listens;
}

Task<> tell_of_contact(Trial& trial) {
  PulseInput input;
  bool told = false;
  try {
    const std::vector<PulseEdge> edges = co_await trial.station().pulses().edges();
    input.add(edges);
    told = true;
  } catch (const Error& error) {
    counter_failed(trial, error);
  }
  if (!told) co_return;
  const PulseFindings found = input.judge();
  trial.record("pulse_count", static_cast<double>(input.pulses().size()), "1");
  trial.record_text("pulse_volume", pulse_volume(input.pulses().size(), trial.dut().pulse_volume_m3) + " m3");
  if (const auto intervals = input.intervals())
    trial.record("pulse_interval_median", to_seconds(intervals->median), "s");
  trial.record("missing_pulses", static_cast<double>(found.missing_pulses()), "1");
  trial.record("extra_pulses", static_cast<double>(found.extra_pulses()), "1");
  note_places(trial, input, found.missing, "缺", "missing");
  note_places(trial, input, found.extra, "多", "extra");
}

Task<std::map<std::string, std::string>> persistent_items(Trial& trial) {
  Cjt188Meter& meter = trial.station().meter();
  auto previous = co_await meter.read(trial.dut().persistent_items);
  for (int i = 0; i < 3; ++i) {
    auto again = co_await meter.read(trial.dut().persistent_items);
    if (again == previous) co_return again;
    previous = std::move(again);
  }
  trial.inconclusive("the meter's data do not stand still: no two readings agree");
}

int changed_items(Trial& trial, const std::map<std::string, std::string>& before,
                  const std::map<std::string, std::string>& after) {
  int changed = 0;
  for (const auto& [name, value] : before) {
    const auto found = after.find(name);
    if (found != after.end() && found->second == value) continue;
    ++changed;
    const std::string now = found == after.end() ? "-" : found->second;
    trial.note(fmt::format("{} 由 {} 变为 {}", name, value, now), fmt::format("{} was {} and is {}", name, value, now));
  }
  return changed;
}

Task<std::string> ask(Trial& trial, Operator::Kind kind, std::string zh, std::string en, std::string page,
                      std::string timeout) {
  Station& st = trial.station();
  const Operator::Prompt prompt{st.number(), kind, zh, en, page};
  const std::string asked = what_is_asked(prompt);
  trial.event("prompt", {{"prompt_id", asked}, {"text", {{"zh", zh}, {"en", en}}}});
  co_await trial.commit();
  Operator::Answer answer;
  std::string nobody;
  try {
    answer = co_await st.person().ask(prompt, trial.time(timeout));
  } catch (const TimeoutError& error) {
    nobody = error.what();
  }
  if (!nobody.empty()) trial.inconclusive(nobody);
  trial.event("answer",
              {{"prompt_id", asked}, {"value", rig::printable(answer.value)}, {"operator", rig::printable(answer.by)}});
  co_await trial.commit();
  co_return answer.value;
}

Task<> have_done(Trial& trial, std::string deed, std::string zh, std::string en) {
  const std::string answer = co_await ask(trial, Operator::Kind::confirm, zh, en, deed);
  if (answer != "yes") trial.inconclusive(fmt::format("{:?} was answered with {:?} instead of \"yes\"", en, answer));
}

Task<std::int64_t> read_counter(Trial& trial) {
  const std::string text = co_await ask(trial, Operator::Kind::read_counter, "请读取机械计数器示值（m³）",
                                        "read the mechanical counter (m3)");
  std::int64_t value = 0;
  if (!parse_scaled(text, 4, value))
    trial.inconclusive(fmt::format("the counter was read as {:?}, which is no number", text));
  co_return value;
}

}  // namespace meterrig::testcases
