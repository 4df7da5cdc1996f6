#include "rig/record/seal_key.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "core/errors.hpp"
#include "rig/record/sha256.hpp"

namespace meterrig::record {

namespace {

namespace fs = std::filesystem;

// Whom an SM2 signature is made for, when nobody is named: GB/T 35276-2017, clause 10.
constexpr std::string_view sm2_signer = "1234567812345678";

struct Free {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using Bio = std::unique_ptr<BIO, Free>;

[[noreturn]] void openssl_failed(const char* what) { throw std::runtime_error(fmt::format("OpenSSL can't {}", what)); }

std::shared_ptr<EVP_PKEY> owned(EVP_PKEY* key) { return {key, &EVP_PKEY_free}; }

std::optional<SealAlgorithm> algorithm_of(const EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "ED25519")) return SealAlgorithm::ed25519;
  if (EVP_PKEY_is_a(key, "SM2")) return SealAlgorithm::sm2;
  return std::nullopt;
}

// A context that signs or verifies; SM2 hashes with SM3, Ed25519 brings its own hash.
std::unique_ptr<EVP_MD_CTX, Free> context_for(EVP_PKEY* key, SealAlgorithm algorithm,
                                              decltype(&EVP_DigestSignInit) begin) {
  std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  const EVP_MD* const digest = algorithm == SealAlgorithm::sm2 ? EVP_sm3() : nullptr;
  if (!context || begin(context.get(), &parameters, digest, nullptr, key) != 1) openssl_failed("use the seal's key");
  if (algorithm == SealAlgorithm::sm2 &&
      EVP_PKEY_CTX_set1_id(parameters, sm2_signer.data(), static_cast<int>(sm2_signer.size())) != 1)
    openssl_failed("name the signer");
  return context;
}

const unsigned char* unsigned_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string text_of(const Bio& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

// No file of ours is enciphered, and nobody sits before a run to be asked for a password.
int no_password(char*, int, int, void*) { return 0; }

class File {
 public:
  File(const fs::path& path, int flags) : handle_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (handle_ >= 0) ::close(handle_);
  }
  explicit operator bool() const noexcept { return handle_ >= 0; }
  int handle() const noexcept { return handle_; }

 private:
  int handle_;
};

std::string content_of(const File& file) {
  std::string text;
  char part[4096];
  for (ssize_t got = 0; (got = ::read(file.handle(), part, sizeof part)) > 0 && text.size() < (1 << 20);)
    text.append(part, static_cast<std::size_t>(got));
  return text;
}

// All of it, and on the disk. False with errno.
bool write_through(const File& file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file.handle(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(file.handle()) == 0;
}

UserError cant_make(const fs::path& file, int reason) {
  return UserError(fmt::format("can't make the seal's key {}: {}", file.string(), std::strerror(reason)));
}

}  // namespace

std::string_view word(SealAlgorithm algorithm) { return algorithm == SealAlgorithm::sm2 ? "SM2" : "Ed25519"; }

PublicKey::PublicKey(std::shared_ptr<EVP_PKEY> key) : key_(std::move(key)) {
  algorithm_ = algorithm_of(key_.get()).value();
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key_.get(), &der);
  if (size <= 0) openssl_failed("encode a public key");
  der_.assign(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
}

std::optional<PublicKey> PublicKey::from_der(std::string_view der) {
  const unsigned char* at = unsigned_bytes(der);
  const auto key = owned(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (!key || !algorithm_of(key.get())) return std::nullopt;
  PublicKey result(key);
  // What reads as the same key in other bytes is not what was written.
  if (result.der_ != der) return std::nullopt;
  return result;
}

PublicKey PublicKey::read(const fs::path& file) {
  const File opened(file, O_RDONLY);
  if (!opened) throw UserError(fmt::format("can't read {}: {}", file.string(), std::strerror(errno)));
  const std::string text = content_of(opened);
  const Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  const auto key = owned(PEM_read_bio_PUBKEY(bio.get(), nullptr, &no_password, nullptr));
  if (!key || !algorithm_of(key.get()))
    throw UserError(fmt::format("{}: expected a public key as `meterrig results key` prints it", file.string()));
  return PublicKey(key);
}

std::string PublicKey::pem() const {
  const Bio bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_PUBKEY(bio.get(), key_.get()) != 1) openssl_failed("write a public key");
  return text_of(bio);
}

std::string PublicKey::id() const { return hex(sha256({der_})).substr(0, 16); }

bool PublicKey::verifies(std::string_view text, std::string_view signature) const {
  const auto context = context_for(key_.get(), algorithm_, &EVP_DigestVerifyInit);
  return EVP_DigestVerify(context.get(), unsigned_bytes(signature), signature.size(), unsigned_bytes(text),
                          text.size()) == 1;
}

SealKey SealKey::make(const fs::path& file, SealAlgorithm algorithm) {
  const auto key = owned(algorithm == SealAlgorithm::sm2 ? EVP_PKEY_Q_keygen(nullptr, nullptr, "SM2")
                                                         : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  const Bio bio(BIO_new(BIO_s_secmem()));
  if (!key || !bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    openssl_failed("make a key");
  // Written beside and linked to its name when it is whole: of two programs that make one, both take the same.
  const fs::path partial = fmt::format("{}.{}", file.string(), ::getpid());
  ::unlink(partial.c_str());  // of a program with our number that was killed
  {
    const File made(partial, O_WRONLY | O_CREAT | O_EXCL);
    if (!made) throw cant_make(file, errno);
    if (!write_through(made, text_of(bio))) {
      const int reason = errno;
      ::unlink(partial.c_str());
      throw cant_make(file, reason);
    }
  }
  const int reason = ::link(partial.c_str(), file.c_str()) == 0 ? 0 : errno;
  ::unlink(partial.c_str());
  if (reason != 0 && reason != EEXIST) throw cant_make(file, reason);
  return read(file);
}

SealKey SealKey::read(const fs::path& file) {
  const File opened(file, O_RDONLY);
  if (!opened) throw UserError(fmt::format("can't read the seal's key {}: {}", file.string(), std::strerror(errno)));
  struct stat its {};
  if (::fstat(opened.handle(), &its) != 0 || (its.st_mode & 077) != 0) {
    throw UserError(fmt::format(
        "others can read the seal's key: chmod 600 {}; if they may have, make another: meterrig results key "
        "--new ed25519",
        file.string()));
  }
  const std::string text = content_of(opened);
  const Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  const auto key = owned(PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_password, nullptr));
  if (!key || !algorithm_of(key.get())) {
    throw UserError(
        fmt::format("{}: expected a private key, Ed25519 or SM2, as PKCS#8 without a password; put the right file "
                    "back, or make another: meterrig results key --new ed25519",
                    file.string()));
  }
  return SealKey(key);
}

std::string SealKey::sign(std::string_view text) const {
  const auto context = context_for(key_.get(), public_key_.algorithm(), &EVP_DigestSignInit);
  std::size_t size = 0;
  if (EVP_DigestSign(context.get(), nullptr, &size, unsigned_bytes(text), text.size()) != 1) openssl_failed("sign");
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, unsigned_bytes(text),
                     text.size()) != 1)
    openssl_failed("sign");
  signature.resize(size);
  return signature;
}

}  // namespace meterrig::record
