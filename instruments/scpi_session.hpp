#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/byte_stream.hpp"

namespace meterrig {

// What *IDN? says (IEEE 488.2, 10.14), trimmed.
struct Identity {
  std::string manufacturer;
  std::string model;
  std::string serial;
  std::string firmware;
  std::string text;  // as it came
};

struct ScpiOptions {
  std::string name;  // the instrument in messages: "psu1"
  std::string terminator = "\n";
  std::string error_query = ":SYST:ERR?";  // empty: the instrument has no error queue
  bool compound = true;                    // takes "setting;:SYST:ERR?" in one message
  Duration timeout = 2s;
  Duration pacing{};                       // the least time between two messages
  std::vector<std::string> opening;        // sent first after every opening of the link: "SYST:REM"
  bool operation_complete = false;         // *OPC? follows every setting
  int error_queue_depth = 32;  // bounds the draining of a queue that never ends
};

// One conversation with one SCPI instrument, one exchange at a time. Every setting is followed by a look into the error
// queue; what is in it is thrown as InstrumentError. After a time-out or a stop in mid-exchange the link is dirty: the
// next exchange reopens it and asks *IDN? first, so that a late answer is never taken for the next one.
class ScpiSession {
 public:
  ScpiSession(Clock& clock, std::unique_ptr<ByteStream> stream, ScpiOptions options);

  Task<> command(std::string text);
  Task<std::string> query(std::string text) { return query(std::move(text), options_.timeout); }
  Task<std::string> query(std::string text, Duration timeout);
  // A number. 9.91E37 throws NoReading, beyond 9.9E37 OverRange, anything else that is no number ProtocolError.
  Task<double> number(std::string text) { return number(std::move(text), options_.timeout); }
  Task<double> number(std::string text, Duration timeout);
  // The payload of a definite-length block (IEEE 488.2, 8.7.9).
  Task<Bytes> block(std::string text, Duration timeout);
  Task<Identity> identify();

  const std::string& name() const noexcept { return options_.name; }
  const ScpiOptions& options() const noexcept { return options_; }
  std::uint64_t exchanges() const noexcept { return exchanges_; }
  // What the instrument was last told under a name, by whichever of the drivers that share it.
  bool was_told(const std::string& name, const std::string& value) const {
    const auto found = told_.find(name);
    return found != told_.end() && found->second == value;
  }
  void note_told(const std::string& name, const std::string& value) { told_[name] = value; }
  void forget_told(const std::string& name) { told_.erase(name); }

 private:
  Task<> send(std::string_view text, Instant deadline);
  Task<std::string> line(const std::string& asked, Instant asked_at, Instant deadline);
  Task<> fill(std::size_t count, const std::string& asked, Instant asked_at, Instant deadline);
  Task<> recover();
  Task<> expect_no_error(std::string asked, std::string first);
  Task<std::string> exchange(std::string text, Duration timeout);
  Exchange about(const std::string& asked, const std::string& got, Instant asked_at) const;
  Instant deadline(Duration timeout) const;

  Clock& clock_;
  std::unique_ptr<ByteStream> stream_;
  ScpiOptions options_;
  Bytes outgoing_;
  Bytes incoming_;
  std::size_t have_ = 0;
  std::size_t used_ = 0;
  bool dirty_ = false;
  std::uint64_t exchanges_ = 0;
  std::map<std::string, std::string> told_;
};

// Parses the text of a number as an instrument sends it, exact to the last digit that a double holds; and scaled by a
// power of ten without a rounding of its own ("5.00000000E-05" with 10 gives 500000). False when it is no number.
bool parse_number(std::string_view text, double& value);
bool parse_scaled(std::string_view text, int exponent, std::int64_t& value);

inline constexpr double scpi_not_a_number = 9.91e37;
inline constexpr double scpi_infinity = 9.9e37;

}  // namespace meterrig
