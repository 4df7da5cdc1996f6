#include "bench/meter/memory.hpp"

namespace meterrig::bench {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MeterContent, pulses, settled_hundredths, history, settlement_day, reading_day,
                                   prices, price_enable_day, purchase_sequence, purchase, purchase_total, remaining,
                                   address, starts)

MeterMemory::MeterMemory(const MemoryTraits& traits, const MeterContent& content)
    : traits_(traits), working_(content), stored_(content) {}

void MeterMemory::write(Instant now, const MeterContent& content) {
  settle(now);
  under_way_ = Write{content, now + traits_.write_after, now + traits_.write_after + traits_.write_time};
}

void MeterMemory::settle(Instant now) {
  if (!under_way_ || now < under_way_->ends) return;
  stored_ = under_way_->content;
  under_way_.reset();
}

void MeterMemory::pulse_counted(Instant now) {
  ++working_.pulses;
  if (working_.pulses % traits_.save_every == 0) write(now, working_);
}

// The volume has its own place and its own rhythm.
void MeterMemory::save_parameters(Instant now) {
  settle(now);
  const auto keep_volume = [this](MeterContent& copy) {
    const std::int64_t pulses = copy.pulses;
    copy = working_;
    copy.pulses = pulses;
  };
  keep_volume(stored_);
  if (under_way_) keep_volume(under_way_->content);
  saved_all_ = false;
}

void MeterMemory::save_all(Instant now) {
  settle(now);
  under_way_.reset();
  stored_ = working_;
  saved_all_ = true;
}

void MeterMemory::power_lost(Instant now, bool slow_fall) {
  settle(now);
  // A cut in the middle of both copies leaves neither with a good checksum (mutant of 6.13).
  if (under_way_ && traits_.two_torn_copies && now >= under_way_->begins) stored_.pulses = 0;
  under_way_.reset();
  if (slow_fall && traits_.brown_out_corrupts) stored_.pulses += 137;
}

void MeterMemory::start() {
  if (traits_.settlement_day_in_ram && !saved_all_) stored_.settlement_day = 1;
  saved_all_ = false;
  ++stored_.starts;
  working_ = stored_;
}

nlohmann::json MeterMemory::kept() const { return {{"stored", stored_}, {"saved_all", saved_all_}}; }

void MeterMemory::take_up(const nlohmann::json& kept) {
  kept.at("stored").get_to(stored_);
  kept.at("saved_all").get_to(saved_all_);
  working_ = stored_;
}

}  // namespace meterrig::bench
