#include "instruments/people.hpp"

#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/io/turns.hpp"
#include "meters/cjt188.hpp"
#include "meters/telegram.hpp"

namespace meterrig {
namespace {

Bytes from_hex(const std::string& text) {
  Bytes bytes(text.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char* const first = text.data() + 2 * i;
    if (std::from_chars(first, first + 2, bytes[i], 16).ptr != first + 2) return {};
  }
  return text.size() % 2 == 0 ? bytes : Bytes{};
}

class CompanionHost final : public Host {
 public:
  explicit CompanionHost(std::unique_ptr<LinePort> port) : port_(std::move(port)) {}

  Task<Reply> exchange(const std::string& address_hex, const Bytes& frame, Duration wake_period,
                       Duration timeout) override {
    Clock& clock = port_->clock();
    port_->drain();
    co_await expect_ok(fmt::format("AT+T2={:g}", to_seconds(wake_period)));
    const std::string asked = fmt::format("AT+SEND={},{}", address_hex, to_hex(frame));
    const Instant asked_at = clock.now();
    co_await port_->send(asked);
    Reply reply;
    for (;;) {
      const std::string line = co_await receive(asked, asked_at, timeout);
      const Exchange exchange{port_->name(), asked, line, clock.now() - asked_at};
      if (line == "OK") break;
      if (line.rfind("ERR:NOREPLY", 0) == 0)
        throw TimeoutError(fmt::format("{}: meter {} did not answer over the air", port_->name(), address_hex),
                           exchange);
      const auto comma = line.rfind(',');
      double rssi = 0;
      if (line.rfind("+RX:", 0) != 0 || comma == std::string::npos ||
          std::from_chars(line.data() + comma + 1, line.data() + line.size(), rssi).ec != std::errc{})
        throw ProtocolError(fmt::format("{} answered {:?} with {:?}", port_->name(), asked, line), exchange);
      reply = {from_hex(line.substr(4, comma - 4)), rssi, exchange.after};
    }
    if (reply.frame.empty())
      throw ProtocolError(fmt::format("{} said OK without a frame", port_->name()),
                          {port_->name(), asked, "OK", clock.now() - asked_at});
    co_return reply;
  }

  Task<std::string> identify() override {
    const Instant asked_at = port_->clock().now();
    port_->drain();
    co_await port_->send("AT+ID");
    std::string id = co_await receive("AT+ID", asked_at, 2s);
    const std::string ok = co_await receive("AT+ID", asked_at, 2s);
    if (ok != "OK")
      throw ProtocolError(fmt::format("{} ended AT+ID with {:?}", port_->name(), ok), {port_->name(), "AT+ID", ok, {}});
    co_return id;
  }

 private:
  Task<std::string> receive(std::string asked, Instant asked_at, Duration timeout) {
    bool silent = false;
    std::string line;
    try {
      line = co_await port_->receive(asked_at + timeout + port_->clock().exchange_slack());
    } catch (const TimeoutError&) {
      silent = true;
    }
    if (silent)
      throw InstrumentError(fmt::format("{} did not answer {:?}", port_->name(), asked),
                            {port_->name(), asked, "", port_->clock().now() - asked_at});
    co_return line;
  }

  Task<> expect_ok(std::string asked) {
    const Instant asked_at = port_->clock().now();
    co_await port_->send(asked);
    const std::string line = co_await receive(asked, asked_at, 2s);
    if (line != "OK")
      throw InstrumentError(fmt::format("{} answered {:?} with {:?}", port_->name(), asked, line),
                            {port_->name(), asked, line, port_->clock().now() - asked_at});
  }

  std::unique_ptr<LinePort> port_;
};

class LineOperator final : public Operator {
 public:
  explicit LineOperator(std::unique_ptr<LinePort> port) : port_(std::move(port)) {}

  Task<Answer> ask(const Prompt& prompt, Duration timeout) override {
    // A person is asked one thing at a time, whoever asks.
    const Turns::Turn turn = co_await turns_.take();
    Clock& clock = port_->clock();
    const int id = ++last_;
    const nlohmann::json message{{"prompt", id},
                                 {"station", prompt.station},
                                 {"kind", what_is_asked(prompt)},
                                 {"text", {{"zh", prompt.zh}, {"en", prompt.en}}}};
    const Instant asked_at = clock.now();
    co_await port_->send(message.dump());
    for (;;) {
      std::string line;
      bool silent = false;
      try {
        line = co_await port_->receive(asked_at + timeout + clock.exchange_slack());
      } catch (const TimeoutError&) {
        silent = true;
      }
      const Duration after = clock.now() - asked_at;
      if (silent)
        throw TimeoutError(fmt::format("nobody answered the prompt {:?} within {:g} s", prompt.en, to_seconds(after)),
                           {port_->name(), prompt.en, "", after});
      const auto answer = nlohmann::json::parse(line, nullptr, false);
      if (!answer.is_object() || !answer.contains("prompt") || !answer.contains("value"))
        throw ProtocolError(fmt::format("{} answered a prompt with {:?}", port_->name(), line),
                            {port_->name(), prompt.en, line, after});
      if (answer["prompt"] != id) continue;  // a late answer to a prompt that nobody waits for any more
      const auto& value = answer["value"];
      co_return Answer{value.is_string() ? value.get<std::string>() : value.dump(), answer.value("operator", ""),
                       after};
    }
  }

 private:
  std::unique_ptr<LinePort> port_;
  Turns turns_;
  int last_ = 0;
};

}  // namespace

const char* word(Operator::Kind kind) {
  switch (kind) {
    case Operator::Kind::read_counter:
      return "read_counter";
    case Operator::Kind::work_opener:
      return "work_opener";
    case Operator::Kind::observe_status:
      return "observe_status";
    case Operator::Kind::read_display:
      return "read_display";
    case Operator::Kind::confirm:
      return "confirm";
    case Operator::Kind::inspect:
      return "inspect";
    case Operator::Kind::treat:
      return "treat";
    case Operator::Kind::pass_water:
      return "pass_water";
  }
  return "confirm";
}

std::string what_is_asked(const Operator::Prompt& prompt) {
  return prompt.page.empty() ? word(prompt.kind) : std::string(word(prompt.kind)) + ":" + prompt.page;
}

std::unique_ptr<Host> make_companion_host(std::unique_ptr<LinePort> port) {
  return std::make_unique<CompanionHost>(std::move(port));
}
std::unique_ptr<Operator> make_line_operator(std::unique_ptr<LinePort> port) {
  return std::make_unique<LineOperator>(std::move(port));
}

}  // namespace meterrig
