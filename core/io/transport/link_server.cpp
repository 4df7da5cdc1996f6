#include "core/io/transport/link_server.hpp"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <pty.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>

#include <fmt/format.h>

#include "core/io/transport/link_errors.hpp"
#include "core/io/transport/served_link.hpp"

namespace meterrig {
namespace {

using Connection = ServedLink<TcpSocket>;

bool established(TcpSocket& socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  return ::getsockopt(socket.native_handle(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
         info.tcpi_state == TCP_ESTABLISHED;
}

}  // namespace

struct TcpLinkServer::State : std::enable_shared_from_this<State> {
  State(WallClock& c, LinkPeer& p, ServeOptions o)
      : clock(c), peer(p), options(std::move(o)), acceptor(c.loop().io.get_executor()), again(c, [this] {
          accept();
        }) {}

  void listen() {
    const std::string name = fmt::format("tcp://{}:{}", options.host, options.port);
    ErrorCode error;
    const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(options.host, error), options.port);
    if (!error) acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) std::rethrow_exception(link_failure(error.value(), "listening", {name, "listen", "", {}}));
    accept();
  }
  void accept() {
    acceptor.async_accept([self = shared_from_this()](const ErrorCode& error, TcpSocket socket) {
      if (!self->acceptor.is_open()) return;
      if (!error) self->take(std::move(socket));
      if (!error || error == asio::error::connection_aborted) return self->accept();
      // Most often no descriptor is free; asking again at once would only burn the processor.
      self->again.at(self->clock.now() + 100ms);
    });
  }
  void take(TcpSocket socket) {
    // A client that has hung up no longer counts, although its last bytes may still be on their way to the peer:
    // clients exist that close and connect again for every command.
    const auto present =
        std::count_if(connections.begin(), connections.end(), [](const auto& c) { return established(c->device()); });
    if (static_cast<std::size_t>(present) >= options.most_clients) return;
    ErrorCode ignored;
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    const auto connection = std::make_shared<Connection>(
        clock, std::move(socket), peer, options.timing,
        [this](Connection& gone) { std::erase_if(connections, [&](const auto& c) { return c.get() == &gone; }); });
    connections.push_back(connection);
    connection->start();
  }
  void stop() {
    ErrorCode ignored;
    acceptor.close(ignored);
    again.cancel();
    for (const auto& connection : std::exchange(connections, {})) connection->end();
  }

  WallClock& clock;
  LinkPeer& peer;
  ServeOptions options;
  TcpAcceptor acceptor;
  Timer again;
  std::vector<std::shared_ptr<Connection>> connections;
};

TcpLinkServer::TcpLinkServer(WallClock& clock, LinkPeer& peer, ServeOptions options)
    : state_(std::make_shared<State>(clock, peer, std::move(options))) {
  state_->listen();
}
TcpLinkServer::~TcpLinkServer() { state_->stop(); }
std::uint16_t TcpLinkServer::port() const noexcept {
  ErrorCode ignored;
  return state_->acceptor.local_endpoint(ignored).port();
}
std::string TcpLinkServer::url() const { return fmt::format("tcp://{}:{}", state_->options.host, port()); }

struct PtyLinkServer::State {
  using Line = ServedLink<Descriptor>;

  State(WallClock& clock, LinkPeer& peer, LineTiming timing) {
    int master = -1;
    char name[128] = {};
    termios raw{};
    ::cfmakeraw(&raw);
    raw.c_cflag |= CREAD | CLOCAL;
    ::cfsetspeed(&raw, B115200);
    if (::openpty(&master, &slave, name, &raw, nullptr) != 0)
      std::rethrow_exception(link_failure(errno, "making a pseudo-terminal", {"pty", "openpty", "", {}}));
    path = name;
    ::fcntl(slave, F_SETFD, FD_CLOEXEC);
    ::fcntl(master, F_SETFD, FD_CLOEXEC);
    ::fcntl(master, F_SETFL, ::fcntl(master, F_GETFL) | O_NONBLOCK);
    line =
        std::make_shared<Line>(clock, Descriptor(clock.loop().io.get_executor(), master), peer, timing, [](Line&) {});
    line->start();
  }
  ~State() {
    line->end();
    ::close(slave);
  }
  std::string path;
  std::shared_ptr<Line> line;
  // Held open, so that the master survives a client's close.
  int slave = -1;
};

PtyLinkServer::PtyLinkServer(WallClock& clock, LinkPeer& peer, LineTiming timing)
    : state_(std::make_shared<State>(clock, peer, timing)) {}
PtyLinkServer::~PtyLinkServer() = default;
const std::string& PtyLinkServer::path() const noexcept { return state_->path; }

}  // namespace meterrig
