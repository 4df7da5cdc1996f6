#include "tests/sockets/vxi11/vxi11_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace meterrig {
namespace {

using Octets = std::vector<std::uint8_t>;

constexpr std::uint16_t mapper_port = 111;
constexpr std::uint32_t mapper_program = 100'000, core_program = 0x0607AF;
constexpr std::uint32_t get_port = 3, create_link = 10, device_write = 11, device_read = 12, destroy_link = 23;
constexpr std::uint32_t io_timeout_error = 15, requested_count = 1, end_of_message = 4;

int bound(int type, std::uint16_t port) {
  const int fd = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      (type == SOCK_STREAM && ::listen(fd, 4) != 0))
    throw std::runtime_error("port " + std::to_string(port) + " of loopback can't be had");
  return fd;
}

std::uint16_t port_of(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

// XDR (RFC 4506): everything in big-endian words.
class Reader {
 public:
  explicit Reader(const Octets& octets) : octets_(octets) {}
  std::uint32_t word() {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) value = value << 8 | octets_.at(at_++);
    return value;
  }
  std::string opaque() {
    const std::uint32_t length = word();
    const std::string text(octets_.begin() + static_cast<std::ptrdiff_t>(at_),
                           octets_.begin() + static_cast<std::ptrdiff_t>(at_ + length));
    at_ += (length + 3) / 4 * 4;
    return text;
  }

 private:
  const Octets& octets_;
  std::size_t at_ = 0;
};

void put(Octets& to, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) to.push_back(static_cast<std::uint8_t>(value >> shift));
}
void put(Octets& to, const std::string& text) {
  put(to, static_cast<std::uint32_t>(text.size()));
  to.insert(to.end(), text.begin(), text.end());
  to.resize((to.size() + 3) / 4 * 4);
}

bool receive(int fd, std::uint8_t* into, std::size_t size) {
  while (size > 0) {
    const ssize_t count = ::recv(fd, into, size, 0);
    if (count <= 0) return false;
    into += count;
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

}  // namespace

Vxi11Server::Vxi11Server(Instrument instrument)
    : instrument_(std::move(instrument)),
      datagrams_(bound(SOCK_DGRAM, mapper_port)),
      mapper_(bound(SOCK_STREAM, mapper_port)),
      core_(bound(SOCK_STREAM, 0)) {
  threads_.emplace_back([this] { serve_datagrams(); });
  threads_.emplace_back([this] { accept_on(mapper_); });
  threads_.emplace_back([this] { accept_on(core_); });
}

Vxi11Server::~Vxi11Server() {
  ending_ = true;
  for (const int fd : {datagrams_, mapper_, core_}) ::shutdown(fd, SHUT_RDWR);
  for (std::size_t i = 0; i < 3; ++i) threads_[i].join();
  {
    const std::lock_guard lock(mutex_);
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  for (std::size_t i = 3; i < threads_.size(); ++i) threads_[i].join();
  for (const int fd : open_) ::close(fd);
  for (const int fd : {datagrams_, mapper_, core_}) ::close(fd);
}

std::string Vxi11Server::device() const {
  const std::lock_guard lock(mutex_);
  return device_;
}

void Vxi11Server::serve_datagrams() {
  while (!ending_) {
    pollfd waiting{datagrams_, POLLIN, 0};
    if (::poll(&waiting, 1, 50) <= 0) continue;
    Octets call(2048);
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const ssize_t count =
        ::recvfrom(datagrams_, call.data(), call.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (count <= 0) continue;
    call.resize(static_cast<std::size_t>(count));
    const Octets reply = reply_to(call);
    ::sendto(datagrams_, reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
  }
}

void Vxi11Server::accept_on(int listener) {
  for (int fd; !ending_ && (fd = ::accept(listener, nullptr, nullptr)) >= 0;) {
    const std::lock_guard lock(mutex_);
    open_.push_back(fd);
    threads_.emplace_back([this, fd] { serve(fd); });
  }
}

void Vxi11Server::serve(int fd) {
  Octets header(4);
  while (receive(fd, header.data(), 4)) {
    // One fragment a record (RFC 1831, 10): the top bit marks the last, and short calls have no other.
    Octets call(Reader(header).word() & 0x7FFFFFFFu);
    if (!receive(fd, call.data(), call.size())) return;
    if (dead) continue;
    const Octets reply = reply_to(call);
    Octets record;
    put(record, 0x80000000u | static_cast<std::uint32_t>(reply.size()));
    record.insert(record.end(), reply.begin(), reply.end());
    ::send(fd, record.data(), record.size(), MSG_NOSIGNAL);
  }
}

Octets Vxi11Server::reply_to(const Octets& call) {
  Reader in(call);
  Octets out;
  put(out, in.word());  // transaction
  in.word();            // a call
  in.word();            // RPC version 2
  const std::uint32_t program = in.word(), version = in.word(), procedure = in.word();
  for (int i = 0; i < 2; ++i) {  // credentials and verifier
    in.word();
    in.opaque();
  }
  for (const std::uint32_t word : {1, 0, 0, 0}) put(out, word);  // a reply, accepted, no verifier
  const bool mapper = program == mapper_program;
  if (mapper && version != 2) {
    for (const std::uint32_t word : {2, 2, 2}) put(out, word);  // only version 2 here
    return out;
  }
  put(out, std::uint32_t{0});
  if (mapper && procedure == get_port) put(out, std::uint32_t{port_of(core_)});
  if (program != core_program) return out;
  if (procedure == create_link) {
    for (int i = 0; i < 3; ++i) in.word();  // client, lock, lock time-out
    const std::lock_guard lock(mutex_);
    device_ = in.opaque();
    for (const std::uint32_t word : {0, ++links, 0, 65536}) put(out, word);  // error, link, abort port, longest message
  } else if (procedure == device_write) {
    for (int i = 0; i < 4; ++i) in.word();  // link, two time-outs, flags
    const std::string message = in.opaque();
    const std::lock_guard lock(mutex_);
    pending_ += instrument_(message);
    put(out, std::uint32_t{0});
    put(out, static_cast<std::uint32_t>(message.size()));
  } else if (procedure == device_read) {
    in.word();
    const std::size_t wanted = in.word();
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(in.word());
    const auto silent = [this] {
      const std::lock_guard lock(mutex_);
      return pending_.empty();
    };
    while (silent() && !ending_ && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const std::lock_guard lock(mutex_);
    const std::string part = pending_.substr(0, std::min(wanted, chunk));
    pending_.erase(0, part.size());
    put(out, part.empty() ? io_timeout_error : 0);
    put(out, pending_.empty() ? end_of_message : part.size() == wanted ? requested_count : 0);
    put(out, part);
  } else if (procedure == destroy_link) {
    ++destroyed;
    put(out, std::uint32_t{0});
  }
  return out;
}

}  // namespace meterrig
