#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/io/memory_link.hpp"
#include "core/io/transport/modbus_peer.hpp"
#include "core/io/transport/wall_clock.hpp"

namespace meterrig {

// Puts a peer behind a port that other programs can open. Requests and answers keep the pace of `timing` in the
// clock's time; each answer leaves in one write, since clients exist that take a segment for a whole answer.
struct ServeOptions {
  LineTiming timing{};
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  // 0: the system chooses
  // Instruments take one client; a further one is accepted and closed at once. A gateway takes several.
  std::size_t most_clients = 1;
};

class TcpLinkServer {
 public:
  // The peer outlives the server. Throws LinkError when the port can't be had.
  TcpLinkServer(WallClock& clock, LinkPeer& peer, ServeOptions options = {});
  ~TcpLinkServer();
  std::uint16_t port() const noexcept;
  // "tcp://127.0.0.1:40123"
  std::string url() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// A pseudo-terminal: clients open the path as a serial port, any number of times one after the other. The peer sees one
// connection for the server's whole life, since a serial device does not know who listens; hang_up() drops what waits.
class PtyLinkServer {
 public:
  PtyLinkServer(WallClock& clock, LinkPeer& peer, LineTiming timing = {});
  ~PtyLinkServer();
  const std::string& path() const noexcept;
  // "serial:///dev/pts/4"
  std::string url() const { return "serial://" + path(); }

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Modbus TCP: devices behind one port, each with its unit.
class ModbusTcpServer {
 public:
  ModbusTcpServer(WallClock& clock, ServeOptions options = {.most_clients = 8}, Duration turnaround = Duration::zero())
      : peer_(clock, ModbusPeer::Framing::tcp, turnaround), server_(clock, peer_, std::move(options)) {}
  void attach(int unit, RegisterPeer& device) { peer_.attach(unit, device); }
  std::uint16_t port() const noexcept { return server_.port(); }

 private:
  ModbusPeer peer_;
  TcpLinkServer server_;
};

// Modbus RTU on a pseudo-terminal.
class ModbusRtuServer {
 public:
  ModbusRtuServer(WallClock& clock, LineTiming timing = {}, Duration turnaround = Duration::zero())
      : peer_(clock, ModbusPeer::Framing::rtu, turnaround), server_(clock, peer_, timing) {}
  void attach(int unit, RegisterPeer& device) { peer_.attach(unit, device); }
  const std::string& path() const noexcept { return server_.path(); }

 private:
  ModbusPeer peer_;
  PtyLinkServer server_;
};

}  // namespace meterrig
