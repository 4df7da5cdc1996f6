#pragma once

#include <bit>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/byte_stream.hpp"
#include "core/io/turns.hpp"
#include "instruments/scpi_answers.hpp"

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
  int error_queue_depth = 32;  // bounds the draining of a queue that never ends
  // The least time from the end of one message, either way, to the start of the next.
  Duration pacing{};
  // Sent once after each opening of the link, before anything else: SYST:REM.
  std::vector<std::string> opening = {};
  // A setting is over when *OPC? has answered 1; an instrument that answers 0 is asked again until the time-out.
  bool operation_complete = false;
  // Each opening begins with a device clear, where the transport has one, and with *CLS.
  bool clear_on_open = false;
};

// Where the payload of a block goes, straight from the link.
class BlockSink {
 public:
  virtual ~BlockSink() = default;
  // Room for the whole payload; called once, when its length is known. Throws std::invalid_argument for a length that
  // can't be.
  virtual std::span<std::uint8_t> room(std::size_t bytes) = 0;
  // So many bytes of it are there; called as they come.
  virtual void filled(std::size_t) {}
};

// One conversation with one SCPI instrument, one exchange at a time. Every setting is followed by a look into the error
// queue; what is in it is thrown as ScpiErrors, all of it. After a time-out or a stop in mid-exchange the link is
// dirty: the next exchange clears or reopens it and asks *IDN? first, so that a late answer is never taken for the next
// one. Several drivers may use it at once: each call is one exchange, and they take turns in the order of asking.
class ScpiSession {
 public:
  ScpiSession(Clock& clock, std::unique_ptr<ByteStream> stream, ScpiOptions options);

  Task<> command(std::string text);
  Task<std::string> query(std::string text) { return query(std::move(text), options_.timeout); }
  Task<std::string> query(std::string text, Duration timeout);
  // A number. 9.91E37 throws NoReading, beyond 9.9E37 OverRange, anything else that is no number ProtocolError.
  Task<double> number(std::string text) { return number(std::move(text), options_.timeout); }
  Task<double> number(std::string text, Duration timeout);
  // The payload of a block of definite or indefinite length (IEEE 488.2, 8.7.9 and 8.7.10). Where a link does not tell
  // the end of a message, an indefinite one ends with the line end that nothing follows for 50 ms.
  Task<Bytes> block(std::string text, Duration timeout);
  // The same into memory of the caller's, which lives until the task ends. `into` keeps what room it has.
  Task<> block(std::string text, Duration timeout, BlockSink& into);
  Task<> floats(std::string text, Duration timeout, std::endian order, std::vector<float>& into);
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
  struct Asked {
    std::string text;
    Instant at{};
    Instant until{};
  };
  Task<> send(std::string_view text, Instant deadline);
  Task<> pace();
  Task<std::string> line(const Asked& asked);
  Task<> fill(std::size_t count, const Asked& asked);
  Task<> read_into(std::span<std::uint8_t> into, std::size_t& got, const Asked& asked, Instant until);
  // With the turn taken:
  Task<> ready();
  Task<> recover();
  Task<> start_conversation();
  Task<std::string> ask(std::string text, Duration timeout);
  Task<std::string> exchange(std::string text, Duration timeout);
  Task<> tell(std::string text);
  Task<> await_completion(std::string after);
  Task<> expect_no_error(std::string asked, std::string first);
  Task<std::size_t> block_header(const Asked& asked);
  Task<> definite_block(std::size_t length, const Asked& asked, BlockSink& into);
  Task<> indefinite_block(const Asked& asked, BlockSink& into);
  Exchange about(const std::string& asked, const std::string& got, Instant asked_at) const;
  Instant deadline(Duration timeout) const;
  std::string held() const;

  Clock& clock_;
  std::unique_ptr<ByteStream> stream_;
  ScpiOptions options_;
  Turns turns_;
  Bytes outgoing_;
  Bytes incoming_;
  std::size_t have_ = 0;
  std::size_t used_ = 0;
  bool dirty_ = false;
  bool in_conversation_ = false;
  Instant line_free_{};
  std::uint64_t exchanges_ = 0;
  std::map<std::string, std::string> told_;
};

}  // namespace meterrig
