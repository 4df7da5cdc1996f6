#include "meters/mbus_records.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <fmt/format.h>

#include "meters/mbus_units.hpp"
#include "meters/mbus_values.hpp"

namespace meterrig::mbus {
namespace {

using View = std::span<const std::uint8_t>;

constexpr std::uint8_t extension = 0x80;
constexpr std::size_t most_extensions = 10;  // of a DIF and of a VIF
constexpr std::uint8_t filler = 0x2F, manufacturer_data = 0x0F, manufacturer_data_more = 0x1F, global_readout = 0x7F;
constexpr std::uint8_t plain_text_vif = 0x7C, fb_vif = 0x7B, fd_vif = 0x7D, manufacturer_vif = 0x7F;

// Bytes of data by the low nibble of the DIF; 0D carries its length with it, 0F is no record.
constexpr std::array<std::size_t, 16> data_sizes{0, 1, 2, 3, 4, 4, 6, 8, 0, 1, 2, 3, 4, 0, 6, 0};
constexpr std::array<std::string_view, 4> function_suffixes{"", "_maximum", "_minimum", "_error_state"};

// Why a record can't be read. Thrown inside this file only.
struct Unreadable {
  std::string why;
};

class Reader {
 public:
  Reader(View data, std::size_t offset) : data_(data), offset_(offset) {}

  Records all() {
    while (at_ < data_.size()) {
      const std::size_t from = at_;
      const std::string is = one();
      out_.bytes.push_back({offset_ + from, offset_ + at_, is});
    }
    return std::move(out_);
  }

 private:
  // What is known of the record at hand. Kept when it turns out to be unreadable.
  struct Record {
    RecordHead head;
    std::string name, unit;
    int exponent = 0;
    Kind kind = Kind::number;
    std::size_t extensions = 0;  // the longer of the two chains
    bool refused = false;        // a VIFE says that the meter has no value
  };

  // Reads one record, or a single special byte, and says what the range is.
  std::string one() {
    const std::uint8_t dif = data_[at_];
    if (dif == filler) return ++at_, "filler";
    if (dif == global_readout) return ++at_, "global_readout";
    if (dif == manufacturer_data || dif == manufacturer_data_more) return rest_is_manufacturers(dif);
    const std::size_t from = at_;
    Record record;
    std::string why;
    try {
      read_dif(record);
      read_vif(record);
      const View data = take_data(record.head.coding);
      if (record.extensions <= most_extensions) {
        add_value(record, data);
        return out_.items.back().name;
      }
      why = fmt::format("{} extensions, at most {}", record.extensions, most_extensions);
    } catch (const Unreadable& unreadable) {
      why = unreadable.why;
      at_ = data_.size();
    }
    if (out_.error.empty()) {
      out_.error = telegram_error::bad_record;
      out_.explanation = fmt::format("byte {}: record of {}", offset_ + from, why);
    }
    depart("bad_record");
    out_.items.push_back({record.name.empty() ? "bad_record" : full_name(record), "", ""});
    return "bad_record";
  }

  std::string rest_is_manufacturers(std::uint8_t dif) {
    out_.more_follow = dif == manufacturer_data_more;
    out_.items.push_back({"manufacturer_data", to_hex(data_.subspan(at_ + 1)), ""});
    at_ = data_.size();
    return "manufacturer_data";
  }

  std::uint8_t take(std::string_view what) {
    if (at_ >= data_.size()) throw Unreadable{fmt::format("which the data end before {}", what)};
    return data_[at_++];
  }
  View take(std::size_t size, std::string_view what) {
    if (size > data_.size() - at_)
      throw Unreadable{fmt::format("{} bytes {}, {} are left", size, what, data_.size() - at_)};
    at_ += size;
    return data_.subspan(at_ - size, size);
  }

  void read_dif(Record& record) {
    std::uint8_t byte = take("a DIF");
    if ((byte & 0x0F) == 0x0F) throw Unreadable{fmt::format("the reserved DIF {:02X}", byte)};
    RecordHead& head = record.head;
    head.coding = static_cast<Coding>(byte & 0x0F);
    head.function = static_cast<Function>(byte >> 4 & 3);
    head.storage = byte >> 6 & 1;
    for (std::size_t n = 0; (byte & extension) != 0; ++n) {
      byte = take("a DIFE");
      record.extensions = n + 1;
      if (n >= most_extensions) continue;
      head.storage |= static_cast<std::uint64_t>(byte & 0x0F) << (1 + 4 * n);
      head.tariff |= static_cast<std::uint32_t>(byte >> 4 & 3) << 2 * n;
      head.subunit |= static_cast<std::uint32_t>(byte >> 6 & 1) << n;
    }
  }

