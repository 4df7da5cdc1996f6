#include "rig/cli/watchdog.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "core/errors.hpp"
#include "rig/plan/program_file.hpp"

extern char** environ;

namespace meterrig::cli {

namespace {

// Real time.
constexpr Duration beat_interval = 250ms;
constexpr Duration silence_limit = 10s;
constexpr int start_limit_ms = 20000;
// It does not end by itself: who loses more of them has a computer that can't be relied on.
constexpr int losses_max = 3;

// In a session of its own, so that a Ctrl-C at the terminal does not reach it; with nothing of ours open but the link
// and standard error: an instrument's connection that it inherited would outlive us.
pid_t spawn(std::vector<std::string> words, int link) {
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, link, STDIN_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  pid_t process = -1;
  const int failed = posix_spawn(&process, plan::program_file().c_str(), &actions, &attributes, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (failed != 0) throw Error(fmt::format("the watchdog process can't be started: {}", std::strerror(failed)));
  return process;
}

}  // namespace

std::vector<std::string> watchdog_words(const plan::RigFile& rig, const std::vector<plan::DutFile>& duts,
                                        const std::string& run, const std::filesystem::path& log) {
  std::vector<std::string> words{rig.file};
  for (const plan::DutFile& dut : duts) words.insert(words.end(), {"--dut", dut.file});
  words.insert(words.end(), {"--run", run, "--log", log.string()});
  return words;
}

Watchdog::Watchdog(WallClock& clock, std::vector<std::string> words, Listener listener)
    : clock_(clock), words_(std::move(words)), listener_(std::move(listener)), timer_(clock, [this] { beat(); }) {
  words_.insert(words_.begin(), {"meterrig", "watchdog"});
  start();
  wait_until_ready();
  beat();
}

Watchdog::~Watchdog() {
  timer_.cancel();
  if (process_ > 0) reap();
}

void Watchdog::goodbye() {
  timer_.cancel();
  if (process_ <= 0) return;
  send(link_, "g", 1, MSG_NOSIGNAL);
  reap();
}

void Watchdog::start() {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    throw Error(fmt::format("the watchdog process can't be reached: {}", std::strerror(errno)));
  link_ = ends[0];
  try {
    process_ = spawn(words_, ends[1]);
  } catch (const Error&) {
    close(ends[0]);
    close(ends[1]);
    throw;
  }
  close(ends[1]);
  heard_ = clock_.now();
}

void Watchdog::wait_until_ready() {
  pollfd ready{link_, POLLIN, 0};
  int seen = 0;
  do {
    seen = poll(&ready, 1, start_limit_ms);
  } while (seen < 0 && errno == EINTR);
  if (seen > 0 && alive()) return;
  kill(process_, SIGKILL);
  throw Error("the watchdog process did not begin its work (" + reap() + "); nothing was switched on");
}

// Closes the link, waits for its end and says how that was.
std::string Watchdog::reap() {
  close(link_);
  int status = 0;
  while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
  return WIFSIGNALED(status) ? fmt::format("signal {}", WTERMSIG(status))
                             : fmt::format("exit code {}", WEXITSTATUS(status));
}

// Takes its answers; false when its end of the link is closed.
bool Watchdog::alive() {
  std::array<char, 64> answers{};
  ssize_t count = 0;
  while ((count = recv(link_, answers.data(), answers.size(), MSG_DONTWAIT)) > 0) heard_ = clock_.now();
  return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

void Watchdog::beat() {
  const bool sent = send(link_, "b", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1 || errno == EAGAIN || errno == EINTR;
  if (!alive() || !sent) {
    replace(reap());
  } else if (clock_.real(clock_.now() - heard_) > silence_limit) {
    kill(process_, SIGKILL);
    replace("it hung, " + reap());
  }
  if (process_ > 0) timer_.at(clock_.now() + seconds(to_seconds(beat_interval) * clock_.time_scale()));
}

void Watchdog::replace(const std::string& why) {
  std::string failed = why;
  if (++losses_ <= losses_max) {
    try {
      start();
      listener_.lost(fmt::format("看门狗进程已终止（{}），已另行启动一个", why),
                     fmt::format("the watchdog process has ended ({}); another one was started", why));
      return;
    } catch (const Error& error) {
      failed = error.what();
    }
  }
  listener_.hopeless(fmt::format("看门狗进程无法保持运行（{}），运行停止", failed),
                     fmt::format("the watchdog process can't be kept running ({}); the run stops", failed));
}

}  // namespace meterrig::cli
