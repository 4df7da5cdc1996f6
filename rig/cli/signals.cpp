#include "rig/cli/signals.hpp"

#include <atomic>
#include <csignal>

namespace meterrig::cli {

namespace {

static_assert(stop_signals[0] == SIGHUP && stop_signals[1] == SIGINT && stop_signals[2] == SIGTERM);
static_assert(std::atomic<int>::is_always_lock_free);
std::atomic<int> requests{0};

extern "C" void meterrig_stop_requested(int) { requests.fetch_add(1); }

void handle_with(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  for (const int signal : stop_signals) sigaction(signal, &action, nullptr);
}

}  // namespace

StopSignals::StopSignals() {
  requests.store(0);
  handle_with(meterrig_stop_requested);
}

StopSignals::~StopSignals() { handle_with(SIG_DFL); }

int StopSignals::count() noexcept { return requests.load(); }

void ignore_broken_pipes() { std::signal(SIGPIPE, SIG_IGN); }

}  // namespace meterrig::cli
