#include "bench/instruments/register_device.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <filesystem>
#include <tuple>

namespace meterrig::bench {
namespace {

using Item = RegisterProfile::Item;
using Type = RegisterProfile::Type;

// Exception codes, Modbus Application Protocol V1.1b3, section 7.
constexpr int illegal_address = 2;
constexpr int illegal_value = 3;
constexpr int most_words = 125;  // of one answer, section 6.4

RegisterTable table_of(const json::Node& item) {
  const std::string word = item.at("table").one_of({"holding", "input", "coils", "discrete_inputs"});
  if (word == "holding") return RegisterTable::holding;
  if (word == "input") return RegisterTable::input;
  return word == "coils" ? RegisterTable::coils : RegisterTable::discrete_inputs;
}

Type type_of(const json::Node& item) {
  const std::string word = item.at("type").one_of({"uint16", "int16", "uint32", "int32", "uint64", "float32", "ascii"});
  static constexpr std::array<std::pair<std::string_view, Type>, 7> types{{{"uint16", Type::uint16},
                                                                           {"int16", Type::int16},
                                                                           {"uint32", Type::uint32},
                                                                           {"int32", Type::int32},
                                                                           {"uint64", Type::uint64},
                                                                           {"float32", Type::float32},
                                                                           {"ascii", Type::ascii}}};
  return std::find_if(types.begin(), types.end(), [&](const auto& type) { return type.first == word; })->second;
}

std::uint16_t words_of(Type type) {
  if (type == Type::uint16 || type == Type::int16) return 1;
  return type == Type::uint64 ? 4 : 2;
}

Item register_item(const json::Member& member) {
  const json::Node& node = member.value;
  Item item;
  item.name = member.key;
  item.table = table_of(node);
  item.address = static_cast<std::uint16_t>(node.at("address").integer(0, 65535));
  item.type = type_of(node);
  item.words = words_of(item.type);
  if (const auto count = node.optional("count"))
    item.count = static_cast<std::uint16_t>(count->integer(1, most_words / item.words));
  item.words = static_cast<std::uint16_t>(item.words * item.count);
  item.word_order = node.string_or("word_order", "abcd");
  item.writable = node.string_or("access", "r") != "r" && item.count == 1;
  item.minimum = node.number_or("min", -INFINITY);
  item.maximum = node.number_or("max", INFINITY);
  if (const auto values = node.optional("values"))
    for (const json::Node& value : values->elements()) item.values.push_back(value.number());
  if (const auto bits = node.optional("bits"))
    for (const json::Member& bit : bits->members()) item.bits[bit.key] = static_cast<int>(bit.value.integer(0, 31));
  return item;
}

std::uint16_t swap_bytes(std::uint16_t word) { return static_cast<std::uint16_t>(word << 8 | word >> 8); }

// `abcd`: big-endian. `cdab`: low word first. `badc`, `dcba`: the same with the bytes of each word exchanged.
void put_words(std::uint64_t value, const Item& item, std::uint16_t* words) {
  const bool low_first = item.word_order == "cdab" || item.word_order == "dcba";
  const bool swapped = item.word_order == "badc" || item.word_order == "dcba";
  const int count = item.words / item.count;
  for (int i = 0; i < count; ++i) {
    const int shift = 16 * (low_first ? i : count - 1 - i);
    const auto word = static_cast<std::uint16_t>(value >> shift);
    words[i] = swapped ? swap_bytes(word) : word;
  }
}

std::uint64_t get_words(const Item& item, const std::uint16_t* words) {
  const bool low_first = item.word_order == "cdab" || item.word_order == "dcba";
  const bool swapped = item.word_order == "badc" || item.word_order == "dcba";
  std::uint64_t value = 0;
  for (int i = 0; i < item.words; ++i) {
    const int shift = 16 * (low_first ? i : item.words - 1 - i);
    value |= static_cast<std::uint64_t>(swapped ? swap_bytes(words[i]) : words[i]) << shift;
  }
  return value;
}

bool is_bits(RegisterTable table) { return table == RegisterTable::coils || table == RegisterTable::discrete_inputs; }

auto key(const Item& item) { return std::tuple(item.table, item.address); }

void add_bits(const json::Node& root, const char* list, RegisterTable table, RegisterProfile& profile) {
  const auto bits = root.optional(list);
  if (!bits) return;
  for (const json::Member& member : bits->members()) {
    Item item;
    item.name = member.key;
    item.table = table;
    item.address = static_cast<std::uint16_t>(member.value.at("address").integer(0, 65535));
    item.writable = member.value.string_or("access", "r") != "r";
    item.maximum = 1;
    profile.items.push_back(item);
  }
}

}  // namespace

std::shared_ptr<const RegisterProfile> load_register_profile(const std::string& folder, const std::string& id) {
  const json::Node root = json::parse_file(std::filesystem::path(folder) / (id + ".json"));
  root.at("kind").one_of({"modbus"});
  auto profile = std::make_shared<RegisterProfile>();
  profile->id = id;
  profile->model = root.at("model").string();
  profile->unit = static_cast<int>(root.integer_or("unit", 1));
  const json::Node identity = root.at("identity");
  if (identity.at("type").string() == "ascii") {
    Item item;
    item.name = "identity";
    item.table = table_of(identity);
    item.address = static_cast<std::uint16_t>(identity.at("address").integer(0, 65535));
    item.words = static_cast<std::uint16_t>(identity.at("count").integer(1, most_words));
    item.type = Type::ascii;
    profile->items.push_back(item);
    profile->model_words = static_cast<std::uint16_t>(identity.integer_or("model_registers", item.words));
  }
  if (const auto registers = root.optional("registers"))
    for (const json::Member& member : registers->members()) profile->items.push_back(register_item(member));
  add_bits(root, "coils", RegisterTable::coils, *profile);
  add_bits(root, "inputs", RegisterTable::discrete_inputs, *profile);
  std::sort(profile->items.begin(), profile->items.end(), [](const Item& a, const Item& b) { return key(a) < key(b); });
  return profile;
}

RegisterDevice::RegisterDevice(std::shared_ptr<const RegisterProfile> profile, const std::string& serial)
    : profile_(std::move(profile)), bindings_(profile_->items.size()) {
  for (std::size_t i = 0; i < bindings_.size(); ++i) {
    const Item& item = profile_->items[i];
    if (item.type != Type::ascii) continue;
    std::string text = profile_->model.substr(0, 2u * profile_->model_words);
    text.resize(2u * profile_->model_words, '\0');
    text += serial;
    text.resize(2u * item.words, '\0');
    bindings_[i].text = text;
  }
}

RegisterDevice::Binding* RegisterDevice::binding(std::string_view name) {
  for (std::size_t i = 0; i < bindings_.size(); ++i)
    if (profile_->items[i].name == name) return &bindings_[i];
  absent_.emplace_back(name);
  return nullptr;
}

void RegisterDevice::bind_real(std::string_view name, Real get, Set set) {
  if (Binding* its = binding(name)) its->real = std::move(get), its->set = std::move(set);
}

void RegisterDevice::bind_count(std::string_view name, Count get, Set set) {
  if (Binding* its = binding(name)) its->count = std::move(get), its->set = std::move(set);
}

void RegisterDevice::bind_list(std::string_view name, std::function<std::uint64_t(std::size_t)> get) {
  if (Binding* its = binding(name)) its->list = std::move(get);
}

void RegisterDevice::bind_coil(std::string_view name, std::function<bool()> get, std::function<void(bool)> set) {
  bind_count(
      name, [get = std::move(get)] { return std::uint64_t{get()}; },
      [set = std::move(set)](double value) { set(value != 0); });
}

std::uint64_t RegisterDevice::bit(std::string_view name, std::string_view flag) const {
  for (const Item& item : profile_->items) {
    if (item.name != name) continue;
    const auto found = item.bits.find(std::string(flag));
    return found == item.bits.end() ? 0 : std::uint64_t{1} << found->second;
  }
  return 0;
}

std::vector<std::string> RegisterDevice::unbound() const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < bindings_.size(); ++i) {
    const Binding& its = bindings_[i];
    const Item& item = profile_->items[i];
    const bool silent = !its.real && !its.count && !its.list && its.text.empty();
    if (silent || (item.writable && !its.set)) names.push_back(item.name);
  }
  return names;
}

