#include "core/io/transport/device_stream.hpp"
#include "core/io/transport/streams.hpp"

namespace meterrig {
namespace {

using Endpoint = asio::ip::tcp::endpoint;

class TcpStream final : public DeviceStream<TcpSocket> {
 public:
  TcpStream(WallClock& clock, const Url& url) : DeviceStream(clock, url.text()), host_(url.host), port_(url.port) {}

 private:
  struct Names {
    ErrorCode error;
    std::vector<Endpoint> endpoints;
  };

  Task<IoPtr> open(Instant deadline) override {
    const Instant asked = clock_.now();
    const std::vector<Endpoint> endpoints = co_await resolve(deadline);
    ErrorCode error = asio::error::host_not_found;
    for (const Endpoint& endpoint : endpoints) {
      const IoPtr io = make_io();
      Pending<ErrorCode> wait(clock_, deadline, [&io, &endpoint](auto done) {
        io->device.async_connect(endpoint, [io = io, done](const ErrorCode& e) { done(e); });
      });
      const std::optional<ErrorCode> connected = co_await wait;
      if (!connected) throw late(asked);
      error = *connected;
      if (error) continue;
      // Without it a command after a command waits 40 ms for the peer's delayed acknowledgement.
      io->device.set_option(asio::ip::tcp::no_delay(true), error);
      co_return io;
    }
    throw LinkError(fmt::format("{}: connecting: {} (errno {})", name_, error.message(), error.value()),
                    {name_, "connect", "", clock_.now() - asked});
  }

  Task<std::vector<Endpoint>> resolve(Instant deadline) {
    ErrorCode error;
    const auto address = asio::ip::make_address(host_, error);
    if (!error) co_return std::vector<Endpoint>{Endpoint{address, port_}};
    const Instant asked = clock_.now();
    const auto resolver = std::make_shared<TcpResolver>(clock_.loop().io.get_executor());
    Pending<Names> wait(clock_, deadline, [this, resolver](auto done) {
      resolver->async_resolve(host_, std::to_string(port_),
                              [resolver, done](const ErrorCode& e, const TcpResolver::results_type& found) {
                                Names names{e, {}};
                                for (const auto& entry : found) names.endpoints.push_back(entry.endpoint());
                                done(std::move(names));
                              });
    });
    std::optional<Names> names = co_await wait;
    if (!names) throw late(asked);
    if (names->error)
      throw LinkError(fmt::format("{}: looking up the host: {}", name_, names->error.message()),
                      {name_, "resolve " + host_, "", clock_.now() - asked});
    co_return std::move(names->endpoints);
  }

  TimeoutError late(Instant asked) const {
    const Duration after = clock_.now() - asked;
    return TimeoutError(fmt::format("{}: no connection within {:g} s", name_, to_seconds(after)),
                        {name_, "connect", "", after});
  }

  std::string host_;
  std::uint16_t port_;
};

}  // namespace

std::unique_ptr<ByteStream> make_tcp_stream(WallClock& clock, const Url& url) {
  return std::make_unique<TcpStream>(clock, url);
}

}  // namespace meterrig
