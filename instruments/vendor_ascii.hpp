#pragma once

#include <map>
#include <memory>
#include <regex>
#include <string>
#include <vector>

#include "core/io/byte_stream.hpp"
#include "instruments/profile.hpp"
#include "instruments/roles/ac.hpp"

namespace meterrig {

// An instrument with a command language of lines that is neither SCPI nor Modbus; its profile's `vendor` says the end
// of a line and, for each command by name, the template that is sent, the regular expression of the lines that may
// come, and the acknowledgement that ends the answer. What matches `refused` is the instrument's no.
class VendorAscii {
 public:
  VendorAscii(Clock& clock, std::unique_ptr<ByteStream> stream, const Profile& profile, std::string name);

  using Values = std::map<std::string, std::string>;
  // The groups of every line before the acknowledgement, line by line. Throws InstrumentError when the instrument
  // refuses, ProtocolError for any other line, TimeoutError. After an error the link is drained until it is quiet
  // before the next command, so that a late answer is never taken for another.
  Task<std::vector<std::vector<std::string>>> ask(std::string command, Values values = {});
  Task<std::string> identify();

  const std::string& name() const noexcept { return name_; }
  const Profile& profile() const noexcept { return profile_; }

 private:
  Task<std::string> line(std::string asked, Instant asked_at, Instant deadline);
  Task<> settle();
  std::string filled(const std::string& pattern, const Values& values) const;

  Clock& clock_;
  std::unique_ptr<ByteStream> stream_;
  const Profile& profile_;
  std::string name_;
  std::string end_;
  std::regex refused_;
  std::string pending_;
  bool dirty_ = false;
};

// Roles by the commands of a ZERA MT768 or MT786 and its kin.
std::unique_ptr<AcSource> make_vendor_ac_source(std::shared_ptr<VendorAscii> device);
std::unique_ptr<ReferenceMeter> make_vendor_reference_meter(std::shared_ptr<VendorAscii> device);

}  // namespace meterrig
