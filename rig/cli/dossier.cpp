#include "rig/cli/dossier.hpp"

#include <fmt/format.h>

#include "core/media_type.hpp"
#include "rig/cli/output_files.hpp"
#include "rig/cli/sealing.hpp"

namespace meterrig::cli {

namespace {

using Json = nlohmann::ordered_json;

std::string hex_of(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

Json seal_json(const std::string& run, const std::optional<record::Seal>& seal) {
  if (!seal) return nullptr;
  const auto key = record::PublicKey::from_der(seal->public_key).value();
  return {{"algorithm", record::word(key.algorithm())},
          {"key_id", key.id()},
          {"public_key", hex_of(seal->public_key)},
          {"signature", record::base64url(seal->signature)},
          {"events", seal->head.seq},
          {"head", "sha256:" + record::hex(seal->head.hash)},
          {"signed", seal->signed_at},
          {"text", record::printed_seal(run, *seal)}};
}

// Of the bytes of an attachment, which lie in a file from now on.
std::string laid_out(record::JournalStore& store, const fs::path& data, const nlohmann::json& attached) {
  const std::string name = attached.at("sha256");
  if (const std::string fault = record::blob_fault(store, "attachment", name); !fault.empty()) throw UserError(fault);
  const record::Digest digest = record::digest_from(name).value();
  const auto type = media_type_named(attached.at("media_type").get<std::string>());
  const std::string_view ending = type ? type->ending : ".bin";
  const fs::path file = fs::absolute(data) / "attachments" / fmt::format("{}{}", record::hex(digest), ending);
  write_file(file, store.read_blob(digest).value());
  return file.lexically_normal().string();
}

Json attachments_json(record::JournalStore& store, const fs::path& data, const RunPapers& papers) {
  std::vector<nlohmann::json> all;
  const nlohmann::json job = papers.record.value("job", nlohmann::json::object());
  for (const char* const part : {"received", "sampling"}) {
    if (!job.is_object() || !job.contains(part)) continue;
    for (const nlohmann::json& photo : job.at(part).value("photos", nlohmann::json::array())) all.push_back(photo);
  }
  for (const nlohmann::json& act : papers.approval.attachments) all.push_back(act);
  Json list = Json::array();
  for (const nlohmann::json& one : all) {
    Json entry;
    for (const char* const key : {"name", "media_type", "sha256", "caption", "sample", "id", "by", "t"})
      entry[key] = one.value(key, nlohmann::json());
    entry["file"] = laid_out(store, data, one);
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace

RunPapers papers_of(record::JournalStore& store, const std::string& run, nlohmann::json record) {
  RunPapers papers{run, std::move(record), record::check_seals(store, run, {}).seal, {}, {}};
  papers.acts = record::check_acts(store, run, {}).acts;
  papers.approval = record::fold_acts(papers.acts, store.head(run).seq);
  return papers;
}

std::string papers_fault(record::JournalStore& store, const fs::path& data, const std::string& run) {
  const std::vector<record::PublicKey> known = known_keys(data);
  const record::SealReport seal = record::check_seals(store, run, known);
  if (!seal.ok()) return seal.text;
  const record::ActsReport acts = record::check_acts(store, run, known);
  return acts.ok() ? "" : acts.text;
}

Json dossier_of(record::JournalStore& store, const fs::path& data, const RunPapers& papers) {
  const record::ReportDocument& newest = papers.approval.newest();
  const std::string& number = newest.of.empty() ? newest.number : newest.of;
  Json dossier{
      {"run", papers.run},
      {"state", record::word(newest.state)},
      {"number", number.empty() ? Json() : Json(number)},
      {"amendment", newest.amendment},
      {"seal", seal_json(papers.run, papers.seal)},
      {"signatures", {{"tested", newest.tested}, {"reviewed", newest.reviewed}, {"approved", newest.approved}}},
      {"acts", papers.acts}};
  dossier["attachments"] = attachments_json(store, data, papers);
  dossier["corrections"] = papers.approval.corrections;
  return dossier;
}

}  // namespace meterrig::cli
