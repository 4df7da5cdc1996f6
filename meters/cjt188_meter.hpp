#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/io/byte_stream.hpp"
#include "meters/cjt188.hpp"

namespace meterrig {

// One file of config/meters/: where the items of a meter model stand in its frames.
class MeterProfile {
 public:
  explicit MeterProfile(nlohmann::json document);
  const nlohmann::json& document() const noexcept { return document_; }
  // Where one item stands: DI as sent, control code, place and form of its value in the content.
  struct Item {
    std::uint8_t control = cjt188::control::read_data;
    std::array<std::uint8_t, 2> di{};
    std::size_t offset = 0;
    std::size_t length = 0;
    std::string format;  // bcd, hex
    int decimals = 0;
    std::optional<std::array<std::uint8_t, 2>> write_di;  // of what can be written, control code 04H
    // Two values that a test may write: one of them differs from what the meter holds.
    std::vector<std::string> trial_values;
  };
  // Throws UserError with the items that the profile has.
  const Item& item(const std::string& name) const;
  std::uint8_t type() const noexcept { return type_; }
  int preamble() const noexcept { return preamble_; }
  // Of one character on the meter's line.
  Duration byte_time() const;

 private:
  nlohmann::json document_;
  std::map<std::string, Item> items_;
  std::uint8_t type_ = 0;
  int preamble_ = 2;
};

// What a meter says of itself in its status bytes.
struct MeterStatus {
  enum class Valve { open, closed, faulty };
  Valve valve = Valve::open;
  bool undervoltage = false;
  bool awaiting_manual_action = false;
};

// The meter as the rig sees it: CJ/T 188 over its UART. Also makes and reads the frames that travel over the air.
// Throws TimeoutError (silence), ForeignReply (another address), MeterRefused (abnormal reply), ProtocolError.
class Cjt188Meter {
 public:
  Cjt188Meter(Clock& clock, std::unique_ptr<ByteStream> stream, const MeterProfile& profile,
              const cjt188::Address& address, Duration byte_time, std::string name);

  // A value as text: decimals for BCD ("12.34"), hex for raw. Several items of one DI are read by one exchange.
  Task<std::map<std::string, std::string>> read(std::vector<std::string> items);
  // Writes a value as read() gives it. Throws MeterRefused; UserError for an item that the profile does not write.
  Task<> write(std::string item, std::string value);
  // The value of accumulated_volume in steps of its last decimal.
  Task<std::int64_t> volume_steps();
  Task<MeterStatus> status();
  // 55H: authorises opening. 99H: closes. Gives the status of the reply.
  Task<MeterStatus> authorise_opening();
  Task<MeterStatus> close_valve();
  // The address that answers a question to whoever is there.
  Task<cjt188::Address> who_is_there();
  // One question, no repeats; false when nobody answers within `patience`. For proving isolation.
  Task<bool> answers(Duration patience);

  // Sends a pattern and hears it again, with the line's loopback joined.
  Task<bool> hears_itself();

  // Frames for the companion equipment.
  cjt188::Bytes request_status(const cjt188::Address& to);
  cjt188::Bytes request_valve(const cjt188::Address& to, bool open);
  // Checks address, control code, DI and SER of an over-the-air reply to the last request made here.
  struct AirReply {
    cjt188::Address address{};
    MeterStatus status;
    std::int64_t volume_steps = -1;  // -1: the reply carries none
    bool refused = false;
  };
  AirReply parse_air_reply(std::span<const std::uint8_t> frame) const;

  const cjt188::Address& address() const noexcept { return address_; }
  const MeterProfile& profile() const noexcept { return profile_; }
  int volume_decimals() const { return profile_.item("accumulated_volume").decimals; }
  std::uint64_t exchanges() const noexcept { return exchanges_; }
  // What the valve was told since the run began, over the line and over the air: how a sample was left.
  struct ValveCommands {
    std::int64_t openings = 0;
    std::int64_t closings = 0;
    bool last_was_open = false;
  };
  const ValveCommands& valve_commands() const noexcept { return valve_commands_; }

 private:
  Task<cjt188::Frame> exchange(cjt188::Frame request, int repeats, Duration patience);
  Task<cjt188::Bytes> content(const MeterProfile::Item& item);
  Task<MeterStatus> write_valve(bool open);
  cjt188::Frame valve_frame(const cjt188::Address& to, bool open);
  cjt188::Frame frame(const cjt188::Address& to, std::uint8_t control, std::array<std::uint8_t, 2> di,
                      std::span<const std::uint8_t> content);
  MeterStatus parse_status(std::span<const std::uint8_t> two_bytes) const;
  std::string value(const MeterProfile::Item& item, std::span<const std::uint8_t> content) const;

  Clock& clock_;
  std::unique_ptr<ByteStream> stream_;
  const MeterProfile& profile_;
  cjt188::Address address_;
  Duration byte_time_;
  std::string name_;
  cjt188::Scanner scanner_;
  std::uint8_t ser_ = 0;
  std::uint64_t exchanges_ = 0;
  ValveCommands valve_commands_;
};

}  // namespace meterrig
