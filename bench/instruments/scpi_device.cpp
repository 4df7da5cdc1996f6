#include "bench/instruments/scpi_device.hpp"

#include <algorithm>

namespace meterrig::bench {
namespace {

constexpr std::size_t input_buffer = 64 * 1024;

constexpr std::uint8_t esr_complete = 0x01, esr_query = 0x04, esr_device = 0x08, esr_execution = 0x10,
                       esr_command = 0x20;
constexpr std::uint8_t stb_errors = 0x04, stb_message = 0x10, stb_events = 0x20, stb_master = 0x40;

std::uint8_t event_bit(int code) {
  if (code <= -100 && code > -200) return esr_command;
  if (code <= -200 && code > -300) return esr_execution;
  if (code <= -400 && code > -500) return esr_query;
  return esr_device;
}

bool header_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == ':' ||
         c == '*' || c == '?';
}

std::string upper_case(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  return result;
}

}  // namespace

// What one connection has sent and is owed.
struct ScpiDevice::Session {
  Session(Clock& clock, Port& its_port, std::function<void()> resume) : port(&its_port), timer(clock, resume) {}
  Port* port;
  std::string input;
  std::string message;
  std::string output;
  std::size_t position = 0;  // of the unit under way in the message
  const ScpiTree::Node* path = nullptr;
  bool discarding = false;  // the message is longer than the input buffer
  bool waiting = false;
  bool resumed = false;
  bool indefinite = false;  // *IDN? was answered: nothing may follow (IEEE 488.2, 6.4.5.4)
  Timer timer;
};

double ScpiCall::number(std::size_t i, const ScpiRange& range) const {
  const ScpiValue& value = values[i];
  switch (value.special) {
    case ScpiValue::Special::minimum:
      return range.minimum;
    case ScpiValue::Special::maximum:
      return range.maximum;
    case ScpiValue::Special::standard:
      return range.standard;
    case ScpiValue::Special::infinity:
      throw ScpiError{-222};
    case ScpiValue::Special::none:
      break;
  }
  if (!(value.number >= range.minimum && value.number <= range.maximum)) throw ScpiError{-222};
  return value.number;
}

double ScpiCall::limit_or(std::size_t i, const ScpiRange& range, double setting) const {
  if (!has(i)) return setting;
  if (values[i].special == ScpiValue::Special::none) throw ScpiError{-224};
  return number(i, range);
}

ScpiDevice::ScpiDevice(Clock& clock, std::string identity, ScpiDialect dialect)
    : clock_(clock), identity_(std::move(identity)), dialect_(std::move(dialect)) {
  standard_commands();
}

ScpiDevice::~ScpiDevice() = default;

void ScpiDevice::declare(std::string_view pattern, bool is_query, std::vector<ScpiParameter> parameters,
                         Handler handler) {
  const int index = static_cast<int>(entries_.size());
  entries_.push_back({std::move(parameters), std::move(handler)});
  if (pattern.front() != '*') return tree_.add(pattern, is_query, index);
  auto& slots = common_.try_emplace(std::string(pattern), ScpiTree::none, ScpiTree::none).first->second;
  (is_query ? slots.second : slots.first) = index;
}

void ScpiDevice::command(std::string_view pattern, std::vector<ScpiParameter> parameters, Handler handler) {
  declare(pattern, false, std::move(parameters), std::move(handler));
}

void ScpiDevice::query(std::string_view pattern, std::vector<ScpiParameter> parameters, Handler handler) {
  declare(pattern, true, std::move(parameters), std::move(handler));
}

void ScpiDevice::accept(std::string_view pattern, std::vector<ScpiParameter> parameters) {
  command(pattern, std::move(parameters), [](ScpiCall&) {});
}

