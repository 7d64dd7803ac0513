#include "daemon/config/recipients.h"

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "crypto/openssl_sealing.h"
#include "crypto/secret.h"
#include "files/posix_reader.h"

namespace attestrd {
namespace {

constexpr std::size_t kMostBytes = 256 * 1024;  // Hundreds of certificates.

Error error_in(const std::string& file, Errc code, std::string_view what) {
  return fail(code, fmt::format("{}: {} (spool.seal_to)", file, what));
}

Error unread(const std::string& file, const ReadFault& fault) {
  if (fault.step == ReadFault::Step::size)
    return error_in(file, Errc::invalid_config,
                    "is larger than 256 KiB: put the certificates of the recipients there alone");
  const auto reason = std::generic_category().message(fault.error);
  return error_in(file, code_of_unread(fault.error),
                  fmt::format("can't be read: {}; it must be a plain file that the user of the "
                              "daemon may read",
                              reason));
}

}  // namespace

Result<Recipients> read_recipients(const Config& config, Wall now) {
  if (config.spool.seal_to.empty()) return Recipients{};
  const auto file = config.spool.seal_to.string();
  auto text = read_whole(file, FileKinds::plain, kMostBytes);
  if (!text) return unread(file, text.error());
  const Secret contents(std::move(*text));  // A private key may be there by mistake: it is wiped.
  const auto sealer = OpensslSealer::make(contents.reveal());
  if (!sealer) return error_in(file, sealer.error().code, sealer.error().message);
  Recipients recipients{*sealer, (*sealer)->recipients()};
  for (auto& doubt : (*sealer)->doubts(now))
    recipients.doubtful.push_back({file, std::move(doubt)});
  return recipients;
}

}  // namespace attestrd
