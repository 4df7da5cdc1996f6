#include "rig/run/lease.hpp"

#include <algorithm>
#include <set>

namespace meterrig::rig {
namespace {

bool conflict(const LeaseRequest& one, const LeaseRequest& other) {
  return std::any_of(one.begin(), one.end(), [&](const auto& wanted) {
    const auto found = other.find(wanted.first);
    return found != other.end() && (wanted.second == LeaseMode::exclusive || found->second == LeaseMode::exclusive);
  });
}

}  // namespace

Lease::Lease(Lease&& other) noexcept
    : table_(std::exchange(other.table_, nullptr)),
      granted_(std::move(other.granted_)),
      holder_(std::move(other.holder_)) {}

Lease& Lease::operator=(Lease&& other) noexcept {
  if (this == &other) return *this;
  release();
  table_ = std::exchange(other.table_, nullptr);
  granted_ = std::move(other.granted_);
  holder_ = std::move(other.holder_);
  return *this;
}

void Lease::release() noexcept {
  if (LeaseTable* const table = std::exchange(table_, nullptr)) table->give_back(granted_, holder_);
}

class LeaseTable::Wait final : public Waiter {
 public:
  Wait(LeaseTable& table, const LeaseWish& wish, const Waiting& told) : table_(table), wish_(wish), told_(told) {}
  // Granted and stopped in the same turn: what was granted goes back.
  ~Wait() {
    detach();
    if (granted_) table_.give_back(request(), wish_.holder);
  }
  bool await_ready() const noexcept { return false; }
  template <typename P>
  void await_suspend(std::coroutine_handle<P> handle) {
    suspend(handle);
    if (!pending()) return;
    table_.waiting_.push_back(this);
    table_.grant();
    if (!granted_ && told_) told_(table_.in_the_way_of(*this));
  }
  LeaseGrant await_resume() {
    check();
    granted_ = false;
    return {option_, Lease(table_, request(), wish_.holder)};
  }

 private:
  friend class LeaseTable;
  const LeaseRequest& request() const { return wish_.any_of[option_]; }
  bool starved() const { return overtaken_ >= overtakes_max; }
  bool wants_any_of(const LeaseRequest& taken) const {
    return std::any_of(wish_.any_of.begin(), wish_.any_of.end(),
                       [&](const LeaseRequest& option) { return conflict(option, taken); });
  }
  void detach() noexcept override { std::erase(table_.waiting_, this); }
  LeaseTable& table_;
  const LeaseWish& wish_;
  const Waiting& told_;
  std::size_t option_ = 0;
  int overtaken_ = 0;
  bool granted_ = false;
};

bool LeaseTable::free_for(const LeaseRequest& request) const { return obstacles(request).empty(); }

std::vector<LeaseObstacle> LeaseTable::obstacles(const LeaseRequest& request) const {
  std::vector<LeaseObstacle> found;
  for (const auto& [resource, mode] : request) {
    const auto use = uses_.find(resource);
    if (use == uses_.end() || use->second.holders.empty()) continue;
    if (use->second.exclusive || mode == LeaseMode::exclusive)
      found.push_back({resource, use->second.holders.front().first, use->second.holders.front().second});
  }
  return found;
}

std::vector<LeaseObstacle> LeaseTable::in_the_way_of(const Wait& wait) const {
  const LeaseRequest& first = wait.wish_.any_of.front();
  std::vector<LeaseObstacle> found = obstacles(first);
  if (!found.empty()) return found;
  // Nobody has it: it is kept for one who waited too long.
  for (const Wait* const other : by_precedence())
    if (other != &wait && other->starved()) return {{first.begin()->first, other->wish_.holder, wait.clock().now()}};
  return found;
}

void LeaseTable::take(const LeaseRequest& request, const std::string& holder, Instant now) {
  for (const auto& [resource, mode] : request) {
    Use& use = uses_[resource];
    if (mode == LeaseMode::exclusive) use.exclusive = true;
    if (mode == LeaseMode::shared) ++use.shared;
    use.holders.emplace_back(holder, now);
  }
}

void LeaseTable::give_back(const LeaseRequest& granted, const std::string& holder) noexcept {
  for (const auto& [resource, mode] : granted) {
    Use& use = uses_[resource];
    if (mode == LeaseMode::exclusive) use.exclusive = false;
    if (mode == LeaseMode::shared) --use.shared;
    const auto found =
        std::find_if(use.holders.begin(), use.holders.end(), [&](const auto& one) { return one.first == holder; });
    if (found != use.holders.end()) use.holders.erase(found);
  }
  grant();
}

std::vector<LeaseTable::Wait*> LeaseTable::by_precedence() const {
  std::vector<Wait*> all(waiting_.begin(), waiting_.end());
  std::stable_sort(all.begin(), all.end(), [](const Wait* a, const Wait* b) {
    if (a->wish_.midway != b->wish_.midway) return a->wish_.midway;
    if (a->starved() != b->starved()) return a->starved();
    return !a->starved() && a->wish_.remaining_s > b->wish_.remaining_s;
  });
  return all;
}

bool LeaseTable::grant_one() {
  std::set<std::string> kept;
  for (Wait* const wait : by_precedence()) {
    const std::vector<LeaseRequest>& options = wait->wish_.any_of;
    const auto grantable = std::find_if(options.begin(), options.end(), [&](const LeaseRequest& option) {
      // Who is midway must never be held up by who has not begun: that one may wait for what he holds.
      const bool is_kept = !wait->wish_.midway && std::any_of(option.begin(), option.end(), [&](const auto& wanted) {
        return kept.contains(wanted.first);
      });
      return !is_kept && free_for(option);
    });
    if (grantable != options.end()) {
      wait->option_ = static_cast<std::size_t>(grantable - options.begin());
      const auto self = std::find(waiting_.begin(), waiting_.end(), wait);
      for (auto earlier = waiting_.begin(); earlier != self; ++earlier)
        if (!wait->wish_.midway && (*earlier)->wants_any_of(*grantable)) ++(*earlier)->overtaken_;
      waiting_.erase(self);
      take(*grantable, wait->wish_.holder, wait->clock().now());
      wait->granted_ = true;
      wait->complete();
      return true;
    }
    if (!wait->starved()) continue;
    const auto least = std::min_element(options.begin(), options.end(),
                                        [](const auto& a, const auto& b) { return a.size() < b.size(); });
    for (const auto& [resource, mode] : *least) kept.insert(resource);
  }
  return false;
}

void LeaseTable::grant() {
  while (grant_one()) {
  }
}

Task<LeaseGrant> LeaseTable::acquire(LeaseWish wish, Waiting waiting) { co_return co_await Wait{*this, wish, waiting}; }

std::vector<std::string> LeaseTable::held() const {
  std::vector<std::string> names;
  for (const auto& [resource, use] : uses_)
    if (use.exclusive || use.shared > 0) names.push_back(resource);
  return names;
}

}  // namespace meterrig::rig
