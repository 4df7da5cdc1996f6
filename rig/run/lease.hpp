#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>

#include "core/task.hpp"

namespace meterrig::rig {

enum class LeaseMode { shared, exclusive };

// What a station wants at once: resource -> mode. All are granted together or none, so stations can't deadlock.
using LeaseRequest = std::map<std::string, LeaseMode>;

class LeaseTable;

// What was granted; given back when it dies. Move-only.
class Lease {
 public:
  Lease() = default;
  Lease(Lease&& other) noexcept;
  Lease& operator=(Lease&& other) noexcept;
  ~Lease() { release(); }
  void release() noexcept;

 private:
  friend class LeaseTable;
  Lease(LeaseTable& table, LeaseRequest granted, std::string holder)
      : table_(&table), granted_(std::move(granted)), holder_(std::move(holder)) {}
  LeaseTable* table_ = nullptr;
  LeaseRequest granted_;
  std::string holder_;
};

// Grants leases of the rig's shared things: instruments, the radio channel, the operator. Longest remaining path first,
// then first come first served; one that waits is never overtaken by more than `overtakes_max` others.
class LeaseTable {
 public:
  // Told when a holder waits: for what, held by whom.
  using Waiting = std::function<void(const std::string& holder, const std::string& resource, const std::string& by)>;

  // `priority`: remaining work in seconds; more goes first.
  Task<Lease> acquire(std::string holder, LeaseRequest request, double priority, Waiting waiting = {});
  // Names of resources held by anyone; empty when the run is over.
  std::vector<std::string> held() const;

 private:
  friend class Lease;
  class Wait;
  struct Use {
    int shared = 0;
    bool exclusive = false;
    std::vector<std::string> holders;
  };
  bool free_for(const LeaseRequest& request) const;
  void take(const LeaseRequest& request, const std::string& holder);
  void give_back(const LeaseRequest& granted, const std::string& holder) noexcept;
  void grant();
  std::map<std::string, Use> uses_;
  std::deque<Wait*> waiting_;
  static constexpr int overtakes_max = 8;
};

}  // namespace meterrig::rig
