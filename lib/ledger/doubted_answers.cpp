#include "ledger/doubted_answers.h"

#include <optional>
#include <string>
#include <string_view>

#include "handshake/handshake_names.h"
#include "ledger/final_error.h"
#include "queue/queue.h"
#include "spool/record.h"
#include "spool/spool.h"

namespace attestrd {
namespace {

/// Returns the answer in a stored record, or nothing if it is no record of the handshake: a power
/// cut may have cut it off.
std::optional<DoubtedAnswer> answer_in(const std::optional<std::string>& text,
                                       const HandshakeId& id) {
  if (!text) return std::nullopt;
  const auto record = parse_record(*text);
  if (!record || record->id != id) return std::nullopt;
  const auto reason = reason_named(record->reason);
  if (!reason) return std::nullopt;
  return DoubtedAnswer{id, *reason, std::string(record->response)};
}

}  // namespace

Result<void> DoubtedAnswers::store(std::span<const Finish> doubted) {
  if (doubted.empty()) return {};
  std::vector<HandshakeId> ids;
  for (const auto& finish : doubted) ids.push_back(finish.id);
  const auto rows = queue_.find_polling(ids);
  if (!rows) return rows.error();
  for (std::size_t i = 0; i < doubted.size(); ++i) {
    const auto& row = (*rows)[i];
    if (!row) continue;
    stored_.insert(row->id);
    const auto record = write_record(doubted[i], row->tag, row->submitted_at);
    if (const auto stored = spool_.store_doubted(row->id, record); !stored)
      return not_of_queue(stored.error());
  }
  return {};
}

Result<std::vector<DoubtedAnswer>> DoubtedAnswers::find() {
  const auto files = spool_.staged();
  if (!files) return files.error();
  const auto rows = queue_.find_polling(files->doubted);
  if (!rows) return rows.error();
  std::vector<DoubtedAnswer> found;
  for (std::size_t i = 0; i < rows->size(); ++i) {
    const HandshakeId& id = files->doubted[i];
    stored_.insert(id);
    if (!(*rows)[i]) {
      remove({&id, 1});
      continue;
    }
    const auto text = spool_.doubted(id);
    if (!text) return text.error();
    if (auto answer = answer_in(*text, id))
      found.push_back(std::move(*answer));
    else
      remove({&id, 1});
  }
  return found;
}

void DoubtedAnswers::remove(std::span<const HandshakeId> ids) {
  if (stored_.empty()) return;
  for (const auto& id : ids)
    if (stored_.erase(id) > 0) spool_.remove_doubted(id);
}

}  // namespace attestrd
