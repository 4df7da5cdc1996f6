#include <fcntl.h>

#include <cerrno>
#include <stdexcept>

#include <fmt/format.h>

#include "core/io/transport/asio.hpp"
#include "core/io/transport/link_errors.hpp"
#include "core/io/transport/loop.hpp"
#include "core/io/transport/modbus_frame.hpp"
#include "core/io/transport/modbus_line.hpp"
#include "core/io/transport/pending.hpp"
#include "core/io/transport/streams.hpp"
#include "core/io/transport/worker.hpp"
#include "core/io/turns.hpp"

namespace meterrig {
namespace {

class ModbusBus final : public RegisterBus {
 public:
  ModbusBus(WallClock& clock, const Url& url)
      : clock_(clock),
        name_(url.text()),
        tcp_(url.scheme == Url::Scheme::modbus_tcp),
        line_(std::make_unique<ModbusLine>(url)) {}
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

  Task<Reply> on_worker(std::function<Reply(ModbusLine&, Deadline)> job, Instant deadline);
  Task<Reply> over_tcp(int unit, const Bytes& request, Instant deadline);
  Task<Reply> connect(Instant deadline);
  Task<std::vector<std::uint16_t>> ask(int unit, Bytes request, Instant deadline);
  std::vector<std::uint16_t> values_of(int unit, const Bytes& request, const Reply& reply, Instant asked) const;
  // What an error tells; made only when there is one, since it costs as much as the exchange's own work.
  Exchange exchange(int unit, const Bytes& request, const Bytes& reply, Instant asked) const {
    return {fmt::format("{} unit {}", name_, unit), fmt::format("{:02X}", fmt::join(request, " ")),
            fmt::format("{:02X}", fmt::join(reply, " ")), clock_.now() - asked};
  }
  static void check(const Reply& reply, Exchange exchange);