std::size_t RegisterDevice::find(RegisterTable table, std::uint16_t address) const {
  const auto& items = profile_->items;
  const auto after = std::upper_bound(items.begin(), items.end(), std::tuple(table, address),
                                      [](const auto& wanted, const Item& item) { return wanted < key(item); });
  if (after == items.begin()) throw Refusal{illegal_address};
  const Item& item = *std::prev(after);
  if (item.table != table || address >= item.address + item.words) throw Refusal{illegal_address};
  return static_cast<std::size_t>(after - items.begin()) - 1;
}

void RegisterDevice::encode(std::size_t index, std::uint16_t* words) const {
  const Item& item = profile_->items[index];
  const Binding& its = bindings_[index];
  if (item.type == Type::ascii) {
    for (std::size_t i = 0; i < item.words; ++i)
      words[i] = static_cast<std::uint16_t>(static_cast<unsigned char>(its.text[2 * i]) << 8 |
                                            static_cast<unsigned char>(its.text[2 * i + 1]));
    return;
  }
  if (its.list) {
    for (std::size_t i = 0; i < item.count; ++i) put_words(its.list(i), item, words + i * item.words / item.count);
    return;
  }
  std::uint64_t value = 0;
  if (item.type == Type::float32) {
    const double real = its.real ? its.real() : its.count ? static_cast<double>(its.count()) : 0;
    value = std::bit_cast<std::uint32_t>(static_cast<float>(real));
  } else {
    value = its.count ? its.count() : its.real ? static_cast<std::uint64_t>(std::llround(its.real())) : 0;
  }
  put_words(value, item, words);
}

