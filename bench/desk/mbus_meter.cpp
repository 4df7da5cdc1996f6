#include "bench/desk/mbus_meter.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include "bench/desk/settings.hpp"
#include "bench/meter/fields.hpp"
#include "meters/mbus_records.hpp"
#include "meters/telegram.hpp"

namespace meterrig::bench {
namespace {

using mbus::Bytes;
using mbus::Coding;
namespace control = mbus::control;
namespace information = mbus::information;

// EN 13757-2: a slave that has heard no stop bit for 22 bit times takes the line for idle; a computer's serial port
// makes longer pauses.
constexpr Duration frame_gap = 100ms;
constexpr std::uint8_t function_bits = 0x5F;  // of C, without the frame count
constexpr std::uint8_t highest_primary = 250;
constexpr std::uint8_t more_records_follow = 0x1F;
constexpr std::int64_t nano_per_hundredth = 10'000'000, tenth_litres_per_hundredth_m3 = 100;

// VIFs of EN 13757-3, table 10.
constexpr std::uint8_t vif_energy = 0x04 /* 10 W.h */, vif_volume = 0x14 /* 0.01 m3 */, vif_working_hours = 0x26,
                       vif_power = 0x2C /* 10 W */, vif_flow = 0x3A /* 1e-4 m3/h */, vif_supply = 0x59 /* 0.01 Cel */,
                       vif_return = 0x5D, vif_difference = 0x61, vif_date = 0x6C, vif_clock = 0x6D,
                       vif_fabrication = 0x78, vif_identification = 0x79, vif_address = 0x7A;

std::size_t size_of(Coding coding) { return coding == Coding::bcd8 ? 4 : coding == Coding::bcd6 ? 3 : 2; }

void append_number(Bytes& out, Coding coding, std::uint8_t vif, std::int64_t value, std::uint64_t storage = 0) {
  FieldBytes data;
  append_bcd(data, value, size_of(coding));
  append(out, mbus::encode_record({coding, mbus::Function::instantaneous, storage, 0, 0, {vif}}, data));
}

// Types F and G (EN 13757-3, annex A): the year in seven bits, split over the days and the months.
Bytes date_bytes(const Civil& at) {
  const auto year = static_cast<unsigned>(at.year % 100);
  return {static_cast<std::uint8_t>(at.day | (year & 7) << 5), static_cast<std::uint8_t>(at.month | year >> 3 << 4)};
}

Bytes clock_bytes(const Civil& at) {
  Bytes out{static_cast<std::uint8_t>(at.minute), static_cast<std::uint8_t>(at.hour)};
  append(out, date_bytes(at));
  return out;
}

std::optional<Utc> clock_from(std::span<const std::uint8_t> bytes) {
  Civil at;
  at.minute = bytes[0] & 0x3F;
  at.hour = bytes[1] & 0x1F;
  at.day = bytes[2] & 0x1F;
  at.month = bytes[3] & 0x0F;
  at.year = 2000 + (bytes[2] >> 5 | (bytes[3] >> 4) << 3);
  return (bytes[0] & 0x80) != 0 ? std::nullopt : time_of(at);
}

std::array<std::uint8_t, 8> secondary_of(const json::Node& meter) {
  std::array<std::uint8_t, 8> secondary{};
  const Bytes bytes = bytes_from_hex(meter.at("address").string());
  std::copy_n(bytes.begin(), std::min(bytes.size(), secondary.size()), secondary.begin());
  std::reverse(secondary.begin(), secondary.begin() + 4);
  return secondary;
}

}  // namespace

MbusMeter::MbusMeter(Clock& clock, const json::Node& meter)
    : SerialMeter(clock, LineTiming::serial(2400), delay_of(meter, 25), frame_gap),
      model_(clock, meter),
      secondary_(secondary_of(meter)),
      primary_(static_cast<std::uint8_t>(meter.integer_or("primary_address", 1))) {}

bool MbusMeter::addressed(std::uint8_t address) const {
  if (address == mbus::secondary_address) return selected_;
  return address == primary_ || address == mbus::test_address || address == mbus::broadcast_address;
}

std::optional<Bytes> MbusMeter::answer(const mbus::Frame& request) {
  if (request.information == information::selection && request.address == mbus::secondary_address) {
    selected_ = selected_by(request.data);
    frame_count_.reset();
    return selected_ ? std::optional(Bytes{mbus::acknowledge_byte}) : std::nullopt;
  }
  if (!addressed(request.address)) return std::nullopt;
  auto reply = obey(request);
  return request.address == mbus::broadcast_address ? std::nullopt : reply;
}

// A nibble F of the identification and an FF of the rest stand for any.
bool MbusMeter::selected_by(const Bytes& mask) const {
  if (mask.size() < secondary_.size()) return false;
  for (std::size_t i = 0; i < secondary_.size(); ++i) {
    const bool number = i < 4;
    for (const unsigned shift : {4U, 0U}) {
      const unsigned wanted = mask[i] >> shift & 0xF, own = secondary_[i] >> shift & 0xF;
      const bool any = number ? wanted == 0xF : mask[i] == 0xFF;
      if (!any && wanted != own) return false;
    }
  }
  return true;
}

std::optional<Bytes> MbusMeter::obey(const mbus::Frame& request) {
  const Bytes acknowledge{mbus::acknowledge_byte};
  switch (request.control & function_bits) {
    case control::snd_nke:
      // To FD it ends the selection (EN 13757-3, 11.4).
      if (request.address == mbus::secondary_address) selected_ = false;
      frame_count_.reset();
      return acknowledge;
    case control::snd_ud:
      if (request.information == information::application_reset) {
        frame_count_.reset();
        return acknowledge;
      }
      if (request.information != information::data_send || !write(request.data)) return std::nullopt;
      return acknowledge;
    case control::req_ud1:
      return acknowledge;  // nothing urgent to tell
    case control::req_ud2:
      return next_telegram((request.control & control::fcb) != 0);
    default:
      return std::nullopt;
  }
}

// What can be set: the primary address (01 7A nn), the identification (0C 79) and the clock (04 6D, type F).
bool MbusMeter::write(const Bytes& records) {
  const auto begins = [&](Coding coding, std::uint8_t vif, std::size_t size) {
    return records.size() == 2 + size && records[0] == static_cast<std::uint8_t>(coding) && records[1] == vif;
  };
  if (begins(Coding::int8, vif_address, 1) && records[2] <= highest_primary) {
    primary_ = records[2];
    return true;
  }
  if (begins(Coding::bcd8, vif_identification, 4)) {
    std::copy_n(records.begin() + 2, 4, secondary_.begin());
    return true;
  }
  if (!begins(Coding::int32, vif_clock, 4)) return false;
  const auto time = clock_from(std::span(records).subspan(2));
  if (time) model_.set_time(*time);
  return time.has_value();
}

Bytes MbusMeter::next_telegram(bool frame_count) {
  if (frame_count_ == frame_count) return last_;
  telegram_ = frame_count_ ? (telegram_ + 1) % 2 : 0;
  frame_count_ = frame_count;
  Bytes data(secondary_.begin(), secondary_.end());
  append(data, Bytes{access_number_++, 0, 0, 0});  // status: no error; signature: plain
  append(data, telegram_ == 0 ? readings() : history());
  last_ = mbus::encode({control::rsp_ud, primary_, information::variable_data, std::move(data)});
  return last_;
}

Bytes MbusMeter::readings() {
  Bytes out;
  const FlowModel::Reading now = model_.now();
  append(out, mbus::encode_record({Coding::bcd8, mbus::Function::instantaneous, 0, 0, 0, {vif_fabrication}},
                                  std::span(secondary_).first(4)));
  append_number(out, Coding::bcd8, vif_energy, now.heat / nano_per_hundredth);
  append_number(out, Coding::bcd8, vif_volume, now.volume / tenth_litres_per_hundredth_m3);
  append_number(out, Coding::bcd8, vif_power, (model_.power() + nano_per_hundredth / 2) / nano_per_hundredth);
  append_number(out, Coding::bcd8, vif_flow, model_.flow());
  append_number(out, Coding::bcd6, vif_supply, model_.supply_temperature());
  append_number(out, Coding::bcd6, vif_return, model_.return_temperature());
  append_number(out, Coding::bcd6, vif_difference,
                std::max<std::int64_t>(0, model_.supply_temperature() - model_.return_temperature()));
  append_number(out, Coding::bcd6, vif_working_hours, model_.working_hours());
  append(out, mbus::encode_record({Coding::int32, mbus::Function::instantaneous, 0, 0, 0, {vif_clock}},
                                  clock_bytes(civil(now.at))));
  out.push_back(more_records_follow);
  return out;
}

// Storage 1 is the latest.
Bytes MbusMeter::history() {
  Bytes out;
  for (std::size_t i = 0; i < FlowModel::settlements; ++i) {
    const FlowModel::Reading& settled = model_.settled(i);
    append(out, mbus::encode_record({Coding::int16, mbus::Function::instantaneous, i + 1, 0, 0, {vif_date}},
                                    date_bytes(civil(settled.at))));
    append_number(out, Coding::bcd8, vif_energy, settled.heat / nano_per_hundredth, i + 1);
    append_number(out, Coding::bcd8, vif_volume, settled.volume / tenth_litres_per_hundredth_m3, i + 1);
  }
  return out;
}

}  // namespace meterrig::bench
