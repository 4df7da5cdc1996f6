#include "rig/cli/dossier.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "rig/cli/output_files.hpp"
#include "rig/cli/sealing.hpp"

namespace meterrig::cli {

namespace {

using Json = nlohmann::ordered_json;

struct MediaType {
  std::string_view type;
  std::string_view ending;
  std::string_view begins;  // empty: whatever is text
};
constexpr std::array<MediaType, 4> media_types{{{"image/png", ".png", "\x89PNG\r\n\x1a\n"},
                                                {"image/jpeg", ".jpg", "\xff\xd8\xff"},
                                                {"application/pdf", ".pdf", "%PDF-"},
                                                {"text/plain", ".txt", ""}}};

bool is_text(std::string_view bytes) {
  const auto control = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r';
  };
  if (bytes.empty() || std::any_of(bytes.begin(), bytes.end(), control)) return false;
  try {
    (void)nlohmann::json(bytes).dump();
    return true;
  } catch (const nlohmann::json::type_error&) {
    return false;  // not UTF-8
  }
}

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
  const auto type = std::find_if(media_types.begin(), media_types.end(),
                                 [&](const MediaType& one) { return one.type == attached.at("media_type"); });
  const std::string_view ending = type == media_types.end() ? ".bin" : type->ending;
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
  Json dossier{{"run", papers.run},
               {"state", record::word(newest.state)},
               {"number", number.empty() ? Json() : Json(number)},
               {"amendment", newest.amendment},
               {"seal", seal_json(papers.run, papers.seal)},
               {"acts", papers.acts}};
  dossier["attachments"] = attachments_json(store, data, papers);
  dossier["corrections"] = papers.approval.corrections;
  return dossier;
}

std::string media_type_of(std::string_view bytes) {
  for (const MediaType& one : media_types)
    if (one.begins.empty() ? is_text(bytes) : bytes.starts_with(one.begins)) return std::string(one.type);
  return {};
}

}  // namespace meterrig::cli
