#pragma once

#include <memory>
#include <string>

#include "core/io/byte_stream.hpp"
#include "core/io/register_bus.hpp"
#include "rig/plan/address.hpp"

namespace meterrig::rig {

// Opens what a rig file's addresses name. Who runs a rig decides what stands behind "virtual:"; the rig can't tell.
class Connector {
 public:
  virtual ~Connector() = default;
  virtual Task<std::unique_ptr<ByteStream>> stream(const plan::Address& address, const std::string& name) = 0;
  // Devices on one line share one bus. `unit`: that of the address, else the profile's; set to what answers.
  virtual Task<std::shared_ptr<RegisterBus>> bus(const plan::Address& address, const std::string& name, int& unit) = 0;
};

}  // namespace meterrig::rig
