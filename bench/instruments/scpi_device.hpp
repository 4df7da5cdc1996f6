#pragma once

#include <deque>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "bench/instruments/scpi_text.hpp"
#include "bench/instruments/scpi_tree.hpp"
#include "core/clock.hpp"
#include "core/io/memory_link.hpp"

namespace meterrig::bench {

// Limits of a numeric setting and what DEF stands for.
struct ScpiRange {
  double minimum = 0;
  double maximum = 0;
  double standard = 0;
};

// One command or query being executed.
class ScpiCall {
 public:
  const std::vector<ScpiValue>& values;
  const ScpiTree::Match& match;
  std::string& out;
  // The unit waited before and is executed again.
  const bool resumed;

  bool has(std::size_t i) const { return i < values.size() && values[i].given; }
  // Resolves MIN, MAX and DEF. Throws ScpiError -222 outside the range.
  double number(std::size_t i, const ScpiRange& range) const;
  int integer(std::size_t i, const ScpiRange& range) const { return static_cast<int>(number(i, range)); }
  bool on(std::size_t i) const { return values[i].index != 0; }
  int choice(std::size_t i) const { return values[i].index; }
  int suffix(int i) const { return i < match.suffix_count ? match.suffixes[static_cast<std::size_t>(i)] : 0; }
  // What "VOLT? MAX" asks for, or the setting itself when nothing is asked.
  double limit_or(std::size_t i, const ScpiRange& range, double setting) const;

  template <typename... Args>
  void reply(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
  }
  // The unit can't go on before `until` (Instant::max(): before the device calls wake()); it is executed again then.
  void wait(Instant until) { wait_until = until, waits = true; }

  Instant wait_until{};
  bool waits = false;
};

// How a maker's instruments differ where the standards leave it open.
struct ScpiDialect {
  std::string no_error = "0,\"No error\"";
  bool signed_zero = false;      // counts and booleans of the error queue print as +0
  bool error_detail = false;     // -113,"Undefined header;FOO"
  std::string undefined_header;  // the maker's own text of -113; empty: the standard one
  std::size_t error_queue = 20;
  Duration think = 1ms;  // from the message to its answer
};

// A virtual instrument's side of IEEE 488.2 and SCPI-99: a strict parser, status registers, the error queue, overlapped
// operations. A device declares its commands as a table; the rest is here. Several connections may be open; each has
// its own input buffer, the instrument behind them is one.
class ScpiDevice : public LinkPeer {
 public:
  using Handler = std::function<void(ScpiCall&)>;

  ScpiDevice(Clock& clock, std::string identity, ScpiDialect dialect);
  ~ScpiDevice() override;

  void receive(Port& port, std::span<const std::uint8_t> bytes) override;
  void connected(Port& port) override;
  void disconnected(Port& port) noexcept override;

  // An error of the device itself, as a fault or a trip raises it.
  void raise(int code, std::string detail = {});
  std::size_t errors() const noexcept { return errors_.size(); }

 protected:
  void command(std::string_view pattern, std::vector<ScpiParameter> parameters, Handler handler);
  void query(std::string_view pattern, std::vector<ScpiParameter> parameters, Handler handler);
  // A command that is understood and changes nothing that the bench models.
  void accept(std::string_view pattern, std::vector<ScpiParameter> parameters = {});

  virtual void reset() = 0;                          // *RST
  virtual void trigger() { throw ScpiError{-211}; }  // *TRG
  // When all overlapped operations have ended; Instant::max() while one waits for a trigger.
  virtual Instant operations_end() const { return Instant::min(); }
  virtual void cleared() {}  // *CLS: event registers of the device
  // Bits 3 (QUES) and 7 (OPER) of the status byte.
  virtual std::uint8_t summary() const { return 0; }
  // Units that wait without a time are tried again.
  void wake();
  Clock& clock() const noexcept { return clock_; }
  Instant now() const noexcept { return clock_.now(); }

 private:
  struct Session;
  struct Entry {
    std::vector<ScpiParameter> parameters;
    Handler handler;
  };

  void standard_commands();
  void declare(std::string_view pattern, bool query, std::vector<ScpiParameter> parameters, Handler handler);
  Session& session(Port& port);
  void take_messages(Session& session);
  void start(Session& session);
  void resume(Session& session);
  void run(Session& session);
  // False when the unit waits.
  bool unit(Session& session, std::string_view text);
  bool execute(Session& session, const Entry& entry, const ScpiTree::Match& match, std::string_view arguments,
               bool is_query);
  const Entry& common(std::string_view name, bool is_query) const;
  void push_error(const ScpiError& error, std::string_view text);
  std::string next_error();
  std::uint8_t status_byte(const Session& session);
  void settle_operation_complete();

  Clock& clock_;
  std::string identity_;
  ScpiDialect dialect_;
  ScpiTree tree_;
  std::vector<Entry> entries_;
  std::map<std::string, std::pair<int, int>, std::less<>> common_;  // "*ESE" -> set, query
  std::vector<std::unique_ptr<Session>> sessions_;
  Session* active_ = nullptr;
  std::deque<std::string> errors_;
  std::vector<ScpiValue> values_;
  std::uint8_t event_status_ = 0x80;  // PON
  std::uint8_t event_enable_ = 0;
  std::uint8_t service_enable_ = 0;
  bool complete_armed_ = false;  // *OPC was given
};

}  // namespace meterrig::bench
