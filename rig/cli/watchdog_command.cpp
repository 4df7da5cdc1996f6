#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string_view>

#include "rig/cli/command.hpp"
#include "rig/cli/rescue.hpp"

namespace meterrig::cli {

namespace {

// Standard input is the link to the program that is watched.
constexpr int link = STDIN_FILENO;
// A process that was killed has closed its links by then, or never will.
constexpr int death_limit_ms = 10000;

enum class Ending { goodbye, closed, silent };

// What came, or that nothing did: 1, 0 for the end of the link, -1 for silence.
int wait_for(int limit_ms, std::string_view& got, std::array<char, 64>& bytes) {
  pollfd state{link, POLLIN, 0};
  int seen = 0;
  do {
    seen = poll(&state, 1, limit_ms);
  } while (seen < 0 && errno == EINTR);
  if (seen == 0) return -1;
  const ssize_t count = recv(link, bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (count <= 0) return 0;
  got = {bytes.data(), static_cast<std::size_t>(count)};
  return 1;
}

Ending watch(int limit_ms) {
  send(link, "r", 1, MSG_NOSIGNAL);
  for (;;) {
    std::array<char, 64> bytes{};
    std::string_view got;
    const int came = wait_for(limit_ms, got, bytes);
    if (came < 0) return Ending::silent;
    if (came == 0) return Ending::closed;
    if (got.find('g') != std::string_view::npos) return Ending::goodbye;
    send(link, "a", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  }
}

// A program that hangs may go on when nobody expects it, and it holds the instruments' only connections. Our parent is
// the program that started us, as long as it lives: no other process can have its number.
void end_program(pid_t program) {
  if (getppid() == program) kill(program, SIGKILL);
  std::array<char, 64> bytes{};
  std::string_view rest;
  while (wait_for(death_limit_ms, rest, bytes) > 0) {
  }
}

int guard(const RescueOrder& order, double limit_s) {
  const pid_t program = getppid();
  // It ends with the program that it watches, not with the terminal, and not before it.
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, SIG_IGN);
  Rescue rescue(order);
  constexpr int for_ever = -1;
  const Ending ending = watch(limit_s > 0 ? static_cast<int>(limit_s * 1000) : for_ever);
  if (ending == Ending::goodbye) return 0;
  if (ending == Ending::silent) end_program(program);
  return rescue.execute(ending == Ending::silent
                            ? fmt::format("it gave no sign of life for {:g} s and was killed", limit_s)
                            : "it ended without its last word: it was killed, or it crashed");
}

}  // namespace

void add_watchdog(CLI::App& app, Action& action) {
  CLI::App* const command = app.add_subcommand("watchdog", "What `meterrig run` starts beside itself");
  command->group("");  // not for people
  auto order = std::make_shared<RescueOrder>();
  auto limit_s = std::make_shared<double>(0);
  command->add_option("rig", order->rig)->required();
  command->add_option("--dut", order->duts)->required()->allow_extra_args(false);
  command->add_option("--run", order->run)->required();
  command->add_option("--log", order->log)->required();
  // Without it silence is no sign of death: a script computes between two calls, as long as it likes.
  command->add_option("--limit", *limit_s)->check(CLI::Range(0.1, 3600.0));
  command->callback([order, limit_s, &action] { action = [order, limit_s] { return guard(*order, *limit_s); }; });
}

}  // namespace meterrig::cli
