#include "rig/record/seal.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/evp.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "rig/record/canonical.hpp"

namespace meterrig::record {

namespace {

std::string type_of(const StoredEvent& event) {
  const auto parsed = nlohmann::json::parse(event.bytes, nullptr, false);
  return parsed.is_object() ? parsed.value("type", "") : "";
}

SealReport wrong(Damage damage, std::string text) { return {damage, std::move(text), std::nullopt}; }

bool is_known(const PublicKey& key, std::span<const PublicKey> known) {
  return known.empty() || std::find(known.begin(), known.end(), key) != known.end();
}

std::string ids_of(std::span<const PublicKey> keys) {
  std::vector<std::string> ids;
  for (const PublicKey& key : keys) ids.push_back(key.id());
  return fmt::format("{}", fmt::join(ids, ", "));
}

// What a seal says the run was, against what the run is. A run that went on has more events than its earlier seals.
SealReport check_head(const std::string& run, std::span<const StoredEvent> events, const Head& sealed) {
  const auto later = events.subspan(std::min<std::size_t>(sealed.seq, events.size()));
  const bool went_on = std::any_of(later.begin(), later.end(), [](const StoredEvent& event) {
    const std::string type = type_of(event);
    return type == "run_resumed" || type == "run_refused";
  });
  const ChainReport report = verify_chain(run, went_on ? events.first(sealed.seq) : events, sealed);
  return report.ok() ? SealReport{} : wrong(report.damage, "against its seal " + report.text);
}

SealReport check_one(const std::string& run, std::span<const StoredEvent> events, const Seal& seal,
                     std::span<const PublicKey> known) {
  const auto key = PublicKey::from_der(seal.public_key);
  if (!key) return wrong(Damage::changed, "the seal is changed: what is kept as its public key is none");
  if (!key->verifies(seal_text(run, seal.head), seal.signature)) {
    return wrong(Damage::changed, fmt::format("the seal is changed: it is not what key {} signed", key->id()));
  }
  if (!is_known(*key, known)) {
    return wrong(Damage::changed,
                 fmt::format("the seal is changed: it was made with key {}, not with {}", key->id(), ids_of(known)));
  }
  return check_head(run, events, seal.head);
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts{""};
  for (const char c : text) {
    if (c == ':')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

std::optional<std::string> from_base64url(std::string text) {
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  const std::size_t missing = (4 - text.size() % 4) % 4;
  text.append(missing, '=');
  std::string bytes(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0 || missing > 2) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(size) - missing);
  return bytes;
}

struct Printed {
  std::string run;
  Head head;
  std::string algorithm;
  std::string key_id;
  std::string signature;
};

Printed read_printed(std::string_view text) {
  const std::vector<std::string> parts = split(text);
  Printed printed;
  if (parts.size() == 8 && parts[0] == "meterrig-seal" && parts[1] == "1") {
    const char* const end = parts[3].data() + parts[3].size();
    const auto head = digest_from(parts[4]);
    auto signature = from_base64url(parts[7]);
    if (std::from_chars(parts[3].data(), end, printed.head.seq).ptr == end && head && signature) {
      printed.run = parts[2];
      printed.head.hash = *head;
      printed.algorithm = parts[5];
      printed.key_id = parts[6];
      printed.signature = std::move(*signature);
      return printed;
    }
  }
  throw UserError(fmt::format(
      "--seal: found \"{}\"; expected the text of a report's QR code, meterrig-seal:1:RUN:EVENTS:HEAD:…", text));
}

}  // namespace

std::string seal_text(std::string_view run, const Head& head) {
  return fmt::format("meterrig-seal-1\n{}\n{}\n{}\n", run, head.seq, hex(head.hash));
}

bool is_closed(std::span<const StoredEvent> events) {
  if (events.empty()) return false;
  const std::string type = type_of(events.back());
  return type == "run_ended" || type == "run_refused";
}

Seal seal_run(JournalStore& store, const std::string& run, const SealKey& key, Utc now) {
  const std::vector<StoredEvent> events = store.read_events(run);
  if (!is_closed(events))
    throw UserError(fmt::format("run {} is not at its end, so there is nothing to seal yet", run));
  const ChainReport chain = verify_chain(run, events, store.head(run));
  if (!chain.ok())
    throw UserError(fmt::format("run {} is not what was written, it is not sealed: {}", run, chain.text));
  for (const Seal& seal : store.read_seals(run))
    if (seal.head.seq == chain.head.seq) return seal;
  const std::string text = seal_text(run, chain.head);
  Seal seal{chain.head, short_utc(utc_text(now)), key.public_key().der(), key.sign(text)};
  store.add_seal(run, seal);
  return seal;
}

SealReport check_seals(JournalStore& store, const std::string& run, std::span<const PublicKey> known) {
  const std::vector<StoredEvent> events = store.read_events(run);
  const std::vector<Seal> seals = store.read_seals(run);
  for (const Seal& seal : seals) {
    SealReport report = check_one(run, events, seal, known);
    if (!report.ok()) return report;
  }
  if (seals.empty()) return {Damage::none, "not sealed", std::nullopt};
  const Seal& last = seals.back();
  const PublicKey key = PublicKey::from_der(last.public_key).value();
  if (last.head.seq < events.size())
    return {Damage::none, fmt::format("sealed up to event {} by key {}; the run went on", last.head.seq, key.id()), {}};
  return {Damage::none, fmt::format("sealed by key {} ({}) {}, valid", key.id(), word(key.algorithm()), last.signed_at),
          last};
}

std::string printed_seal(std::string_view run, const Seal& seal) {
  const auto key = PublicKey::from_der(seal.public_key);
  return fmt::format("meterrig-seal:1:{}:{}:{}:{}:{}:{}", run, seal.head.seq, hex(seal.head.hash),
                     key ? word(key->algorithm()) : "?", key ? key->id() : "?", base64url(seal.signature));
}

SealReport check_printed_seal(JournalStore& store, const std::string& run, std::string_view text,
                              std::span<const PublicKey> known) {
  const Printed printed = read_printed(text);
  if (printed.run != run)
    return wrong(Damage::changed, fmt::format("the printed seal is of run {}, not of this one", printed.run));
  const std::vector<StoredEvent> events = store.read_events(run);
  SealReport report = check_head(run, events, printed.head);
  if (!report.ok()) return report;
  std::vector<PublicKey> keys(known.begin(), known.end());
  for (const Seal& seal : store.read_seals(run))
    if (const auto key = PublicKey::from_der(seal.public_key); key && known.empty()) keys.push_back(*key);
  const auto key =
      std::find_if(keys.begin(), keys.end(), [&](const PublicKey& one) { return one.id() == printed.key_id; });
  if (key == keys.end())
    return wrong(Damage::changed, fmt::format("the printed seal was made with key {}, which is not known here; give "
                                              "its public key: --key FILE",
                                              printed.key_id));
  if (!key->verifies(seal_text(run, printed.head), printed.signature))
    return wrong(Damage::changed, fmt::format("the printed seal is not what key {} signed", key->id()));
  if (printed.algorithm != word(key->algorithm()))
    return wrong(Damage::changed, fmt::format("key {} is one for {}", key->id(), word(key->algorithm())));
  report.text = fmt::format("the printed seal is by key {}, valid", key->id());
  return report;
}

std::string base64url(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  while (text.ends_with('=')) text.pop_back();
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

}  // namespace meterrig::record