  void read_vif(Record& record) {
    std::uint8_t byte = take("a VIF");
    std::uint8_t code = byte & 0x7F;
    VifTable table = VifTable::primary;
    if (code == plain_text_vif) {
      // The text is the unit in the standard's mind; makers put the name there.
      record.name = latin1_text(take(take("the length of a VIF text"), "of VIF text"));
      if (record.name.empty()) record.name = "plain_text";
    } else {
      if (byte == (fb_vif | extension) || byte == (fd_vif | extension)) {
        table = byte == (fb_vif | extension) ? VifTable::fb : VifTable::fd;
        byte = take("a VIFE");
        code = byte & 0x7F;
      }
      const auto known = quantity(table, code);
      if (known) {
        record.name = known->name;
        record.unit = known->unit;
        record.exponent = known->exponent;
        record.kind = known->kind;
      } else {
        static constexpr std::array<std::string_view, 3> tables{"", "FB", "FD"};
        record.name = fmt::format("vif_{}{:02X}", tables[static_cast<std::size_t>(table)], code);
        depart("unknown_vif");
      }
    }
    read_vifes(record, byte, table == VifTable::primary && code == manufacturer_vif);
  }

  void read_vifes(Record& record, std::uint8_t byte, bool manufacturers) {
    std::size_t count = 0;
    while ((byte & extension) != 0) {
      byte = take("a VIFE");
      const std::uint8_t code = byte & 0x7F;
      if (++count > most_extensions) continue;
      if (manufacturers) {
        record.name += fmt::format("_{:02X}", code);
      } else if (code == manufacturer_vif) {
        manufacturers = true;
        record.name += "_manufacturer";
      } else if (code < record_errors_end) {
        record.refused = true;
        depart(fmt::format("record_error_{:02X}", code));
      } else if (const auto change = modifier(code)) {
        record.name += change->name_suffix;
        record.unit += change->unit_suffix;
        record.exponent += change->exponent;
      } else {
        record.name += fmt::format("_vife_{:02X}", code);
        depart("unknown_vife");
      }
    }
    record.extensions = std::max(record.extensions, count);
  }

  // With the length byte in front where the coding has one.
  View take_data(Coding coding) {
    if (coding != Coding::variable) return take(data_size(coding), "of data");
    const std::size_t begin = at_;
    const std::uint8_t lvar = take("the length of its data");
    const auto size = variable_size(lvar);
    if (!size) throw Unreadable{fmt::format("the reserved length {:02X}", lvar)};
    take(*size, "of data");
    return data_.subspan(begin, 1 + *size);
  }

  void add_value(const Record& record, View data) {
    if (record.refused) return out_.items.push_back({full_name(record), "", ""});
    Value value = value_of(record.head.coding, record.kind, record.exponent, data);
    if (!value.departure.empty()) depart(value.departure);
    out_.items.push_back({full_name(record), value.text, value.is_number ? record.unit : ""});
  }

  static std::string full_name(const Record& record) {
    std::string name = record.name;
    name += function_suffix(record.head.function);
    if (record.head.tariff > 0) name += fmt::format("_tariff_{}", record.head.tariff);
    if (record.head.subunit > 0) name += fmt::format("_subunit_{}", record.head.subunit);
    if (record.head.storage > 0) name += fmt::format("_storage_{}", record.head.storage);
    return name;
  }

  void depart(std::string name) {
    if (std::find(out_.departures.begin(), out_.departures.end(), name) == out_.departures.end())
      out_.departures.push_back(std::move(name));
  }

  View data_;
  std::size_t offset_;
  std::size_t at_ = 0;
  Records out_;
};

}  // namespace

std::size_t data_size(Coding coding) { return data_sizes[static_cast<std::size_t>(coding)]; }

std::string_view function_suffix(Function function) { return function_suffixes[static_cast<std::size_t>(function)]; }

std::vector<std::uint8_t> encode_record(const RecordHead& head, std::span<const std::uint8_t> data) {
  std::uint64_t storage = head.storage >> 1;
  std::uint32_t tariff = head.tariff, subunit = head.subunit;
  std::vector<std::uint8_t> out{static_cast<std::uint8_t>(
      (head.storage & 1) << 6 | static_cast<unsigned>(head.function) << 4 | static_cast<unsigned>(head.coding))};
  while (storage > 0 || tariff > 0 || subunit > 0) {
    if (out.size() > most_extensions) throw std::invalid_argument("a record has at most 10 DIFEs");
    out.back() |= extension;
    out.push_back(static_cast<std::uint8_t>((subunit & 1) << 6 | (tariff & 3) << 4 | (storage & 0xF)));
    storage >>= 4;
    tariff >>= 2;
    subunit >>= 1;
  }
  out.insert(out.end(), head.vif.begin(), head.vif.end());
  out.insert(out.end(), data.begin(), data.end());
  return out;
}

Records records_in(std::span<const std::uint8_t> data, std::size_t offset) { return Reader(data, offset).all(); }

}  // namespace meterrig::mbus
