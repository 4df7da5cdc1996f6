#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "bench/desk/dlt_meter.hpp"
#include "meters/dlt645.hpp"
#include "tests/unit/bench/desk_support.hpp"

namespace meterrig::bench {

// A DL/T 645 meter as its master sees it.
struct DltLine : DeskLine {
  using Bytes = dlt645::Bytes;
  using DeskLine::DeskLine;

  // Null: silence.
  std::optional<dlt645::Frame> exchange(const dlt645::Frame& frame) {
    heard = ask(dlt645::encode(frame));
    dlt645::Scanner scanner;
    scanner.feed(heard);
    return scanner.next();
  }
  Telegram told(std::uint32_t identifier) {
    EXPECT_TRUE(exchange(dlt645::read_request(address, identifier))) << std::hex << identifier;
    return dlt645::telegrams_in(heard).front();
  }
  Values read(std::uint32_t identifier) { return values(told(identifier)); }
  // Control code and error word in one number, as 0xD402; 0: silence.
  unsigned code(const dlt645::Frame& frame) {
    const auto reply = exchange(frame);
    if (!reply) return 0;
    const bool abnormal = (reply->control & dlt645::control::abnormal) != 0;
    return abnormal ? reply->control << 8 | reply->data.at(0) : reply->control;
  }
  unsigned write(std::uint32_t identifier, const Bytes& content, std::uint32_t password = 0, std::uint8_t level = 2) {
    return code(dlt645::write_request(address, identifier, {level, password, 0x11223344}, content));
  }
  // 8 bytes of authority in front.
  unsigned command(std::uint8_t control, const Bytes& more = {}, std::uint8_t wrong = 0) {
    Bytes data{0x02, wrong, 0x00, 0x00, 0x44, 0x33, 0x22, 0x11};
    data.insert(data.end(), more.begin(), more.end());
    return code({address, control, data});
  }
  unsigned bare(std::uint8_t control, const Bytes& data, dlt645::Address to) { return code({to, control, data}); }
  unsigned bare(std::uint8_t control, const Bytes& data) { return bare(control, data, address); }
  DltMeter& inside() { return dynamic_cast<DltMeter&>(*meter.link); }

  dlt645::Address address{0x01, 0, 0, 0, 0, 0};
  Bytes heard;
};

inline const std::string loaded_meter =
    R"({"name": "e", "kind": "electricity", "address": "000000000001", "energy": "1234.56",
        "voltage": ["220.1", "221.2", "219.3"], "current": ["5.000", "4.500", "6.250"],
        "power_factor": ["0.950", "0.900", "1.000"])";

}  // namespace meterrig::bench
