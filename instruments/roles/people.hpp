#pragma once

#include <string>
#include <vector>

#include "core/io/byte_stream.hpp"

namespace meterrig {

// The maker's companion radio equipment on the shared channel.
class Host {
 public:
  virtual ~Host() = default;
  struct Reply {
    Bytes frame;
    double rssi_dbm = 0;
    Duration after{};
  };
  // Wakes the meter (burst of `wake`), sends the frame, waits for a reply. Throws TimeoutError when none comes.
  virtual Task<Reply> exchange(const std::string& address_hex, const Bytes& frame, Duration wake_period,
                               Duration timeout) = 0;
  virtual Task<std::string> identify() = 0;
};

// A person, or the virtual operator of a bench: asked one thing at a time, answers in words.
class Operator {
 public:
  virtual ~Operator() = default;
  enum class Kind { read_counter, work_opener, observe_status, read_display, confirm, inspect, treat, pass_water };
  struct Prompt {
    int station = 0;
    Kind kind = Kind::confirm;
    std::string zh;
    std::string en;
    // read_display: of the display; inspect, treat, pass_water: the requirement, "5.2.8"
    std::string page = {};
  };
  struct Answer {
    std::string value;
    std::string by;
    Duration after{};
  };
  // Throws TimeoutError when nobody answers.
  virtual Task<Answer> ask(const Prompt& prompt, Duration timeout) = 0;
};

const char* word(Operator::Kind kind);
// The kind as it is asked: "read_counter", "read_display:balance".
std::string what_is_asked(const Operator::Prompt& prompt);

}  // namespace meterrig
