#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "meters/cjt188.hpp"
#include "meters/cjt188_profile.hpp"
#include "meters/meter.hpp"
#include "meters/request_line.hpp"

namespace meterrig {

// What a meter says of itself in its status bytes.
struct MeterStatus {
  enum class Valve { open, closed, faulty };
  Valve valve = Valve::open;
  bool undervoltage = false;
  bool awaiting_manual_action = false;
};

// A CJ/T 188 meter on its UART. Also makes and reads the frames that travel over the air.
class Cjt188Meter final : public Meter {
 public:
  Cjt188Meter(Clock& clock, std::unique_ptr<ByteStream> stream, const MeterProfile& profile,
              const cjt188::Address& address, Duration byte_time, std::string name,
              Duration tolerance = usual_tolerance);
  // The system's key, for items that the profile says are enciphered.
  void use_key(const cjt188::Block& key) { security_ = form_.security(key, address_); }

  // Meter
  Task<std::vector<MeterReading>> readings(std::vector<std::string> names) override;
  Task<> write(std::string item, std::string value) override;
  Task<std::string> find_address() override;
  const MeterProfile& profile() const noexcept override { return profile_; }
  MeterCounters counters() const override { return line_.counters; }

  // Values as text; of a field that is no value "invalid:" and its bytes.
  Task<std::map<std::string, std::string>> read(std::vector<std::string> items);
  // The value of cumulative_volume in steps of its last decimal.
  Task<std::int64_t> volume_steps();
  Task<MeterStatus> status();
  // 55H: authorises opening. 99H: closes. Gives the status of the reply.
  Task<MeterStatus> authorise_opening();
  Task<MeterStatus> close_valve();
  // The address that answers a question to whoever is there.
  Task<cjt188::Address> who_is_there();
  // One question, no repeats; false when nobody answers within `patience`. For proving isolation.
  Task<bool> answers(Duration patience);

  // The bytes of an item as they stand in its reply: of one whose length the meter decides, for what has no value.
  Task<cjt188::Bytes> bytes_of(std::string item);
  // What a meter makes of a content, behind SER, that write() would not let pass: values out of range, nibbles above 9,
  // the wrong length. Enciphered as the item is. One request, no repeats.
  enum class Answer { accepted, refused, silent };
  Task<Answer> offer(std::string item, cjt188::Bytes content);
  // The same in plain, whatever the profile says of the item.
  Task<Answer> offer_plain(std::string item, cjt188::Bytes content);
  // The last request of write() or offer(), as it went over the line.
  const cjt188::Bytes& last_written() const noexcept { return last_written_; }
  // Sends bytes as they are, once; whether the meter answers, and how.
  Task<Answer> send_as_is(cjt188::Bytes bytes);

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
  int volume_decimals() const { return profile_.item("cumulative_volume").format.decimals; }
  std::uint64_t exchanges() const noexcept { return line_.counters.requests; }
  // What the valve was told since the run began, over the line and over the air: how a sample was left.
  struct ValveCommands {
    std::int64_t openings = 0;
    std::int64_t closings = 0;
    bool last_was_open = false;
  };
  const ValveCommands& valve_commands() const noexcept { return valve_commands_; }

 private:
  struct Content {
    cjt188::Bytes bytes;  // behind SER
    cjt188::Address from{};
    std::vector<std::string> departures;
  };
  Task<cjt188::Frame> exchange(cjt188::Frame request, bool enciphered, int repeats, Duration patience);
  Task<cjt188::Frame> exchange_new(std::function<cjt188::Frame()> make, bool enciphered, int repeats);
  // Whether the frame is the reply, which then stands in `reply` in plain. Throws for one that is wrong.
  bool take(const cjt188::Frame& frame, const cjt188::Frame& request, bool enciphered, const Exchange& asked,
            cjt188::Frame& reply);
  cjt188::Frame opened(const cjt188::Frame& reply, const Exchange& asked);
  bool is_enciphered(const std::string& name, bool is_write) const;
  Task<> find_sequence(std::string name);
  std::string question_in_cipher() const;
  Task<Content> content(const std::string& name);
  Task<cjt188::Frame> send_write(const std::string& name, std::string value);
  Task<cjt188::Frame> send_request(std::string name, cjt188::Bytes content, bool enciphered, int repeats);
  Task<Answer> once(std::string name, cjt188::Bytes content, bool enciphered);
  Task<MeterStatus> write_valve(bool open);
  cjt188::Frame valve_frame(const cjt188::Address& to, bool open);
  cjt188::Frame frame(const cjt188::Address& to, std::uint8_t control, const cjt188::Identifier2& identifier,
                      std::span<const std::uint8_t> content);
  std::span<const std::uint8_t> value_bytes(const MeterItem& item, std::span<const std::uint8_t> content) const;
  MeterReading reading(const MeterItem& item, const Content& content) const;
  MeterStatus parse_status(std::span<const std::uint8_t> two_bytes) const;
  Duration answer_time() const;

  const MeterProfile& profile_;
  cjt188::Profile form_;
  RequestLine<cjt188::Scanner> line_;
  cjt188::Address address_;
  std::string name_;
  std::optional<cjt188::Security> security_;
  std::optional<std::uint8_t> opened_ser_;  // of the last reply that was enciphered
  std::uint8_t sealed_ser_ = 0;             // of the last request that was
  std::uint8_t ser_ = 0;
  cjt188::Bytes last_written_;
  ValveCommands valve_commands_;
};

}  // namespace meterrig
