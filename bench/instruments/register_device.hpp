#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/memory_bus.hpp"
#include "core/json/node.hpp"

namespace meterrig::bench {

// The register map of an instrument profile (config/instruments), shared by all instruments of that profile.
struct RegisterProfile {
  enum class Type { uint16, int16, uint32, int32, uint64, float32, ascii };
  struct Item {
    std::string name;
    RegisterTable table = RegisterTable::input;
    std::uint16_t address = 0;
    std::uint16_t words = 1;  // of all its values
    std::uint16_t count = 1;  // values, one behind the other; several are read only
    Type type = Type::uint16;
    std::string word_order = "abcd";
    bool writable = false;
    double minimum = 0;
    double maximum = 0;
    std::vector<double> values;  // the only ones allowed; empty: any in range
    std::map<std::string, int> bits;
  };
  std::string id;
  std::string model;
  int unit = 1;
  std::uint16_t model_words = 0;  // of the ASCII identity; the rest is the serial number
  std::vector<Item> items;        // registers and coils, sorted by table and address
};

// Throws UserError when the profile is not that of a Modbus device.
std::shared_ptr<const RegisterProfile> load_register_profile(const std::string& folder, const std::string& id);

// A virtual Modbus device built from a profile: it has the registers that the profile names, where and in the form that
// the profile says. Names without a getter read zero; see unbound().
class RegisterDevice : public RegisterPeer {
 public:
  RegisterDevice(std::shared_ptr<const RegisterProfile> profile, const std::string& serial);

  std::vector<std::uint16_t> read(RegisterTable table, std::uint16_t address, std::uint16_t count) override;
  void write(RegisterTable table, std::uint16_t address, std::span<const std::uint16_t> values) override;

  int unit() const { return profile_->unit; }
  // Registers of the profile that nothing gives a value to, and names that were bound but the profile doesn't have.
  std::vector<std::string> unbound() const;
  const std::vector<std::string>& absent() const { return absent_; }

 protected:
  using Real = std::function<double()>;
  using Count = std::function<std::uint64_t()>;
  using Set = std::function<void(double)>;
  void bind_real(std::string_view name, Real get, Set set = {});
  void bind_count(std::string_view name, Count get, Set set = {});
  // A register of several values: `get` gives the one of that place, from 0.
  void bind_list(std::string_view name, std::function<std::uint64_t(std::size_t)> get);
  void bind_coil(std::string_view name, std::function<bool()> get, std::function<void(bool)> set);
  // 1 << bit of that name, 0 when the profile has none.
  std::uint64_t bit(std::string_view item, std::string_view name) const;

 private:
  struct Binding {
    Real real;
    Count count;
    std::function<std::uint64_t(std::size_t)> list;
    Set set;
    std::string text;  // ascii
  };
  using Item = RegisterProfile::Item;
  std::size_t find(RegisterTable table, std::uint16_t address) const;
  Binding* binding(std::string_view name);
  void encode(std::size_t index, std::uint16_t* words) const;
  void store(std::size_t index, const std::uint16_t* words);
  void check(const Item& item, double value) const;

  std::shared_ptr<const RegisterProfile> profile_;
  std::vector<Binding> bindings_;  // as profile_->items
  std::vector<std::string> absent_;
};

}  // namespace meterrig::bench
