#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/bench.hpp"
#include "core/io/transport/link_server.hpp"
#include "rig/plan/rig_file.hpp"

namespace meterrig::cli {

// Puts the virtual members of a rig on ports that any program can open: SCPI instruments, host and operator on TCP,
// register devices on Modbus TCP (one port each), meters' UARTs on pseudo-terminals. Meters of the bench's desk are on
// two ports each: a pseudo-terminal, and TCP as a serial server or a Modbus gateway gives it.
class BenchServer {
 public:
  struct Member {
    std::string name;
    std::string address;       // a URL as rig files have it
    std::string by_network{};  // of a meter on the desk: the same by TCP
  };

  // Bench and clock outlive the server. Throws UserError for a member that the bench does not have, LinkError for a
  // port that can't be had.
  BenchServer(WallClock& clock, bench::Bench& bench, const plan::RigFile& rig);

  const std::vector<Member>& members() const noexcept { return members_; }

 private:
  void serve(const Url& address, const std::string& where, bool uart);
  void serve_meter(const std::string& name);
  std::string serve_tcp(const bench::Bench::LinkEnd& end, std::size_t most_clients);
  std::string serve_registers(RegisterPeer& device, int unit);
  std::string serve_terminal(const Url& address, const bench::Bench::LinkEnd& end);
  std::string serve_rtu(RegisterPeer& device, int unit);

  WallClock& clock_;
  bench::Bench& bench_;
  std::vector<Member> members_;
  std::vector<std::unique_ptr<TcpLinkServer>> tcp_;
  std::vector<std::unique_ptr<PtyLinkServer>> terminals_;
  std::vector<std::unique_ptr<ModbusTcpServer>> modbus_;
  std::vector<std::unique_ptr<ModbusRtuServer>> rtu_;
};

// The rig file of a served bench: the same rig with the served addresses, the ports of the meters on its desk, and the
// time scale.
nlohmann::ordered_json served_rig(const json::Node& rig, const std::vector<BenchServer::Member>& members,
                                  double time_scale);

}  // namespace meterrig::cli
