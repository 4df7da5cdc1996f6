#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/io/transport/streams.hpp"
#include "instruments/modbus_device.hpp"

// The driver of Modbus devices against slaves that no one here wrote: libmodbus's and pymodbus's, over TCP and over RTU
// on a pair of pseudo-terminals.
namespace meterrig {
namespace {

// A program that says "ready PORT" when it serves; it ends with the test.
class Program {
 public:
  explicit Program(std::vector<std::string> words) {
    int in[2], out[2];
    if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(in[0], STDIN_FILENO);
      ::dup2(out[1], STDOUT_FILENO);
      ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    in_ = in[1];
    std::string said;
    for (char c; ::read(out[0], &c, 1) == 1 && c != '\n';) said += c;
    ::close(out[0]);
    if (!said.starts_with("ready ")) throw std::runtime_error(words[0] + " did not start: " + said);
    port = std::stoi(said.substr(6));
  }
  ~Program() { end(); }
  void end() {
    if (pid_ <= 0) return;
    ::close(in_);
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  int port = 0;

 private:
  pid_t pid_ = -1;
  int in_ = -1;
};

// Two terminals that hear each other.
class Line {
 public:
  Line() {
    for (int i : {0, 1}) {
      termios raw{};
      ::cfmakeraw(&raw);
      raw.c_cflag |= CREAD | CLOCAL;
      ::cfsetspeed(&raw, B115200);
      char name[128] = {};
      if (::openpty(&master_[i], &slave_[i], name, &raw, nullptr) != 0) throw std::runtime_error("no terminal");
      path[i] = name;
      ::fcntl(master_[i], F_SETFD, FD_CLOEXEC);
      ::fcntl(slave_[i], F_SETFD, FD_CLOEXEC);
    }
    relay_ = std::thread([this] { relay(); });
  }
  ~Line() {
    ending_ = true;
    relay_.join();
    for (int i : {0, 1}) ::close(master_[i]), ::close(slave_[i]);
  }
  std::string path[2];

 private:
  void relay() {
    while (!ending_) {
      pollfd both[2] = {{master_[0], POLLIN, 0}, {master_[1], POLLIN, 0}};
      if (::poll(both, 2, 20) <= 0) continue;
      for (int i : {0, 1}) {
        char bytes[512];
        if (!(both[i].revents & POLLIN)) continue;
        const ssize_t count = ::read(master_[i], bytes, sizeof bytes);
        if (count > 0 && ::write(master_[1 - i], bytes, static_cast<std::size_t>(count)) != count) return;
      }
    }
  }
  int master_[2];
  int slave_[2];
  std::atomic<bool> ending_{false};
  std::thread relay_;
};

const char* const description = R"({
  "id": "peer", "kind": "modbus", "answer_timeout_s": 3, "roles": {},
  "identity": {"table": "holding", "address": 40, "count": 3, "type": "ascii", "pattern": "PEER"},
  "registers": {
    "temperature": {"table": "input", "address": 0, "type": "float32"},
    "counter": {"table": "holding", "address": 10, "type": "uint32", "word_order": "cdab"},
    "offset": {"table": "holding", "address": 20, "type": "int16"},
    "setpoint": {"table": "holding", "address": 30, "type": "float32", "min": 0, "max": 100},
    "nowhere": {"table": "holding", "address": 99, "type": "uint32"}}
})";

struct Peer {
  const char* name;
  bool python;
  bool rtu;
};

struct ModbusPeers : testing::TestWithParam<Peer> {
  void SetUp() override {
    std::vector<std::string> words;
    if (GetParam().python)
      words = {METERRIG_PYTHON, METERRIG_SOURCE_DIR "/tests/sockets/modbus_peers/pymodbus_slave.py"};
    if (!GetParam().python) words = {METERRIG_MODBUS_SLAVE};
    if (GetParam().rtu) line.emplace();
    words.push_back(GetParam().rtu ? "rtu" : "tcp");
    if (GetParam().rtu) words.push_back(line->path[1]);
    program.emplace(words);
    const std::string url = GetParam().rtu ? fmt::format("modbus-rtu://{}?baud=115200", line->path[0])
                                           : fmt::format("modbus-tcp://127.0.0.1:{}", program->port);
    bus = run(clock, open_bus(clock, Url::parse(url), clock.now() + 5s));
  }
  ModbusDevice device(int unit = 7) { return {clock, bus, profile, "device1", unit}; }

