#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

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
  bool holds(const std::string& resource) const { return table_ != nullptr && granted_.contains(resource); }

 private:
  friend class LeaseTable;
  Lease(LeaseTable& table, LeaseRequest granted, std::string holder)
      : table_(&table), granted_(std::move(granted)), holder_(std::move(holder)) {}
  LeaseTable* table_ = nullptr;
  LeaseRequest granted_;
  std::string holder_;
};

// Somebody who wants to go on, and what would let him: any one of the requests, an earlier one rather than a later.
struct LeaseWish {
  std::string holder;
  std::vector<LeaseRequest> any_of;
  double remaining_s = 0;  // work that is left, estimated; more goes first
  // The holder is in the midst of a clause and may hold other things. What is taken so must never be held by one who
  // waits like this himself, or two could wait for each other; `needs_of` sees to it.
  bool midway = false;
};

struct LeaseGrant {
  std::size_t option = 0;  // of LeaseWish::any_of
  Lease lease;
};

// Who is in the way.
struct LeaseObstacle {
  std::string resource;
  std::string holder;
  Instant since{};  // when he got it
};

// Grants leases of the rig's shared things: instruments and the radio channel. Who is midway goes first; of
// the others the longest remaining path, then first come first served. Who has been overtaken `overtakes_max` times
// goes before those who came later, and what he needs is kept for him.
class LeaseTable {
 public:
  // Told what is in the way of the wish's first request, when none of them can be granted at once.
  using Waiting = std::function<void(const std::vector<LeaseObstacle>&)>;

  Task<LeaseGrant> acquire(LeaseWish wish, Waiting waiting = {});
  // Names of resources held by anyone; empty when the run is over.
  std::vector<std::string> held() const;

  static constexpr int overtakes_max = 8;

 private:
  friend class Lease;
  class Wait;
  struct Use {
    int shared = 0;
    bool exclusive = false;
    std::vector<std::pair<std::string, Instant>> holders;
  };
  bool free_for(const LeaseRequest& request) const;
  std::vector<LeaseObstacle> obstacles(const LeaseRequest& request) const;
  std::vector<LeaseObstacle> in_the_way_of(const Wait& wait) const;
  void take(const LeaseRequest& request, const std::string& holder, Instant now);
  void give_back(const LeaseRequest& granted, const std::string& holder) noexcept;
  std::vector<Wait*> by_precedence() const;
  bool grant_one();
  void grant();
  std::map<std::string, Use> uses_;
  std::deque<Wait*> waiting_;
};

}  // namespace meterrig::rig
