#include <algorithm>

#include "bench/meter/gas_meter.hpp"

namespace meterrig::bench {

namespace {
constexpr Duration processing = 25ms;
constexpr Duration report_retry = 10s;
constexpr unsigned miss_pattern_length = 10;
}  // namespace

// CJ/T 503 A.4.2: the receiver opens for T3 once in T2.
void GasMeter::listen() {
  listen_timer_.at(clock_.now() + traits_.radio.listen_period);
  if (radio_state_ != RadioState::asleep || !traits_.radio.on) return;
  if (radio_->burst_end() > clock_.now()) {
    begin_receiving(radio_->burst_end());
    return;
  }
  radio_state_ = RadioState::listening;
  draw(part_receive, traits_.current.receive);
  radio_timer_.at(clock_.now() + traits_.current.listen_time);
}

void GasMeter::burst_begins(Instant end) {
  if (radio_state_ == RadioState::listening || radio_state_ == RadioState::receiving) begin_receiving(end);
}

// A.4.1: awake, it waits for the frame, T1 past the end of the burst at most.
void GasMeter::begin_receiving(Instant burst_end) {
  radio_state_ = RadioState::receiving;
  draw(part_receive, traits_.current.receive);
  radio_timer_.at(burst_end + traits_.radio.receive_wait);
}

void GasMeter::radio_sleeps() {
  radio_state_ = RadioState::asleep;
  radio_timer_.cancel();
  draw(part_receive, 0);
}

bool GasMeter::radio_misses() {
  const unsigned bit = radio_requests_++ % miss_pattern_length;
  return (traits_.radio.deaf_to >> bit & 1U) != 0;
}

void GasMeter::frame_on_air(std::span<const std::uint8_t> bytes) {
  if (!running() || radio_state_ != RadioState::receiving) return;
  radio_sleeps();
  cjt188::Scanner scanner;
  scanner.feed(bytes);
  const auto frame = scanner.next();
  if (!frame) return;
  const cjt188::Address& own = memory_.working().address;
  if (frame->address != own) {
    const bool looks_like_own = std::equal(own.begin(), own.begin() + 3, frame->address.begin());
    const bool closes = frame->control == cjt188::control::write_data && frame->data.size() == 4 &&
                        frame->data[0] == 0xA0 && frame->data[1] == 0x17 && frame->data[3] == 0x99;
    if (traits_.radio.close_compares_three_bytes && looks_like_own && closes) command_close();
    return;
  }
  if (!addressed(*frame) || radio_misses()) return;
  radio_state_ = RadioState::answering;
  radio_request_ = *frame;
  radio_timer_.at(clock_.now() + processing);
}

void GasMeter::radio_step() {
  switch (radio_state_) {
    case RadioState::answering:
      answer_by_radio(radio_request_);
      break;
    case RadioState::transmitting:
      transmit_step();
      break;
    default:
      radio_sleeps();
  }
}

void GasMeter::answer_by_radio(const cjt188::Frame& request) {
  auto answer = execute(request, true);
  if (!answer) {
    radio_sleeps();
    return;
  }
  if (traits_.radio.default_address) answer->address = {};
  on_air_ = cjt188::encode(*answer, 0);
  if (traits_.radio.bad_checksum) on_air_[on_air_.size() - 2] ^= 0x5A;
  begin_transmitting(!traits_.radio.host_wakes);
}

void GasMeter::begin_transmitting(bool stay) {
  stay_after_transmit_ = stay;
  radio_state_ = RadioState::transmitting;
  bursts_left_ = traits_.current.transmit_bursts;
  bursting_ = false;
  parts_[part_receive] = 0;
  transmit_step();
}

void GasMeter::transmit_step() {
  const CurrentTraits& current = traits_.current;
  if (!bursting_ && bursts_left_ > 0) {
    bursting_ = true;
    --bursts_left_;
    draw(part_transmit, current.transmit);
    radio_timer_.at(clock_.now() + current.transmit_time);
    return;
  }
  bursting_ = false;
  draw(part_transmit, 0);
  if (bursts_left_ > 0) {
    radio_timer_.at(clock_.now() + current.transmit_spacing - current.transmit_time);
    return;
  }
  if (stay_after_transmit_) {
    begin_receiving(clock_.now());
  } else {
    radio_sleeps();
  }
  radio_->reply(on_air_);
}

void GasMeter::schedule_report() {
  if (!running() || !traits_.radio.on) return;
  const Duration of_day = meter_time().time_since_epoch() % 24h;
  Duration until = (report_time_of_day_ - of_day) % 24h;
  if (until <= Duration::zero()) until += 24h;
  report_timer_.at(clock_.now() + until);
}

void GasMeter::send_report() {
  if (radio_state_ != RadioState::asleep) {
    report_timer_.at(clock_.now() + report_retry);
    return;
  }
  schedule_report();
  // A report is an answer nobody asked for: serial number zero.
  const auto report =
      execute({cjt188::gas_meter, memory_.working().address, cjt188::control::read_data, {0x90, 0x1F, 0}}, true);
  if (!report) return;
  on_air_ = cjt188::encode(*report, 0);
  // On a public network the host speaks only in the wake of a report.
  begin_transmitting(!traits_.radio.host_wakes);
}

}  // namespace meterrig::bench
