#include "instruments/profile.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/errors.hpp"

namespace meterrig {

const nlohmann::json& Profile::role(const std::string& role) const {
  const auto& roles = document_.at("roles");
  const auto found = roles.find(role);
  if (found != roles.end()) return *found;
  std::vector<std::string> have;
  for (const auto& [name, value] : roles.items()) have.push_back(name);
  throw UserError(fmt::format("the instrument profile {:?} does not fill the role {:?}; it fills {}", id(), role,
                              fmt::join(have, ", ")));
}

const std::string& Profile::command(const std::string& role_name, const std::string& command) const {
  const auto& commands = role(role_name).at("commands");
  const auto found = commands.find(command);
  if (found == commands.end())
    throw UserError(fmt::format("the instrument profile {:?} has no command {:?} for the role {:?}; add it to its file",
                                id(), command, role_name));
  return found->get_ref<const std::string&>();
}

Accuracy Profile::accuracy(const std::string& function, int channel) const {
  const nlohmann::json none = nlohmann::json::object();
  nlohmann::json table = document_.value("accuracy", none);
  if (channel > 0)
    table.update(role("power_supply").at("channels").at(static_cast<std::size_t>(channel - 1)).value("accuracy", none));
  std::vector<AccuracyLine> lines;
  if (const auto found = table.find(function); found != table.end())
    for (const auto& line : *found) {
      const double up_to = line.at("up_to");
      lines.push_back({up_to, line.at("of_reading"),
                       line.at("offset").get<double>() + line.value("of_range", 0.0) * up_to, line.at("resolution")});
    }
  const auto calibrated = calibrations_.find(function);
  if (calibrated == calibrations_.end()) return Accuracy(std::move(lines));
  return Accuracy(std::move(lines), calibrated->second);
}

}  // namespace meterrig
