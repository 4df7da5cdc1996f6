#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "core/time.hpp"

namespace meterrig {

// What was asked, of whom, what came back, after how long. Every error of a link or an instrument carries it.
struct Exchange {
  std::string of;     // instrument, link or meter
  std::string asked;  // command as sent; frames as hex
  std::string got;    // answer as it came; empty when nothing did
  Duration after{};   // from sending to giving up
};

class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& what, Exchange exchange = {})
      : std::runtime_error(what), exchange_(std::move(exchange)) {}
  const Exchange& exchange() const noexcept { return exchange_; }
  virtual const char* kind() const noexcept { return "error"; }

 private:
  Exchange exchange_;
};

#define METERRIG_ERROR(Name, Base, word)                        \
  class Name : public Base {                                    \
   public:                                                      \
    using Base::Base;                                           \
    const char* kind() const noexcept override { return word; } \
  }

METERRIG_ERROR(LinkError, Error, "link");                      // the transport failed
METERRIG_ERROR(TimeoutError, LinkError, "timeout");            // nothing, or not enough, before the deadline
METERRIG_ERROR(ClosedError, LinkError, "closed");              // the peer went away
METERRIG_ERROR(ProtocolError, Error, "protocol");              // an answer that its protocol does not allow
METERRIG_ERROR(InstrumentError, Error, "instrument");          // the instrument reported an error of its own
METERRIG_ERROR(NoReading, InstrumentError, "no_reading");      // NaN, stale, sentinel or implausible: never a number
METERRIG_ERROR(OverRange, InstrumentError, "over_range");      // a one-sided reading: more than the range holds
METERRIG_ERROR(ReadBackError, InstrumentError, "read_back");   // a setting that did not read back within its accuracy
METERRIG_ERROR(MeterRefused, Error, "meter_refused");          // the meter answered with an error reply
METERRIG_ERROR(ForeignReply, ProtocolError, "foreign_reply");  // a well-formed reply from another address
METERRIG_ERROR(UserError, Error, "user");                      // the user's files or words are wrong: exit 2

#undef METERRIG_ERROR

// The wait was stopped from outside. Not an Error: nothing failed, and no handler of failures may swallow it.
class Cancelled {
 public:
  explicit Cancelled(std::string reason) : reason_(std::move(reason)) {}
  const std::string& reason() const noexcept { return reason_; }

 private:
  std::string reason_;
};

}  // namespace meterrig