  WallClock& clock_;
  std::string name_;
  bool tcp_;
  std::unique_ptr<ModbusLine> line_;
  bool closed_ = true;
  // TCP: whose turn it is; whether the line is the clock's own, with no job of the worker's under way or to come; and
  // what tells that an answer is there.
  Turns turns_;
  bool ours_ = false;
  std::shared_ptr<Descriptor> watch_;
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
  const Instant asked = clock_.now();
  if (closed_) throw ClosedError(fmt::format("{}: the bus is closed", name_), exchange(unit, request, {}, asked));
  Reply reply;
  if (tcp_) {
    reply = co_await over_tcp(unit, request, deadline);
  } else {
    // The request outlives the call: the coroutine may be gone before the worker has come to it.
    auto job = [unit, request](ModbusLine& line, Deadline until) { return line.exchange(unit, request, until); };
    reply = co_await on_worker(std::move(job), deadline);
  }
  if (reply.error != 0) check(reply, exchange(unit, request, {}, asked));
  co_return values_of(unit, request, reply, asked);
}

// Two changes of thread cost as much as half an exchange: only what can block for long is the worker's, and over TCP
// that is the connecting alone.
Task<ModbusLine::Reply> ModbusBus::over_tcp(int unit, const Bytes& request, Instant deadline) {
  const Turns::Turn turn = co_await turns_.take();
  if (closed_) co_return Reply{ECONNABORTED, "waiting for its turn", 0, {}};
  if (!ours_ || !line_->ask(unit, request)) {
    const Reply connected = co_await connect(deadline);
    if (connected.error != 0) co_return connected;
    if (!line_->ask(unit, request)) co_return Reply{ECONNRESET, "sending", 0, {}};
  }
  // Whoever leaves from here on leaves an answer behind that nobody waits for: the line is dirty until it is there.
  const std::shared_ptr<Descriptor> watch = watch_;
  for (;;) {
    Pending<ErrorCode> wait(clock_, deadline, [watch](auto done) {
      watch->async_wait(Descriptor::wait_read, [watch, done](const ErrorCode& error) { done(error); });
    });
    const std::optional<ErrorCode> ready = co_await wait;
    if (!ready) co_return Reply{ETIMEDOUT, "waiting for the answer", 0, {}};
    if (*ready || watch != watch_) co_return Reply{ECONNABORTED, "waiting for the answer", 0, {}};
    if (std::optional<Reply> reply = line_->take_answer()) co_return std::move(*reply);
  }
}

Task<ModbusLine::Reply> ModbusBus::connect(Instant deadline) {
  ours_ = false;
  watch_.reset();
  const Reply reply =
      co_await on_worker([](ModbusLine& line, Deadline until) { return line.connect(until); }, deadline);
  if (tcp_ && reply.error == 0) {
    watch_ =
        std::make_shared<Descriptor>(clock_.loop().io.get_executor(), ::fcntl(line_->descriptor(), F_DUPFD_CLOEXEC, 0));
    ours_ = true;
  }
  co_return reply;
}

Task<ModbusLine::Reply> ModbusBus::on_worker(std::function<Reply(ModbusLine&, Deadline)> job, Instant deadline) {
  const Deadline until =
      std::chrono::steady_clock::now() + clock_.real(std::min<Duration>(deadline - clock_.now(), 24h));
  Pending<Reply> wait(clock_, deadline, [this, &job, until](auto done) {
    worker_.submit([clock = &clock_, line = line_.get(), job = std::move(job), until, done] {
      // Whoever asked has gone; what was never sent needs no answer.
      if (!done.wanted()) return;
      clock->post([done, reply = job(*line, until)]() mutable { done(std::move(reply)); });
    });
  });
  std::optional<Reply> reply = co_await wait;
  if (!reply) co_return Reply{ETIMEDOUT, "waiting", 0, {}};
  co_return std::move(*reply);
}

void ModbusBus::check(const Reply& reply, Exchange exchange) {
  if (reply.error == ETIMEDOUT)
    throw TimeoutError(
        fmt::format("{}: no answer to {} within {:g} s", exchange.of, exchange.asked, to_seconds(exchange.after)),
        exchange);
  if (ModbusLine::broken_frame(reply.error))
    throw ProtocolError(fmt::format("{}: {}: {}", exchange.of, reply.doing, ModbusLine::words(reply.error)), exchange);
  if (reply.error != 0) std::rethrow_exception(link_failure(reply.error, reply.doing, exchange));
}

std::vector<std::uint16_t> ModbusBus::values_of(int unit, const Bytes& request, const Reply& reply,
                                                Instant asked) const {
  if (unit == 0 && reply.pdu.empty() && reply.unit == 0) return {};
  if (reply.unit != unit) {
    const Exchange about = exchange(unit, request, reply.pdu, asked);
    throw ForeignReply(fmt::format("{}: unit {} answered", about.of, reply.unit), about);
  }
  modbus::Answer answer;
  try {
    answer = modbus::parse_answer(request, reply.pdu);
  } catch (const std::invalid_argument& wrong) {
    const Exchange about = exchange(unit, request, reply.pdu, asked);
    throw ProtocolError(fmt::format("{}: {}", about.of, wrong.what()), about);
  }
  if (answer.exception) throw ModbusException(answer.exception, exchange(unit, request, reply.pdu, asked));
  return std::move(answer.values);
}

Task<> ModbusBus::reopen(Instant deadline) {
  close();
  const Instant asked = clock_.now();
  const Turns::Turn turn = co_await turns_.take();
  const Reply reply = co_await connect(deadline);
  check(reply, {name_, "connect", "", clock_.now() - asked});
  closed_ = false;
}

void ModbusBus::close() noexcept {
  closed_ = true;
  ours_ = false;
  line_->interrupt();
  // Ends the wait of an exchange under way, which then leaves the line alone.
  ErrorCode ignored;
  if (const std::shared_ptr<Descriptor> watch = std::exchange(watch_, nullptr)) watch->close(ignored);
  worker_.submit([line = line_.get()] { line->disconnect(); });
}

}  // namespace

std::unique_ptr<RegisterBus> make_modbus_bus(WallClock& clock, const Url& url) {
  return std::make_unique<ModbusBus>(clock, url);
}

}  // namespace meterrig
