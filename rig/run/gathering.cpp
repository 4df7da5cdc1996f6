#include "rig/run/gathering.hpp"

#include <algorithm>

namespace meterrig::rig {

class Gathering::Wait final : public Waiter {
 public:
  Wait(Gathering& gathering, const std::string& member, const std::vector<double>& wanted, Duration at_most)
      : gathering_(gathering), member_(member), wanted_(wanted), at_most_(at_most) {}
  ~Wait() { detach(); }
  bool await_ready() const noexcept { return false; }
  template <typename P>
  void await_suspend(std::coroutine_handle<P> handle) {
    suspend(handle);
    if (!pending()) return;
    gathering_.waiting_.push_back(this);
    gathering_.consider();
  }
  Turn await_resume() {
    check();
    if (failed_) std::rethrow_exception(failed_);
    return turn_;
  }

 private:
  friend class Gathering;
  bool wants(double setting) const { return std::find(wanted_.begin(), wanted_.end(), setting) != wanted_.end(); }
  void end(const Turn& turn, std::exception_ptr failed) {
    std::erase(gathering_.waiting_, this);
    turn_ = turn;
    failed_ = std::move(failed);
    complete();
  }
  void detach() noexcept override { std::erase(gathering_.waiting_, this); }
  Gathering& gathering_;
  const std::string& member_;
  const std::vector<double>& wanted_;
  Duration at_most_;
  bool takes_part_ = false;  // was there when the round began
  Turn turn_;
  std::exception_ptr failed_;
};

std::vector<std::string> Gathering::missing() const {
  std::vector<std::string> names;
  for (const std::string& member : expected_)
    if (std::none_of(waiting_.begin(), waiting_.end(), [&](const Wait* wait) { return wait->member_ == member; }))
      names.push_back(member);
  return names;
}

void Gathering::leave(const std::string& member) {
  std::erase(expected_, member);
  consider();
}

void Gathering::consider() {
  if (bringing_ || waiting_.empty()) return;
  if (missing().empty()) return begin();
  if (!patience_.armed()) patience_.at(clock_.now() + waiting_.front()->at_most_);
}

std::vector<Gathering::Wait*> Gathering::in_order() const {
  std::vector<Wait*> all;
  for (const std::string& member : expected_)
    for (Wait* const wait : waiting_)
      if (wait->member_ == member) all.push_back(wait);
  return all;
}

void Gathering::begin() {
  patience_.cancel();
  const std::vector<Wait*> there = in_order();
  if (bringing_ || there.empty()) return;
  std::optional<double> upwards, lowest;
  for (const Wait* const wait : there) {
    for (const double setting : wait->wanted_) {
      if (!lowest || setting < *lowest) lowest = setting;
      if (at_ && setting < *at_) continue;
      if (!upwards || setting < *upwards) upwards = setting;
    }
  }
  // Who came too late for the way up has it begun again.
  bringing_ = upwards ? upwards : lowest;
  at_ = bringing_;
  const auto one =
      std::find_if(there.begin(), there.end(), [this](const Wait* wait) { return wait->wants(*bringing_); });
  for (Wait* const wait : there) wait->takes_part_ = wait->wants(*bringing_);
  (*one)->end({*bringing_, true}, nullptr);
}

void Gathering::brought(std::exception_ptr failed) {
  const double setting = *std::exchange(bringing_, std::nullopt);
  for (Wait* const wait : in_order())
    if (wait->takes_part_) wait->end({setting, false}, failed);
  consider();
}

void Gathering::passed_on() {
  bringing_.reset();
  begin();
}

Task<Gathering::Turn> Gathering::meet(std::string member, std::vector<double> wanted, Duration at_most) {
  co_return co_await Wait{*this, member, wanted, at_most};
}

}  // namespace meterrig::rig
