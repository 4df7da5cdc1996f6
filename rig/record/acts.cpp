#include "rig/record/acts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "rig/record/canonical.hpp"

namespace meterrig::record {

namespace {

using nlohmann::json;

Head head_in(const json& act) {
  const auto digest = digest_from(act.value("head", ""));
  return {act.value("events", std::uint64_t{0}), digest.value_or(Digest{})};
}

ActsReport wrong(ActsReport& report, Damage damage, std::string text) {
  report.damage = damage;
  report.text = std::move(text);
  return std::move(report);
}

// The SHA-256 of everything that the act names, as `sha256:…`.
std::vector<std::string> blobs_of(const json& act) {
  std::vector<std::string> names;
  if (act.contains("sha256")) names.push_back(act.at("sha256").get<std::string>());
  if (act.contains("documents"))
    for (const json& document : act.at("documents")) names.push_back(document.at("sha256").get<std::string>());
  return names;
}

// Of an act whose bytes are those of the chain.
std::string signature_fault(const std::string& run, const StoredAct& stored, std::span<const PublicKey> known) {
  const auto key = PublicKey::from_der(stored.public_key);
  if (!key) return "what is kept as its public key is none";
  if (!key->verifies(act_text(run, {stored.act.seq, stored.act.hash}), stored.signature))
    return fmt::format("its signature is not what key {} signed", key->id());
  if (!known.empty() && std::find(known.begin(), known.end(), *key) == known.end())
    return fmt::format("it was signed with key {}, which is not known here", key->id());
  return {};
}

// What the act rests on: the events of the run up to then, and the seal of them.
std::string ground_fault(const json& act, std::span<const StoredEvent> events, std::span<const Seal> seals) {
  const Head head = head_in(act);
  if (head.seq == 0 || head.seq > events.size() || events[head.seq - 1].hash != head.hash)
    return "the run is another one than it was about";
  if (std::none_of(seals.begin(), seals.end(), [&](const Seal& seal) { return seal.head == head; }))
    return "the seal that it rests on is missing";
  return {};
}

}  // namespace

Digest acts_start(std::string_view run, const Digest& head) {
  return sha256({"meterrig-acts-1\n", run, "\n", hex(head)});
}

std::string act_text(std::string_view run, const Head& act) {
  return fmt::format("meterrig-act-1\n{}\n{}\n{}\n", run, act.seq, hex(act.hash));
}

ActsReport check_acts(JournalStore& store, const std::string& run, std::span<const PublicKey> known) {
  ActsReport report;
  const ActLog log = store.read_acts(run);
  if (log.acts.empty() && !log.head) return report;
  std::vector<StoredEvent> links;
  for (const StoredAct& stored : log.acts) links.push_back(stored.act);
  const json first = links.empty() ? json() : json::parse(links.front().bytes, nullptr, false);
  const Digest start = acts_start(run, first.is_object() ? head_in(first).hash : Digest{});
  const ChainReport chain = verify_links(start, "act", links, log.head);
  if (!chain.ok()) return wrong(report, chain.damage, chain.text);
  const std::vector<StoredEvent> events = store.read_events(run);
  const std::vector<Seal> seals = store.read_seals(run);
  for (const StoredAct& stored : log.acts) {
    const json act = parse_canonical(stored.act.bytes);
    const auto changed = [&](const std::string& why) {
      return wrong(report, Damage::changed, fmt::format("act {} is changed: {}", stored.act.seq, why));
    };
    if (const std::string fault = signature_fault(run, stored, known); !fault.empty()) return changed(fault);
    if (const std::string fault = ground_fault(act, events, seals); !fault.empty()) return changed(fault);
    if (act.value("number", "") != stored.number) return changed("the number that is kept beside it is another one");
    for (const std::string& name : blobs_of(act)) {
      const std::string fault = blob_fault(store, "file", name);
      if (fault.empty()) continue;
      const Damage damage = fault.ends_with("in the store") ? Damage::missing : Damage::changed;
      return wrong(report, damage, fmt::format("the file of act {} is {}: {}", stored.act.seq, word(damage), fault));
    }
    report.acts.push_back(act);
  }
  report.text = chain.text;
  return report;
}

json act_of(std::string_view type, json body, std::uint64_t seq, const Head& run, Utc now) {
  body["seq"] = seq;
  body["t"] = short_utc(utc_text(now));
  body["type"] = type;
  body["events"] = run.seq;
  body["head"] = "sha256:" + hex(run.hash);
  normalise(body);
  return body;
}

json add_act(JournalStore& store, const std::string& run, const std::vector<json>& acts, std::string_view type,
             json body, const std::vector<Blob>& blobs, const SealKey& key, Utc now) {
  const SealReport seal = check_seals(store, run, {});
  if (!seal.ok() || !seal.seal)
    throw UserError(fmt::format("run {} is {}; seal its end first: meterrig results seal {}", run, seal.text, run));
  const ActLog log = store.read_acts(run);
  if (log.acts.size() != acts.size()) throw StoreError(fmt::format("somebody was faster: look at run {} again", run));
  const Head head = seal.seal->head;
  body = act_of(type, std::move(body), acts.size() + 1, head, now);
  StoredAct stored;
  stored.act = {acts.size() + 1, canonical(body), {}};
  const Digest before = log.head ? log.head->hash : acts_start(run, head.hash);
  stored.act.hash = chain_next(before, stored.act.bytes);
  stored.public_key = key.public_key().der();
  stored.signature = key.sign(act_text(run, {stored.act.seq, stored.act.hash}));
  stored.events = head.seq;
  stored.number = body.value("number", "");
  store.add_act(run, stored, blobs);
  return body;
}

}  // namespace meterrig::record
