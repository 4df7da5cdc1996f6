#include "bench/desk/mbus_scanner.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace meterrig::bench {
namespace {

// What comes before a longest frame's worth of bytes is no part of one that can still come.
constexpr std::size_t longest_frame = 261;

const ByteRange* range(const Telegram& telegram, std::string_view is) {
  const auto found = std::find_if(telegram.bytes.begin(), telegram.bytes.end(),
                                  [is](const ByteRange& range) { return range.is == is; });
  return found == telegram.bytes.end() ? nullptr : &*found;
}

}  // namespace

void MbusScanner::feed(std::span<const std::uint8_t> bytes) {
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

std::optional<mbus::Frame> MbusScanner::next() {
  for (const Telegram& telegram : mbus::telegrams_in(buffer_)) {
    const ByteRange* const control = range(telegram, "control");
    if (!telegram.valid || control == nullptr) continue;
    const ByteRange* const information = range(telegram, "data_identifier");
    mbus::Frame frame{buffer_[control->from], buffer_[control->to], std::nullopt, {}};
    const auto at = [&](std::size_t place) { return buffer_.begin() + static_cast<std::ptrdiff_t>(place); };
    if (information != nullptr) {
      frame.information = buffer_[information->from];
      frame.data.assign(at(information->to), at(range(telegram, "checksum")->from));
    }
    buffer_.erase(buffer_.begin(), at(telegram.bytes.back().to));
    return frame;
  }
  if (buffer_.size() > longest_frame)
    buffer_.erase(buffer_.begin(), buffer_.end() - static_cast<std::ptrdiff_t>(longest_frame));
  return std::nullopt;
}

}  // namespace meterrig::bench
