#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/io/byte_stream.hpp"
#include "core/io/register_bus.hpp"
#include "core/io/url.hpp"
#include "meters/field_format.hpp"
#include "meters/frame_receiver.hpp"

namespace meterrig {

// One data item of a profile, as all protocols have it. Where it stands in the protocol's frames is in `entry`.
struct MeterItem {
  enum class Access { read, read_write, write };
  std::string name;  // of docs/telegrams.md
  Access access = Access::read;
  FieldFormat format;
  std::size_t length = 0;  // bytes of the value
  std::string unit;        // UCUM; empty: none, or told by the reply
  // Two values that a test may write: one of them differs from what the meter holds.
  std::vector<std::string> trial_values;
  nlohmann::json entry;

  bool readable() const { return access != Access::write; }
  bool writable() const { return access != Access::read; }
};

// One file of config/meters/: what a meter model speaks, and what its data are called there. The file is held against
// config/schemas/meter.json before it comes here.
class MeterProfile {
 public:
  explicit MeterProfile(nlohmann::json document);
  const nlohmann::json& document() const noexcept { return document_; }
  std::string id() const { return document_.at("id"); }
  std::string protocol() const { return document_.at("protocol"); }
  const std::map<std::string, MeterItem>& items() const noexcept { return items_; }
  // Throws UserError with the items that the profile has.
  const MeterItem& item(const std::string& name) const;
  const SerialLine& line() const noexcept { return line_; }
  // Of one character on the meter's line.
  Duration byte_time() const;

 private:
  nlohmann::json document_;
  std::map<std::string, MeterItem> items_;
  SerialLine line_;
};

// What a meter said.
struct MeterReading {
  std::string name;
  std::string value;  // empty: the bytes are no value, the departures say why
  std::string unit;
  std::vector<std::string> departures;
  std::string raw;  // the value's bytes in the order of the line, hex; empty where the protocol has none of its own
};

// What happened on a meter's line since it was opened.
struct MeterCounters {
  std::uint64_t requests = 0;  // repeats included
  std::uint64_t answers = 0;
  std::uint64_t silent = 0;  // requests that nothing answered
  // What was dropped from the line, by the names of docs/telegrams.md.
  std::uint64_t truncated = 0, bad_checksum = 0, bad_end = 0, bad_length = 0;
  std::uint64_t foreign = 0;   // answers of other meters, to other questions or to earlier ones
  std::uint64_t refused = 0;   // error replies
  std::uint64_t unopened = 0;  // enciphered answers with another key, bad padding or an old SER

  void add(const FrameFaults& faults) {
    truncated += faults.truncated;
    bad_checksum += faults.bad_checksum;
    bad_end += faults.bad_end;
    bad_length += faults.bad_length;
  }
};

// A meter that speaks as its profile says. Every call throws TimeoutError (silence), MeterRefused (an error reply),
// ForeignReply, ProtocolError, and UserError for an item that the profile lacks or does not give that access.
class Meter {
 public:
  virtual ~Meter() = default;
  // In the order asked; items that stand in one answer are read by one exchange.
  virtual Task<std::vector<MeterReading>> readings(std::vector<std::string> names) = 0;
  // A value as readings() gives it, or a word of the profile. Throws before anything is sent if it doesn't fit.
  virtual Task<> write(std::string name, std::string value) = 0;
  // The address of the meter that is alone on the line, as people write it.
  virtual Task<std::string> find_address() = 0;
  virtual const MeterProfile& profile() const noexcept = 0;
  virtual MeterCounters counters() const = 0;
};

// Who is meant and what one may do with it. All in hexadecimal, most significant first.
struct MeterAccess {
  std::string address;        // empty: whoever is alone on the line
  std::string password;       // DL/T 645: level and three bytes, "02123456"
  std::string operator_code;  // DL/T 645: four bytes
  std::string key;            // CJ/T 188-2018 clause 7: 16 bytes of SM4
};

// The end of the line that the profile's protocol needs: a stream, or for Modbus a bus.
struct MeterPort {
  std::unique_ptr<ByteStream> stream;
  std::shared_ptr<RegisterBus> bus;
  int unit = 1;
  Duration tolerance = usual_tolerance;  // how late the port may hand bytes over
};

std::unique_ptr<Meter> make_meter(Clock& clock, MeterPort port, const MeterProfile& profile, const MeterAccess& access,
                                  std::string name);

}  // namespace meterrig
