#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace meterrig {

// A VXI-11 instrument with its portmapper, as the specification has them (VXI-11 1.0, B.6; RFC 1831, RFC 1833), on
// loopback in blocking calls and threads of its own. It knows nothing of liblxi.
class Vxi11Server {
 public:
  // Answers a message; an empty answer is none.
  using Instrument = std::function<std::string(const std::string&)>;

  explicit Vxi11Server(Instrument instrument);
  ~Vxi11Server();

  std::size_t chunk = 1 << 20;    // the most that one read of the instrument gives
  std::atomic<bool> dead{false};  // requests come in and are never replied to
  std::atomic<int> links{0};      // created
  std::atomic<int> destroyed{0};
  std::string device() const;  // the name that the last link asked for

 private:
  void serve_datagrams();
  void accept_on(int listener);
  void serve(int fd);
  std::vector<std::uint8_t> reply_to(const std::vector<std::uint8_t>& call);

  Instrument instrument_;
  mutable std::mutex mutex_;
  std::string device_;
  std::string pending_;
  int datagrams_;
  int mapper_;
  int core_;
  std::atomic<bool> ending_{false};
  std::vector<int> open_;
  std::vector<std::thread> threads_;
};

}  // namespace meterrig