void ScpiDevice::standard_commands() {
  static constexpr ScpiRange byte{0, 255, 0};
  query("*IDN", {}, [this](ScpiCall& call) {
    call.out += identity_;
    active_->indefinite = true;
  });
  command("*RST", {}, [this](ScpiCall&) {
    complete_armed_ = false;
    reset();
  });
  command("*CLS", {}, [this](ScpiCall&) {
    errors_.clear();
    event_status_ = 0;
    complete_armed_ = false;
    cleared();
  });
  command("*ESE", {scpi::integer()},
          [this](ScpiCall& call) { event_enable_ = static_cast<std::uint8_t>(call.integer(0, byte)); });
  query("*ESE", {}, [this](ScpiCall& call) { call.reply("{}", event_enable_); });
  command("*SRE", {scpi::integer()},
          [this](ScpiCall& call) { service_enable_ = static_cast<std::uint8_t>(call.integer(0, byte) & ~stb_master); });
  query("*SRE", {}, [this](ScpiCall& call) { call.reply("{}", service_enable_); });
  query("*STB", {}, [this](ScpiCall& call) { call.reply("{}", status_byte(*active_)); });
  query("*ESR", {}, [this](ScpiCall& call) {
    settle_operation_complete();
    call.reply("{}", std::exchange(event_status_, std::uint8_t{0}));
  });
  command("*OPC", {}, [this](ScpiCall&) { complete_armed_ = true; });
  query("*OPC", {}, [this](ScpiCall& call) {
    if (operations_end() > now()) return call.wait(operations_end());
    call.out += '1';
  });
  command("*WAI", {}, [this](ScpiCall& call) {
    if (operations_end() > now()) call.wait(operations_end());
  });
  query("*TST", {}, [](ScpiCall& call) { call.out += '0'; });
  command("*TRG", {}, [this](ScpiCall&) { trigger(); });
  query("SYSTem:ERRor[:NEXT]", {}, [this](ScpiCall& call) { call.out += next_error(); });
  query("SYSTem:ERRor:COUNt", {},
        [this](ScpiCall& call) { call.reply("{}{}", dialect_.signed_zero ? "+" : "", errors_.size()); });
  query("SYSTem:ERRor:ALL", {}, [this](ScpiCall& call) {
    do {
      call.out += next_error();
      if (!errors_.empty()) call.out += ',';
    } while (!errors_.empty());
  });
  query("SYSTem:VERSion", {}, [](ScpiCall& call) { call.out += "1999.0"; });
}

ScpiDevice::Session& ScpiDevice::session(Port& port) {
  for (auto& known : sessions_)
    if (known->port == &port) return *known;
  sessions_.push_back(nullptr);
  auto& slot = sessions_.back();
  slot = std::make_unique<Session>(clock_, port, [this, peer = &port] { resume(session(*peer)); });
  return *slot;
}

void ScpiDevice::connected(Port& port) {
  disconnected(port);
  session(port);
}

void ScpiDevice::disconnected(Port& port) noexcept {
  std::erase_if(sessions_, [&](const auto& known) { return known->port == &port; });
}

void ScpiDevice::receive(Port& port, std::span<const std::uint8_t> bytes) {
  Session& from = session(port);
  from.input.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  take_messages(from);
}

void ScpiDevice::take_messages(Session& from) {
  std::size_t taken = 0;
  while (!from.waiting) {
    const std::size_t end = from.input.find('\n', taken);
    if (end == std::string::npos) break;
    const std::size_t begin = std::exchange(taken, end + 1);
    if (std::exchange(from.discarding, false)) continue;
    if (end - begin > input_buffer) {
      push_error({-363}, {});
      continue;
    }
    from.message.assign(from.input, begin, end - begin);
    start(from);
  }
  from.input.erase(0, taken);
  if (from.input.size() <= input_buffer) return;
  if (!std::exchange(from.discarding, from.input.back() != '\n')) push_error({-363}, {});
  from.input.clear();
}

void ScpiDevice::start(Session& from) {
  from.position = 0;
  from.path = &tree_.root();
  from.output.clear();
  from.indefinite = false;
  from.resumed = false;
  run(from);
}

void ScpiDevice::resume(Session& from) {
  if (!std::exchange(from.waiting, false)) return;
  from.resumed = true;
  run(from);
  take_messages(from);
}

void ScpiDevice::run(Session& from) {
  active_ = &from;
  while (from.position < from.message.size()) {
    std::size_t next = from.position;
    const std::string_view text = scpi_trim(scpi_next(from.message, next, ';'));
    if (!text.empty() && !unit(from, text)) return;
    from.resumed = false;
    from.position = next;
  }
  if (from.output.empty()) return;
  from.output += '\n';
  from.port->send({reinterpret_cast<const std::uint8_t*>(from.output.data()), from.output.size()},
                  now() + dialect_.think);
}

