#include <stdexcept>

#include <fmt/format.h>

#include "core/io/transport/link_errors.hpp"
#include "core/io/transport/modbus_frame.hpp"
#include "core/io/transport/modbus_line.hpp"
#include "core/io/transport/pending.hpp"
#include "core/io/transport/streams.hpp"
#include "core/io/transport/worker.hpp"

namespace meterrig {
namespace {

class ModbusBus final : public RegisterBus {
 public:
  ModbusBus(WallClock& clock, const Url& url)
      : clock_(clock), name_(url.text()), line_(std::make_unique<ModbusLine>(url)) {}
  ~ModbusBus() override { line_->interrupt(); }

  Task<std::vector<std::uint16_t>> read(int unit, RegisterTable table, std::uint16_t address, std::uint16_t count,
                                        Instant deadline) override;
  Task<> write(int unit, RegisterTable table, std::uint16_t address, std::vector<std::uint16_t> values,
               Instant deadline) override;
  Task<> reopen(Instant deadline) override;
  void close() noexcept override;
  const std::string& name() const noexcept override { return name_; }

 private:
  using Reply = ModbusLine::Reply;
  using Deadline = ModbusLine::Deadline;

  Task<Reply> on_worker(std::function<Reply(ModbusLine&, Deadline)> job, Exchange exchange, Instant deadline);
  Task<std::vector<std::uint16_t>> ask(int unit, Bytes request, Instant deadline);
  std::vector<std::uint16_t> read_reply(int unit, const Bytes& request, const Reply& reply, const Exchange& exchange);

  WallClock& clock_;
  std::string name_;
  std::unique_ptr<ModbusLine> line_;
  bool closed_ = true;
  Worker worker_;
};

// Counts the caller got wrong are bugs of the caller, not of the bus.
void check_count(RegisterTable table, std::size_t count, bool write) {
  const bool bits = table == RegisterTable::coils || table == RegisterTable::discrete_inputs;
  const std::size_t most = write ? (bits ? 1968 : 123) : bits ? 2000 : 125;
  if (count < 1 || count > most)
    throw std::invalid_argument(fmt::format("one Modbus request holds 1 to {} values, not {}", most, count));
  if (write && table != RegisterTable::coils && table != RegisterTable::holding)
    throw std::invalid_argument("only coils and holding registers can be written");
}

Task<std::vector<std::uint16_t>> ModbusBus::read(int unit, RegisterTable table, std::uint16_t address,
                                                 std::uint16_t count, Instant deadline) {
  check_count(table, count, false);
  co_return co_await ask(unit, modbus::read_request(table, address, count), deadline);
}

Task<> ModbusBus::write(int unit, RegisterTable table, std::uint16_t address, std::vector<std::uint16_t> values,
                        Instant deadline) {
  check_count(table, values.size(), true);
  co_await ask(unit, modbus::write_request(table, address, values), deadline);
}

Task<std::vector<std::uint16_t>> ModbusBus::ask(int unit, Bytes request, Instant deadline) {
  Exchange exchange{fmt::format("{} unit {}", name_, unit), fmt::format("{:02X}", fmt::join(request, " ")), "", {}};
  if (closed_) throw ClosedError(fmt::format("{}: the bus is closed", name_), exchange);
  const Instant asked = clock_.now();
  auto job = [unit, request](ModbusLine& line, Deadline until) { return line.exchange(unit, request, until); };
  const Reply reply = co_await on_worker(job, exchange, deadline);
  exchange.after = clock_.now() - asked;
  exchange.got = fmt::format("{:02X}", fmt::join(reply.pdu, " "));
  co_return read_reply(unit, request, reply, exchange);
}

Task<ModbusLine::Reply> ModbusBus::on_worker(std::function<Reply(ModbusLine&, Deadline)> job, Exchange exchange,
                                             Instant deadline) {
  const Instant asked = clock_.now();
  const Deadline until = std::chrono::steady_clock::now() + clock_.real(std::min<Duration>(deadline - asked, 24h));
  Pending<Reply> wait(clock_, deadline, [this, job, until](auto done) {
    worker_.submit([clock = &clock_, line = line_.get(), job, until, done] {
      // Whoever asked has gone; what was never sent needs no answer.
      if (!done.wanted()) return;
      clock->post([done, reply = job(*line, until)] { done(reply); });
    });
  });
  std::optional<Reply> reply = co_await wait;
  exchange.after = clock_.now() - asked;
  if (!reply || reply->error == ETIMEDOUT)
    throw TimeoutError(
        fmt::format("{}: no answer to {} within {:g} s", exchange.of, exchange.asked, to_seconds(exchange.after)),
        exchange);
  if (ModbusLine::broken_frame(reply->error))
    throw ProtocolError(fmt::format("{}: {}: {}", exchange.of, reply->doing, ModbusLine::words(reply->error)),
                        exchange);
  if (reply->error != 0) std::rethrow_exception(link_failure(reply->error, reply->doing, exchange));
  co_return std::move(*reply);
}

std::vector<std::uint16_t> ModbusBus::read_reply(int unit, const Bytes& request, const Reply& reply,
                                                 const Exchange& exchange) {
  if (unit == 0 && reply.pdu.empty() && reply.unit == 0) return {};
  if (reply.unit != unit) throw ForeignReply(fmt::format("{}: unit {} answered", exchange.of, reply.unit), exchange);
  modbus::Answer answer;
  try {
    answer = modbus::parse_answer(request, reply.pdu);
  } catch (const std::invalid_argument& wrong) {
    throw ProtocolError(fmt::format("{}: {}", exchange.of, wrong.what()), exchange);
  }
  if (answer.exception) throw ModbusException(answer.exception, exchange);
  return std::move(answer.values);
}

Task<> ModbusBus::reopen(Instant deadline) {
  close();
  const Exchange exchange{name_, "connect", "", {}};
  co_await on_worker([](ModbusLine& line, Deadline until) { return line.connect(until); }, exchange, deadline);
  closed_ = false;
}

void ModbusBus::close() noexcept {
  closed_ = true;
  line_->interrupt();
  worker_.submit([line = line_.get()] { line->disconnect(); });
}

}  // namespace

std::unique_ptr<RegisterBus> make_modbus_bus(WallClock& clock, const Url& url) {
  return std::make_unique<ModbusBus>(clock, url);
}

}  // namespace meterrig
