#include "bench/desk/water_meter.hpp"

#include <algorithm>
#include <cstddef>
#include <span>

#include "bench/meter/fields.hpp"

namespace meterrig::bench {
namespace {

constexpr std::uint8_t cold_water = 0x10;
constexpr std::uint8_t litres = 0x29, cubic_metres = 0x2C, cubic_metres_per_hour = 0x35;
constexpr std::int64_t tenth_litres_per_hundredth_m3 = 100, hundredth_litres_per_tenth = 10;

}  // namespace

WaterMeter::WaterMeter(Clock& clock, const json::Node& meter)
    : CjtMeter(clock, meter, cold_water),
      volume_unit_(meter.string_or("volume_unit", "m3") == "L" ? litres : cubic_metres) {}

// ST (2004, table of ST): D1 D0 the valve; the second byte is the maker's, its lowest bit here the verification mode.
std::uint16_t WaterMeter::status() const {
  const unsigned valve = model().valve_open() ? 0U : 1U;
  return static_cast<std::uint16_t>(valve | (verifying_ ? 0x100U : 0U));
}

void WaterMeter::append_volume(Bytes& out, std::int64_t volume) const {
  append_bcd(out, volume_unit_ == litres ? volume * hundredth_litres_per_tenth : volume / tenth_litres_per_hundredth_m3,
             4);
  out.push_back(volume_unit_);
}

// 2018: clock, volume, flow, temperature and pressure. The decimals of the pressure are not published; here it is kPa.
void WaterMeter::append_frozen(Bytes& out, const Frozen& frozen) const {
  append_time(out, frozen.reading.at, "smhDMYC");
  append_volume(out, frozen.reading.volume);
  append_bcd(out, frozen.flow, 4);
  out.push_back(cubic_metres_per_hour);
  append_bcd(out, frozen.temperature, 3);
  append_bcd(out, frozen.pressure, 3);
}

bool WaterMeter::read_item(unsigned identifier, Bytes& out) {
  if (identifier >= 0xD120 && identifier <= 0xD12B) {
    append_volume(out, model().settled(identifier - 0xD120).volume);
    return true;
  }
  if (identifier > 0xD400 && identifier < 0xD400 + frozen_.size()) {
    append_frozen(out, frozen_[identifier - 0xD400]);
    return true;
  }
  switch (identifier) {
    case 0x901F:
      append_volume(out, model().now().volume);
      append_volume(out, model().settled(0).volume);
      append_time(out, model().time(), "smhDMYC");
      append_status(out);
      return true;
    case 0x8102:
      append(out, prices_);
      return true;
    case 0x8105:
      append_bcd(out, purchase_sequence_, 1);
      for (const std::int64_t money : {purchased_, purchased_in_all_, remaining_}) append_bcd(out, money, 4);
      append_status(out);
      return true;
    case 0xD400:
      // The instant is that of asking; what it pushes out of this place is read as D401.
      std::rotate(frozen_.rbegin(), frozen_.rbegin() + 1, frozen_.rend());
      frozen_.front() = {model().now(), model().flow(), model().supply_temperature(), model().pressure()};
      append_frozen(out, frozen_.front());
      return true;
    default:
      return false;
  }
}

bool WaterMeter::write_item(unsigned identifier, std::span<const std::uint8_t> content, Bytes& out) {
  switch (identifier) {
    case 0xA010:
      return write_prices(content, out);
    case 0xA013:
      return write_purchase(content, out);
    case 0xA017:
      return write_valve(content, out);
    case 0xA101:
    case 0xA102:
      if (!content.empty()) return false;
      verifying_ = identifier == 0xA101;
      return true;
    default:
      return false;
  }
}

bool WaterMeter::write_prices(std::span<const std::uint8_t> content, Bytes& out) {
  if (content.size() != prices_.size() + 1) return false;
  for (std::size_t i = 0; i < content.size(); ++i)
    if (!cjt188::from_bcd(content.subspan(i, 1))) return false;
  const auto day = cjt188::from_bcd(content.last(1));
  if (*day < 1 || *day > 28) return false;
  std::copy_n(content.begin(), prices_.size(), prices_.begin());
  append_status(out);
  return true;
}

// The number of a purchase tells it from its repetition.
bool WaterMeter::write_purchase(std::span<const std::uint8_t> content, Bytes& out) {
  if (content.size() != 5) return false;
  const auto sequence = cjt188::from_bcd(content.first(1)), amount = cjt188::from_bcd(content.subspan(1));
  if (!sequence || !amount || static_cast<int>(*sequence) == purchase_sequence_) return false;
  purchase_sequence_ = static_cast<int>(*sequence);
  purchased_ = static_cast<std::int64_t>(*amount);
  purchased_in_all_ += purchased_;
  remaining_ += purchased_;
  append(out, content);
  return true;
}

bool WaterMeter::write_valve(std::span<const std::uint8_t> content, Bytes& out) {
  constexpr std::uint8_t open_word = 0x55, close_word = 0x99;
  if (content.size() != 1 || (content[0] != open_word && content[0] != close_word)) return false;
  model().open_valve(content[0] == open_word);
  append_status(out);
  return true;
}

bool WaterMeter::write_base(std::span<const std::uint8_t> content, Bytes& out) {
  if (factory_enabled() || content.size() != 5 || content[4] != volume_unit_) return false;
  const auto value = cjt188::from_bcd(content.first(4));
  if (!value) return false;
  const auto number = static_cast<std::int64_t>(*value);
  model().set_volume(volume_unit_ == litres ? number / hundredth_litres_per_tenth
                                            : number * tenth_litres_per_hundredth_m3);
  append_status(out);
  return true;
}

}  // namespace meterrig::bench
