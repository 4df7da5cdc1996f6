#include "rig/run/lease.hpp"

#include <algorithm>

namespace meterrig::rig {

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
  Wait(LeaseTable& table, const std::string& holder, const LeaseRequest& request, double priority)
      : table_(table), holder_(holder), request_(request), priority_(priority) {}
  // Granted and stopped in the same turn: what was granted goes back.
  ~Wait() {
    detach();
    if (granted_) table_.give_back(request_, holder_);
  }
  bool await_ready() const noexcept { return false; }
  template <typename P>
  void await_suspend(std::coroutine_handle<P> handle) {
    suspend(handle);
    if (!pending()) return;
    table_.waiting_.push_back(this);
    table_.grant();
  }
  Lease await_resume() {
    check();
    granted_ = false;
    return Lease(table_, request_, holder_);
  }

 private:
  friend class LeaseTable;
  void detach() noexcept override { std::erase(table_.waiting_, this); }
  LeaseTable& table_;
  const std::string& holder_;
  const LeaseRequest& request_;
  double priority_;
  int overtaken_ = 0;
  bool granted_ = false;
};

bool LeaseTable::free_for(const LeaseRequest& request) const {
  return std::all_of(request.begin(), request.end(), [&](const auto& wanted) {
    const auto use = uses_.find(wanted.first);
    if (use == uses_.end()) return true;
    return !use->second.exclusive && (wanted.second == LeaseMode::shared || use->second.shared == 0);
  });
}

void LeaseTable::take(const LeaseRequest& request, const std::string& holder) {
  for (const auto& [resource, mode] : request) {
    Use& use = uses_[resource];
    if (mode == LeaseMode::exclusive) use.exclusive = true;
    if (mode == LeaseMode::shared) ++use.shared;
    use.holders.push_back(holder);
  }
}

void LeaseTable::give_back(const LeaseRequest& granted, const std::string& holder) noexcept {
  for (const auto& [resource, mode] : granted) {
    Use& use = uses_[resource];
    if (mode == LeaseMode::exclusive) use.exclusive = false;
    if (mode == LeaseMode::shared) --use.shared;
    const auto found = std::find(use.holders.begin(), use.holders.end(), holder);
    if (found != use.holders.end()) use.holders.erase(found);
  }
  grant();
}

void LeaseTable::grant() {
  for (;;) {
    // One that has been overtaken too often goes before everybody; until it is served nobody else is.
    const auto starved = std::find_if(waiting_.begin(), waiting_.end(),
                                      [](const Wait* wait) { return wait->overtaken_ >= overtakes_max; });
    Wait* best = nullptr;
    for (Wait* const wait : waiting_) {
      if (starved != waiting_.end() && wait != *starved) continue;
      if (free_for(wait->request_) && (!best || wait->priority_ > best->priority_)) best = wait;
    }
    if (!best) return;
    for (Wait* const wait : waiting_) {
      if (wait == best) break;
      ++wait->overtaken_;
    }
    std::erase(waiting_, best);
    take(best->request_, best->holder_);
    best->granted_ = true;
    best->complete();
  }
}

Task<Lease> LeaseTable::acquire(std::string holder, LeaseRequest request, double priority, Waiting waiting) {
  if (waiting && !free_for(request)) {
    for (const auto& [resource, mode] : request) {
      const auto use = uses_.find(resource);
      const bool busy =
          use != uses_.end() && (use->second.exclusive || (mode == LeaseMode::exclusive && use->second.shared > 0));
      if (busy) waiting(holder, resource, use->second.holders.front());
    }
  }
  co_return co_await Wait{*this, holder, request, priority};
}

std::vector<std::string> LeaseTable::held() const {
  std::vector<std::string> names;
  for (const auto& [resource, use] : uses_)
    if (use.exclusive || use.shared > 0) names.push_back(resource);
  return names;
}

}  // namespace meterrig::rig
