#pragma once

#include <deque>
#include <regex>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "bench/instruments/line_peer.hpp"
#include "bench/instruments/supply_model.hpp"
#include "bench/instruments/virtual_supply.hpp"
#include "instruments/profile.hpp"

namespace meterrig::bench {

// A supply made from its profile alone, to rehearse with: it understands the profile's own templates and answers in its
// forms. It can't find a command that the profile has wrong; the conversations of tests/data/conversations do that.
class ProfileSupply final : public LinePeer, public VirtualSupply {
 public:
  // `wired`: the channel, from 1, that feeds the station. An empty serial number becomes "VIRTUAL".
  ProfileSupply(Clock& clock, SupplyPath& path, Profile profile, const std::string& serial, int wired,
                std::uint64_t seed);

  LinkPeer& link() override { return *this; }
  void raise_error(int code) override;
  int channel_count() const override { return static_cast<int>(model_.channels().size()); }
  bool output_on(int channel) const override { return model_.channels()[static_cast<std::size_t>(channel - 1)].on; }
  void show_times(double factor) override { model_.show_times(factor); }
  void run_away(double factor, bool unprotected) override { model_.run_away(factor, unprotected); }

 private:
  // One text of the profile: the message units that it is made of, and every command that is spelled so.
  struct Spelling {
    std::string pattern;
    std::vector<std::regex> units;
    std::vector<std::string> captures;  // what each group is: "channel", "value"
    std::vector<std::string> commands;
  };
  struct Arguments {
    int channel = 0;  // 0: the selected one
    double value = 0;
  };

  void take(const std::string& line) override;
  void reset();
  void learn(const std::string& command, const std::string& pattern);
  void limit(std::size_t index);
  // Executes what begins at unit `at`; gives how many units that were.
  std::size_t execute(const std::vector<std::string>& units, std::size_t at, std::vector<std::string>& answers);
  bool common(const std::string& unit, std::vector<std::string>& answers);
  const Spelling* match(const std::vector<std::string>& units, std::size_t at, Arguments& arguments) const;
  std::string perform(const Spelling& spelling, const Arguments& arguments);
  void change(const std::string& command, SupplyChannel& channel, int number, double value);
  double measured(const std::string& command, const SupplyChannel& channel, int number) const;
  std::string state(const Spelling& spelling, int number) const;
  std::string state_of(const std::string& command, int number) const;
  double digit(const std::string& function, int number) const;

  Clock& clock_;
  Profile profile_;
  const nlohmann::json& role_;
  std::string identity_;
  std::string error_query_;
  SupplyModel model_;
  std::vector<Spelling> spellings_;
  std::vector<std::string> accepted_;  // opening and closing
  std::deque<std::string> errors_;
  int selected_ = 1;
};

}  // namespace meterrig::bench
