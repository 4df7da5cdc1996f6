#include <algorithm>
#include <string_view>
#include <utility>

#include "bench/meter/fields.hpp"
#include "bench/meter/gas_meter.hpp"

namespace meterrig::bench {

namespace {

using cjt188::Bytes;

constexpr std::string_view clock_letters = "smhDMYC";
constexpr std::uint8_t cubic_metres = 0x2C;
constexpr std::uint64_t volume_range = 100'000'000;

void append_volume(Bytes& data, std::int64_t hundredths) {
  append_bcd(data, hundredths % static_cast<std::int64_t>(volume_range), 4);
  data.push_back(cubic_metres);
}

std::optional<int> day_of_month(std::span<const std::uint8_t> content) {
  if (content.size() != 1) return std::nullopt;
  const auto day = cjt188::from_bcd(content);
  // Days 29 to 31 are missing from some months (CJ/T 484 table 1).
  if (!day || *day < 1 || *day > 28) return std::nullopt;
  return static_cast<int>(*day);
}

}  // namespace

void GasMeter::receive(Port& port, std::span<const std::uint8_t> bytes) {
  if (running()) uart_.receive(port, bytes);
}

void GasMeter::disconnected(Port& port) noexcept { uart_.disconnected(port); }

// CJ/T 188 6.3.5: what is not for this meter is met with silence.
bool GasMeter::addressed(const cjt188::Frame& frame) const {
  constexpr std::uint8_t any_type = 0xAA;
  if (frame.type != cjt188::gas_meter && frame.type != any_type) return false;
  if ((frame.control & cjt188::control::reply) != 0) return false;
  return frame.address == memory_.working().address || frame.address == cjt188::wildcard_address;
}

std::optional<cjt188::Frame> GasMeter::execute(const cjt188::Frame& request, bool by_radio) {
  namespace control = cjt188::control;
  if (request.data.size() < 3) return std::nullopt;
  settle_month();
  const unsigned di = static_cast<unsigned>(request.data[0]) << 8 | request.data[1];
  const auto content = std::span(request.data).subspan(3);
  Bytes data(request.data.begin(), request.data.begin() + 3);
  bool good = false;
  switch (request.control) {
    case control::read_data:
      good = content.empty() && read_item(di, data, by_radio);
      break;
    case control::read_address:
      good = di == 0x810A && content.empty();
      break;
    case control::write_data:
      good = write_item(di, content, data, by_radio);
      break;
    case control::read_key_version:
      good = di == 0x8106 && content.empty();
      data.push_back(0);
      break;
    case control::write_address:
      good = di == 0xA018 && content.size() == 7;
      if (good) std::copy(content.begin(), content.end(), memory_.working().address.begin());
      if (good) memory_.save_parameters(clock_.now());
      break;
    case control::write_motor_sync:
      good = di == 0xA016 && write_base(content, data);
      break;
    default:
      break;
  }
  cjt188::Frame answer{cjt188::gas_meter, memory_.working().address,
                       static_cast<std::uint8_t>(request.control | control::reply), std::move(data)};
  if (!good) {
    // 8.1.3: serial number and status, no identifier.
    answer.control = static_cast<std::uint8_t>(request.control | control::abnormal);
    answer.data = {request.data[2]};
    put_status(answer.data);
  }
  return answer;
}

bool GasMeter::read_item(unsigned di, Bytes& data, bool by_radio) {
  const MeterContent& content = memory_.working();
  if (di >= 0xD120 && di <= 0xD12B) {
    append_volume(data, content.history[di - 0xD120]);
    return true;
  }
  switch (di) {
    case 0x901F:
      put_current_data(data, by_radio);
      return true;
    case 0x8102:
      append(data, content.prices);
      return true;
    case 0x8103:
      append_bcd(data, content.settlement_day, 1);
      return true;
    case 0x8104:
      append_bcd(data, content.reading_day, 1);
      return true;
    case 0x8105:
      append_bcd(data, content.purchase_sequence, 1);
      append_bcd(data, content.purchase, 4);
      append_bcd(data, content.purchase_total, 4);
      append_bcd(data, content.remaining, 4);
      put_status(data);
      return true;
    case 0xE001:
      append_bcd(data, content.starts, 2);
      append_bcd(data, (clock_.now() - running_since_) / 1s, 4);
      return true;
    default:
      return false;
  }
}

void GasMeter::put_current_data(Bytes& data, bool by_radio) {
  if (air_ && traits_.conversion.direct_reading) air_->passed_m3();
  append_volume(data, by_radio && traits_.radio.stale_reading ? stale_hundredths_ : register_hundredths());
  append_volume(data, memory_.working().settled_hundredths);
  append_time(data, meter_time(), clock_letters);
  put_status(data);
}

// ST: D1 D0 valve (00 open, 01 closed, 11 faulty), D2 battery low; second byte the maker's: waiting for the key.
void GasMeter::put_status(Bytes& data) const {
  unsigned status = valve_.dead() ? 3U : valve_known_open_ ? 0U : 1U;
  if (battery_low_) status |= 4U;
  data.push_back(static_cast<std::uint8_t>(status));
  data.push_back(authorised() ? 1 : 0);
}

bool GasMeter::write_item(unsigned di, std::span<const std::uint8_t> content, Bytes& data, bool by_radio) {
  MeterContent& working = memory_.working();
  switch (di) {
    case 0xA010: {
      if (content.size() != 16 || !cjt188::from_bcd(content.first(9)) || !cjt188::from_bcd(content.subspan(9, 6)))
        return false;
      const auto day = day_of_month(content.subspan(15));
      if (!day) return false;
      std::copy_n(content.begin(), working.prices.size(), working.prices.begin());
      working.price_enable_day = *day;
      put_status(data);
      break;
    }
    case 0xA011:
    case 0xA012: {
      const auto day = day_of_month(content);
      if (!day) return false;
      (di == 0xA011 ? working.settlement_day : working.reading_day) = *day;
      next_settlement_ = following_settlement(meter_time());
      break;
    }
    case 0xA013:
      if (!write_purchase(content, data)) return false;
      break;
    case 0xA015:
      return write_clock(content);
    case 0xA017:
      return content.size() == 1 && write_valve(content[0], data, by_radio);
    case 0xE002:
      // The maker's item: report now.
      if (!content.empty()) return false;
      report_timer_.at(clock_.now() + 1s);
      return true;
    default:
      return false;
  }
  memory_.save_parameters(clock_.now());
  return true;
}

bool GasMeter::write_purchase(std::span<const std::uint8_t> content, Bytes& data) {
  if (content.size() != 5) return false;
  const auto sequence = cjt188::from_bcd(content.first(1)), amount = cjt188::from_bcd(content.subspan(1));
  MeterContent& working = memory_.working();
  if (!sequence || !amount || static_cast<int>(*sequence) == working.purchase_sequence) return false;
  working.purchase_sequence = static_cast<int>(*sequence);
  working.purchase = static_cast<std::int64_t>(*amount);
  working.purchase_total += working.purchase;
  working.remaining += working.purchase;
  append(data, content);
  return true;
}

bool GasMeter::write_clock(std::span<const std::uint8_t> content) {
  const auto time = civil_from(content, clock_letters);
  if (!time) return false;
  set_meter_time(*time_of(*time));
  return true;
}

bool GasMeter::write_base(std::span<const std::uint8_t> content, Bytes& data) {
  if (content.size() != 5 || content[4] != cubic_metres || traits_.conversion.direct_reading) return false;
  const auto hundredths = cjt188::from_bcd(content.first(4));
  if (!hundredths) return false;
  constexpr std::int64_t nl_per_hundredth = 10'000'000'000;
  const std::int64_t value = static_cast<std::int64_t>(*hundredths);
  memory_.working().pulses = value * (nl_per_hundredth / 1000) / (pulse_volume_nl_ / 1000);
  memory_.save_all(clock_.now());
  put_status(data);
  return true;
}

// An opening is only authorised here; it waits for the key (CJ/T 503 5.3.14).
bool GasMeter::write_valve(std::uint8_t word, Bytes& data, bool by_radio) {
  constexpr std::uint8_t open_word = 0x55, close_word = 0x99;
  const Instant now = clock_.now();
  if (word == open_word) {
    if (below_minimum_ || (by_radio && traits_.radio.refuses_authorisation)) return false;
    authorised_until_ = now + traits_.conduct.authorisation_lasts;
    if (traits_.conduct.opens_itself_after > 0s) opening_timer_.at(now + traits_.conduct.opens_itself_after);
  } else if (word == close_word) {
    if (by_radio && traits_.radio.execution_delay > 0s) {
      execution_timer_.at(now + traits_.radio.execution_delay);
    } else if (!(by_radio && traits_.radio.close_not_executed)) {
      command_close();
    }
  } else {
    return false;
  }
  put_status(data);
  return true;
}

}  // namespace meterrig::bench