std::vector<std::uint16_t> RegisterDevice::read(RegisterTable table, std::uint16_t address, std::uint16_t count) {
  if (count == 0 || count > (is_bits(table) ? 2000 : most_words)) throw Refusal{illegal_value};
  std::vector<std::uint16_t> values(count);
  std::array<std::uint16_t, 128> words{};
  for (std::size_t done = 0; done < count;) {
    const auto at = static_cast<std::uint16_t>(address + done);
    if (at < address) throw Refusal{illegal_address};
    const std::size_t index = find(table, at);
    const Item& item = profile_->items[index];
    encode(index, words.data());
    for (std::size_t i = at - item.address; i < item.words && done < count; ++i) values[done++] = words[i];
  }
  return values;
}

void RegisterDevice::check(const Item& item, double value) const {
  if (!(value >= item.minimum && value <= item.maximum)) throw Refusal{illegal_value};
  if (!item.values.empty() && std::find(item.values.begin(), item.values.end(), value) == item.values.end())
    throw Refusal{illegal_value};
}

void RegisterDevice::store(std::size_t index, const std::uint16_t* words) {
  const Item& item = profile_->items[index];
  const std::uint64_t raw = get_words(item, words);
  double value = static_cast<double>(raw);
  if (item.type == Type::float32) value = static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(raw)));
  if (item.type == Type::int16) value = static_cast<std::int16_t>(raw);
  if (item.type == Type::int32) value = static_cast<std::int32_t>(raw);
  check(item, value);
  if (bindings_[index].set) bindings_[index].set(value);
}

void RegisterDevice::write(RegisterTable table, std::uint16_t address, std::span<const std::uint16_t> values) {
  std::array<std::uint16_t, 128> words{};
  for (std::size_t done = 0; done < values.size();) {
    const auto at = static_cast<std::uint16_t>(address + done);
    const std::size_t index = find(table, at);
    const Item& item = profile_->items[index];
    if (!item.writable) throw Refusal{illegal_address};
    // A part of a value keeps its other words.
    encode(index, words.data());
    for (std::size_t i = at - item.address; i < item.words && done < values.size(); ++i) words[i] = values[done++];
    if (is_bits(table) && words[0] == 0xFF00) words[0] = 1;
    store(index, words.data());
  }
}

}  // namespace meterrig::bench