  WallClock clock;
  Profile profile{nlohmann::json::parse(description)};
  std::optional<Line> line;
  std::optional<Program> program;
  std::shared_ptr<RegisterBus> bus;
};
INSTANTIATE_TEST_SUITE_P(All, ModbusPeers,
                         testing::Values(Peer{"LibmodbusTcp", false, false}, Peer{"LibmodbusRtu", false, true},
                                         Peer{"PymodbusTcp", true, false}, Peer{"PymodbusRtu", true, true}),
                         [](const auto& one) { return one.param.name; });

TEST_P(ModbusPeers, ReadsWhatTheSlaveHolds) {
  ModbusDevice peer = device();
  EXPECT_EQ(run(clock, peer.identify()), "PEER-1");
  EXPECT_EQ(run(clock, peer.read("temperature")), 21.5);
  EXPECT_EQ(run(clock, peer.read_integer("counter")), 123'456'789u);
  EXPECT_EQ(run(clock, peer.read("offset")), -5);
  EXPECT_TRUE(run(clock, peer.coil(3)));
  EXPECT_FALSE(run(clock, peer.coil(4)));
}

TEST_P(ModbusPeers, WritesAndReadsBack) {
  ModbusDevice peer = device();
  for (const double value : {3.25, 100.0, 0.0, 15.5}) {
    run(clock, peer.write("setpoint", value));
    EXPECT_EQ(run(clock, peer.read("setpoint")), value);
  }
  run(clock, peer.write("offset", -7));
  EXPECT_EQ(run(clock, peer.read("offset")), -7);
  run(clock, peer.set_coil(5, true));
  run(clock, peer.set_coil(3, false));
  EXPECT_EQ(run(clock, bus->read(7, RegisterTable::coils, 0, 8, clock.now() + 3s)),
            (std::vector<std::uint16_t>{0, 0, 0, 0, 0, 1, 0, 0}));
  const std::vector<std::uint16_t> many{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  run(clock, bus->write(7, RegisterTable::holding, 60, many, clock.now() + 3s));
  EXPECT_EQ(run(clock, bus->read(7, RegisterTable::holding, 60, 10, clock.now() + 3s)), many);
}

TEST_P(ModbusPeers, ARefusalHasItsCodeAndTheBusGoesOn) {
  ModbusDevice peer = device();
  try {
    run(clock, peer.read("nowhere"));
    FAIL() << "answered";
  } catch (const ModbusException& refusal) {
    EXPECT_EQ(refusal.code(), 2);
  }
  EXPECT_EQ(run(clock, peer.read("temperature")), 21.5);
}

TEST_P(ModbusPeers, OneThatIsGoneIsALinkErrorAndNoReading) {
  ModbusDevice peer = device();
  EXPECT_EQ(run(clock, peer.read("temperature")), 21.5);
  program->end();
  try {
    run(clock, peer.read("temperature"));
    FAIL() << "answered";
  } catch (const LinkError& gone) {
    EXPECT_NE(gone.exchange().of.find("unit 7"), std::string::npos);
    EXPECT_EQ(gone.exchange().asked, "04 00 00 00 02");
  }
}

// libmodbus's slave takes the next request for the answer of the silent unit, so only pymodbus's is asked.
struct ModbusLines : ModbusPeers {};
INSTANTIATE_TEST_SUITE_P(Rtu, ModbusLines, testing::Values(Peer{"Pymodbus", true, true}),
                         [](const auto& one) { return one.param.name; });

TEST_P(ModbusLines, AnotherUnitOfTheLineStaysSilent) {
  const auto read = [&]() -> Task<> { co_await bus->read(8, RegisterTable::holding, 0, 1, clock.now() + 200ms); };
  EXPECT_THROW(run(clock, read()), TimeoutError);
  ModbusDevice peer = device();
  EXPECT_EQ(run(clock, peer.read("temperature")), 21.5);
}

}  // namespace
}  // namespace meterrig
