#include <sched.h>

#include <cstdlib>
#include <ctime>
#include <string_view>

#include <fmt/format.h>

#include "tests/benchmarks/benchmarks.hpp"

namespace meterrig::benchmarks {

std::vector<int> processors() {
  // Looked up once: pinning narrows what the system says afterwards.
  static std::vector<int> found;
  if (!found.empty()) return found;
  cpu_set_t set;
  CPU_ZERO(&set);
  ::sched_getaffinity(0, sizeof set, &set);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &set)) found.push_back(cpu);
  return found;
}

void pin(int processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  if (::sched_setaffinity(0, sizeof set, &set) != 0) fmt::print(stderr, "could not pin to CPU {}\n", processor);
}

double processor_seconds_of_this_thread() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

}  // namespace meterrig::benchmarks

// io_benchmarks [line|block|modbus|meters|uarts]
int main(int argc, char** argv) {
  using namespace meterrig;
  const std::string_view only = argc > 1 ? argv[1] : "";
  benchmarks::processors();
  double load = 0;
  if (::getloadavg(&load, 1) == 1) fmt::print("load {:.1f} at the start\n", load);
  bool met = true;
  const auto wanted = [only](std::string_view name) { return only.empty() || only == name; };
  if (wanted("line")) met = benchmarks::line_query(11) && met;
  if (wanted("block")) met = benchmarks::block_transfer(11) && met;
  if (wanted("modbus")) met = benchmarks::modbus_reads(11) && met;
  if (wanted("meters")) met = benchmarks::many_meters(5s) && met;
  if (wanted("uarts")) met = benchmarks::many_uarts(20s) && met;
  return met ? EXIT_SUCCESS : EXIT_FAILURE;
}