const ScpiDevice::Entry& ScpiDevice::common(std::string_view name, bool is_query) const {
  const auto found = common_.find(upper_case(name));
  const int index = found == common_.end() ? ScpiTree::none : is_query ? found->second.second : found->second.first;
  if (index == ScpiTree::none) throw ScpiError{-113};
  return entries_[static_cast<std::size_t>(index)];
}

bool ScpiDevice::unit(Session& from, std::string_view text) {
  const std::size_t mark = from.output.size();
  const ScpiTree::Node* const path = from.path;
  try {
    std::size_t length = 0;
    while (length < text.size() && header_character(text[length])) ++length;
    std::string_view header = text.substr(0, length);
    const bool spaced = length == text.size() || text[length] == ' ' || text[length] == '\t';
    if (header.empty() || !spaced) throw ScpiError{-101};
    const bool is_query = header.back() == '?';
    if (is_query) header.remove_suffix(1);
    if (header.empty() || header.find('?') != std::string_view::npos) throw ScpiError{-102};
    const std::string_view arguments = text.substr(length);
    if (header.front() == '*') return execute(from, common(header, is_query), {}, arguments, is_query);
    const bool absolute = header.front() == ':';
    if (absolute) header.remove_prefix(1);
    const ScpiTree::Match match = tree_.find(absolute ? tree_.root() : *from.path, header);
    const int index = is_query ? match.node->query : match.node->set;
    if (index == ScpiTree::none) throw ScpiError{-113};
    from.path = match.node->parent;
    const bool done = execute(from, entries_[static_cast<std::size_t>(index)], match, arguments, is_query);
    if (!done) from.path = path;  // where it is read from again
    return done;
  } catch (const ScpiError& error) {
    from.output.resize(mark);
    push_error(error, text);
    return true;
  }
}

bool ScpiDevice::execute(Session& from, const Entry& entry, const ScpiTree::Match& match, std::string_view arguments,
                         bool is_query) {
  if (is_query && from.indefinite) throw ScpiError{-440};
  scpi_bind(arguments, entry.parameters, values_);
  const std::size_t mark = from.output.size();
  if (is_query && mark > 0) from.output += ';';
  ScpiCall call{values_, match, from.output, from.resumed};
  entry.handler(call);
  if (!call.waits) return true;
  from.output.resize(mark);
  from.waiting = true;
  if (call.wait_until < Instant::max()) from.timer.at(call.wait_until);
  return false;
}

void ScpiDevice::wake() {
  for (auto& waiting : sessions_)
    if (waiting->waiting) waiting->timer.at(now());
}

void ScpiDevice::raise(int code, std::string detail) { push_error({code, std::move(detail)}, {}); }

void ScpiDevice::push_error(const ScpiError& error, std::string_view text) {
  event_status_ |= event_bit(error.code);
  if (errors_.size() >= dialect_.error_queue) {
    errors_.back() = fmt::format("-350,\"{}\"", scpi_error_text(-350));
    return;
  }
  const bool own_text = error.code == -113 && !dialect_.undefined_header.empty();
  std::string entry = fmt::format("{},\"{}", error.code,
                                  own_text ? std::string_view(dialect_.undefined_header) : scpi_error_text(error.code));
  std::string detail = error.detail.empty() && dialect_.error_detail ? std::string(text.substr(0, 80)) : error.detail;
  if (!detail.empty()) {
    entry += ';';
    for (const char c : detail) {
      if (c == '"') entry += '"';
      entry += c >= ' ' && c < 127 ? c : '?';
    }
  }
  errors_.push_back(entry + '"');
}

std::string ScpiDevice::next_error() {
  if (errors_.empty()) return dialect_.no_error;
  std::string entry = std::move(errors_.front());
  errors_.pop_front();
  return entry;
}

void ScpiDevice::settle_operation_complete() {
  if (!complete_armed_ || operations_end() > now()) return;
  complete_armed_ = false;
  event_status_ |= esr_complete;
}

std::uint8_t ScpiDevice::status_byte(const Session& from) {
  settle_operation_complete();
  std::uint8_t status = summary();
  if (!errors_.empty()) status |= stb_errors;
  if (!from.output.empty()) status |= stb_message;
  if (event_status_ & event_enable_) status |= stb_events;
  if (status & service_enable_) status |= stb_master;
  return status;
}

}  // namespace meterrig::bench
