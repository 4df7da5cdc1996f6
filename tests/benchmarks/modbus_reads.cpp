#include <modbus.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include <fmt/format.h>

#include "core/io/transport/streams.hpp"
#include "tests/benchmarks/benchmarks.hpp"
#include "tests/benchmarks/plain_client.hpp"

// Ten registers over Modbus TCP through a bus with its worker, against libmodbus alone; the slave is libmodbus's too.
namespace meterrig::benchmarks {
namespace {

using Steady = std::chrono::steady_clock;

constexpr int reads_a_round = 10'000;
constexpr int registers = 10;

class Slave {
 public:
  Slave() : listener_(listen_plainly(port_)), thread_([this] { serve(); }) {}
  ~Slave() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  std::uint16_t port() const { return port_; }

 private:
  void serve() const {
    modbus_t* const context = modbus_new_tcp("127.0.0.1", port_);
    modbus_mapping_t* const mapping = modbus_mapping_new(0, 0, 100, 0);
    for (int i = 0; i < 100; ++i) mapping->tab_registers[i] = static_cast<std::uint16_t>(10 * i);
    // libmodbus closes the listener that it can accept no more from.
    for (int fd = ::dup(listener_); modbus_tcp_accept(context, &fd) >= 0;) {
      std::uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
      for (int count; (count = modbus_receive(context, query)) >= 0;)
        if (count > 0) modbus_reply(context, query, count, mapping);
      modbus_close(context);
    }
    modbus_mapping_free(mapping);
    modbus_free(context);
  }
  std::uint16_t port_ = 0;
  int listener_;
  std::thread thread_;
};

double rate_since(Steady::time_point start) {
  return reads_a_round / std::chrono::duration<double>(Steady::now() - start).count();
}

double bare_round(std::uint16_t port) {
  modbus_t* const context = modbus_new_tcp("127.0.0.1", port);
  if (modbus_connect(context) != 0) std::abort();
  const auto start = Steady::now();
  for (int i = 0; i < reads_a_round; ++i) {
    std::uint16_t words[registers];
    if (modbus_read_registers(context, 20, registers, words) != registers || words[9] != 290) std::abort();
  }
  const double rate = rate_since(start);
  modbus_close(context);
  modbus_free(context);
  return rate;
}

Task<double> bus_round(WallClock& clock, RegisterBus& bus) {
  const auto start = Steady::now();
  for (int i = 0; i < reads_a_round; ++i) {
    const std::vector<std::uint16_t> words =
        co_await bus.read(255, RegisterTable::holding, 20, registers, clock.now() + 1s);
    if (words.size() != registers || words[9] != 290) std::abort();
  }
  co_return rate_since(start);
}

// `master`, `slave`: the processors of the two ends; the bus's worker goes with the master.
bool compare(int rounds, int master, int slave, double target) {
  // A thread inherits the processor of the one that starts it.
  pin(slave);
  Slave server;
  pin(master);
  WallClock clock;
  const Url url = Url::parse(fmt::format("modbus-tcp://127.0.0.1:{}", server.port()));
  std::vector<double> bare, driven, ratio;
  for (int i = 0; i < rounds; ++i) {
    bare.push_back(bare_round(server.port()));
    const auto bus = run(clock, open_bus(clock, url, clock.now() + 5s));
    driven.push_back(run(clock, bus_round(clock, *bus)));
    ratio.push_back(driven.back() / bare.back());
  }
  const double result = median(ratio);
  fmt::print("Modbus TCP, {} registers, master and worker on CPU {}, slave on CPU {}, {} rounds of {} reads each\n",
             registers, master, slave, rounds, reads_a_round);
  fmt::print("  libmodbus alone         {:9.0f} /s\n", median(bare));
  fmt::print("  bus and its worker      {:9.0f} /s\n", median(driven));
  fmt::print("  ratio                   {:9.3f}    (target at least {:.2f}: {})\n", result, target,
             result >= target ? "met" : "MISSED");
  return result >= target;
}

}  // namespace

bool modbus_reads(int rounds) {
  const std::vector<int> cpus = processors();
  const bool one = compare(rounds, cpus.back(), cpus.back(), 0.70);
  return compare(rounds, cpus.back(), cpus.front(), 0.95) && one;
}

}  // namespace meterrig::benchmarks
