#include "rig/cli/signals.hpp"

#include <array>
#include <atomic>
#include <csignal>
#include <iterator>

namespace meterrig::cli {

namespace {

static_assert(stop_signals[0] == SIGHUP && stop_signals[1] == SIGINT && stop_signals[2] == SIGTERM);
static_assert(std::atomic<int>::is_always_lock_free);
std::atomic<int> requests{0};

extern "C" void meterrig_stop_requested(int) { requests.fetch_add(1); }

// Those of a host come back when nobody counts any more.
std::array<struct sigaction, std::size(stop_signals)> before{};

}  // namespace

StopSignals::StopSignals() {
  requests.store(0);
  struct sigaction action {};
  action.sa_handler = meterrig_stop_requested;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < before.size(); ++i) sigaction(stop_signals[i], &action, &before[i]);
}

StopSignals::~StopSignals() {
  for (std::size_t i = 0; i < before.size(); ++i) sigaction(stop_signals[i], &before[i], nullptr);
}

int StopSignals::count() noexcept { return requests.load(); }

void ignore_broken_pipes() { std::signal(SIGPIPE, SIG_IGN); }

}  // namespace meterrig::cli
