#include "tests/support/virtual_rig.hpp"

#include <algorithm>
#include <cstdlib>

#include "core/json/text.hpp"
#include "testcases/list.hpp"

namespace meterrig::support {

cli::RunFiles files_of(const cli::RunOptions& words) {
  setenv("METERRIG_CONFIG", METERRIG_SOURCE_DIR "/config", 1);
  return cli::read_run_files(words);
}

void change_parameter(plan::PlannedClause& planned, const std::string& name, const std::string& value) {
  const auto found = planned.clause.parameters.find(name);
  if (found == planned.clause.parameters.end()) return;
  const plan::Parameter changed = plan::overridden(found->second, json::parse(value, name));
  planned.deviations.push_back({name, found->second.text, changed.text, found->second.weakened_by(changed)});
  found->second = changed;
}

// In front of a member's link; what it passes on is an exchange.
class CountingConnector::Link final : public LinkPeer {
 public:
  Link(CountingConnector& owner, std::string member, LinkPeer& own)
      : owner_(owner), member_(std::move(member)), own_(own) {}
  void receive(Port& port, std::span<const std::uint8_t> bytes) override {
    owner_.count(member_);
    own_.receive(port, bytes);
  }
  void connected(Port& port) override { own_.connected(port); }
  void disconnected(Port& port) noexcept override { own_.disconnected(port); }

 private:
  CountingConnector& owner_;
  std::string member_;
  LinkPeer& own_;
};

namespace {

class CountingBus final : public RegisterBus {
 public:
  CountingBus(CountingConnector& owner, std::string member, std::shared_ptr<RegisterBus> own)
      : owner_(owner), member_(std::move(member)), own_(std::move(own)) {}
  Task<std::vector<std::uint16_t>> read(int unit, RegisterTable table, std::uint16_t address, std::uint16_t count,
                                        Instant deadline) override {
    owner_.count(member_);
    co_return co_await own_->read(unit, table, address, count, deadline);
  }
  Task<> write(int unit, RegisterTable table, std::uint16_t address, std::vector<std::uint16_t> values,
               Instant deadline) override {
    owner_.count(member_);
    co_await own_->write(unit, table, address, std::move(values), deadline);
  }
  Task<> reopen(Instant deadline) override { return own_->reopen(deadline); }
  void close() noexcept override { own_->close(); }
  const std::string& name() const noexcept override { return own_->name(); }

 private:
  CountingConnector& owner_;
  std::string member_;
  std::shared_ptr<RegisterBus> own_;
};

}  // namespace

CountingConnector::CountingConnector(Clock& clock, bench::Bench& bench, const cli::Answers& answers)
    : behind_(clock, &bench, nullptr, [this, &clock, answers](const std::string& member, LinkPeer& own) -> LinkPeer* {
        LinkPeer* peer = &own;
        if (member == "operator" && !answers.observations.empty()) {
          answering_ = std::make_unique<cli::AnsweringOperator>(clock, own, answers);
          peer = answering_.get();
        }
        links_.push_back(std::make_unique<Link>(*this, member, *peer));
        return links_.back().get();
      }) {}

CountingConnector::~CountingConnector() = default;

Task<std::unique_ptr<ByteStream>> CountingConnector::stream(const plan::Address& address, const std::string& name) {
  return behind_.stream(address, name);
}

Task<std::shared_ptr<RegisterBus>> CountingConnector::bus(const plan::Address& address, const std::string& name,
                                                          int& unit) {
  auto own = co_await behind_.bus(address, name, unit);
  co_return std::make_shared<CountingBus>(*this, address.path, std::move(own));
}

void CountingConnector::count(const std::string& member) {
  const int number = ++exchanges_[member];
  if (hook_) hook_(member, number);
}

VirtualRig::VirtualRig(cli::RunFiles& files, std::uint64_t seed, const std::vector<std::string>& faults,
                       const std::vector<std::string>& defects)
    : clock(files.plan.epoch),
      procedures(testcases::all()),
      files_(files),
      rig_(files.rig),
      duts_(files.duts),
      seed_(seed) {
  const cli::Choices choices = cli::read_choices(defects, faults, duts_, rig_);
  cli::declare_for(duts_, choices.defects);
  if (choices.own.expired_calibration) cli::expire_calibration(rig_, choices.own.expired_station, clock.utc());
  simulation_ = files.simulation;
  simulation_.insert(simulation_.end(), choices.words.begin(), choices.words.end());
  bench = cli::make_bench(clock, files.loader.path(), rig_, duts_, choices, seed_);
  connector = std::make_unique<CountingConnector>(clock, *bench, files.answers);
}

rig::RunSetup VirtualRig::setup() {
  return {.clock = clock,
          .loader = files_.loader,
          .plan = files_.plan,
          .rig = rig_,
          .duts = duts_,
          .procedures = procedures,
          .connector = *connector,
          .store = store,
          .seed = seed_,
          .version = "test",
          .build = "test",
          .simulation = simulation_,
          .override_by = override_by,
          .operator_name = "",
          .inputs = nlohmann::json::object()};
}

void VirtualRig::pass(Duration time) { meterrig::run(clock, sleep_for(time)); }

Session::Session(VirtualRig& rig, const rig::Resumption* resumption) : rig_(rig), first_turn_(rig.clock.turns()) {
  rig::RunSetup setup = rig.setup();
  setup.resumption = resumption;
  run_ = std::make_unique<rig::Run>(std::move(setup), nobody_);
  group_.emplace(rig.clock, &scope_);
  group_->spawn(run_->execute());
}

Session::~Session() { abandon(); }

void Session::to_turn(std::uint64_t turn) {
  rig_.clock.run_until([&] { return over() || turns() >= turn; });
}

void Session::to_end() {
  rig_.clock.run_until([&] { return over(); });
  if (group_) meterrig::run(rig_.clock, scope_, group_->join());
}

std::size_t Session::count(const std::string& type) const {
  const auto known = rig_.store.run_ids();
  if (turns() == 0 || std::find(known.begin(), known.end(), run_->id()) == known.end()) return 0;
  const auto& events = run_->journal().events();
  const auto found = std::count_if(events.begin(), events.end(), [&](const auto& e) { return e.at("type") == type; });
  return static_cast<std::size_t>(found);
}

void Session::abandon() {
  group_.reset();
  run_.reset();
}

std::map<std::string, std::string> verdicts_of(const nlohmann::json& record, std::size_t sample) {
  std::map<std::string, std::string> verdicts;
  for (const auto& result : record.at("duts").at(sample).at("results"))
    verdicts[result.at("id")] = result.at("verdict");
  return verdicts;
}

}  // namespace meterrig::support
