#pragma once

#include <map>
#include <vector>

#include "queue/queue.h"
#include "unit/ledger/faults.h"

namespace attestrd::test {

/// The rows of a queue, as they are on the disk.
struct MemoryRows {
  struct Open {
    QueuedHandshake row;
    std::optional<StagedHandshake> staged;
  };
  std::map<HandshakeId, Open> open;
  std::map<HandshakeId, Outcome> ended;
  std::optional<Wall> purged_before;
  std::optional<std::string> hazard;
  std::optional<DayRequests> reserved;
};

/// A connection to them: what it did since begin() is gone with it.
class MemoryQueue final : public Queue {
 public:
  MemoryQueue(MemoryRows& disk, Faults& faults) : disk_(disk), rows_(disk), faults_(faults) {}

  Result<void> begin() override {
    rows_ = disk_;
    return write();
  }

  Result<void> commit() override {
    if (auto written = write(); !written) return written;
    disk_ = rows_;
    faults_.step();
    return {};
  }

  void rollback() override { rows_ = disk_; }

  Result<Acceptance> accept(const Submission& submission, Wall now) override {
    if (auto written = write(); !written) return written.error();
    QueuedHandshake fresh{submission.id, submission.tag, now, submission.expiry, {}, 0};
    if (const auto ended = rows_.ended.find(submission.id); ended != rows_.ended.end())
      return Acceptance{Acceptance::Kind::already_ended, fresh, ended->second};
    const auto [found, is_new] = rows_.open.emplace(submission.id, MemoryRows::Open{fresh, {}});
    if (is_new) return Acceptance{Acceptance::Kind::inserted, fresh, {}};
    if (const auto& staged = found->second.staged)
      return Acceptance{Acceptance::Kind::already_ended, fresh, staged->outcome};
    return Acceptance{Acceptance::Kind::merged, found->second.row, {}};
  }

  Result<bool> update_progress(const HandshakeId& id, std::uint32_t polls,
                               std::optional<Wall> last_pending_at) override {
    if (auto written = write(); !written) return written.error();
    auto* const open = find(id, false);
    if (open == nullptr) return false;
    open->row.polls = polls;
    open->row.last_pending_at = last_pending_at;
    return true;
  }

  Result<bool> stage(const StagedHandshake& staged) override {
    if (auto written = write(); !written) return written.error();
    auto* const open = find(staged.id, false);
    if (open != nullptr) open->staged = staged;
    return open != nullptr;
  }

  Result<bool> unstage(const HandshakeId& id) override {
    if (auto written = write(); !written) return written.error();
    auto* const open = find(id, true);
    if (open != nullptr) open->staged.reset();
    return open != nullptr;
  }

  Result<bool> mark_done(const HandshakeId& id) override {
    if (auto written = write(); !written) return written.error();
    auto* const open = find(id, true);
    if (open == nullptr) return false;
    rows_.ended[id] = open->staged->outcome;
    rows_.open.erase(id);
    return true;
  }

  Result<std::size_t> purge_tombstones(Wall horizon, std::size_t) override {
    rows_.purged_before = horizon;
    const std::size_t purged = rows_.ended.size();
    rows_.ended.clear();
    return purged;
  }

  Result<std::optional<QueuedHandshake>> find_polling(const HandshakeId& id) override {
    faults_.step();
    auto* const open = find(id, false);
    return open == nullptr ? std::nullopt : std::optional(open->row);
  }

  Result<KnownHandshake> find(const HandshakeId& id) override {
    if (const auto ended = rows_.ended.find(id); ended != rows_.ended.end())
      return KnownHandshake(EndedHandshake{ended->second, {}});
    const auto open = rows_.open.find(id);
    if (open == rows_.open.end()) return KnownHandshake();
    if (const auto& staged = open->second.staged)
      return KnownHandshake(EndingHandshake{staged->outcome, staged->finished_at});
    return KnownHandshake(open->second.row);
  }

  Result<void> for_each_polling(
      const std::function<void(const QueuedHandshake& row)>& visit) override {
    for (const auto& [id, open] : rows_.open)
      if (!open.staged) visit(open.row);
    return {};
  }

  Result<std::vector<StagedHandshake>> staged() override {
    faults_.step();
    std::vector<StagedHandshake> staged;
    for (const auto& [id, open] : rows_.open)
      if (open.staged) staged.push_back(*open.staged);
    return staged;
  }

  Result<QueueCounts> count() override {
    QueueCounts counts;
    for (const auto& [id, open] : rows_.open) ++(open.staged ? counts.staged : counts.polling);
    counts.ended = rows_.ended.size();
    return counts;
  }

  Result<void> save_hazard(std::string_view text) override {
    if (auto written = write(); !written) return written;
    rows_.hazard = text;
    return {};
  }
  Result<std::optional<std::string>> hazard() override { return rows_.hazard; }

  Result<void> save_reserved(const DayRequests& requests) override {
    if (auto written = write(); !written) return written;
    rows_.reserved = requests;
    return {};
  }
  Result<std::optional<DayRequests>> reserved() override { return rows_.reserved; }

 private:
  Result<void> write() {
    if (faults_.writing_step()) return fail(Errc::disk_full, "the queue");
    return {};
  }

  MemoryRows::Open* find(const HandshakeId& id, bool staged) {
    const auto found = rows_.open.find(id);
    if (found == rows_.open.end() || found->second.staged.has_value() != staged) return nullptr;
    return &found->second;
  }

  MemoryRows& disk_;
  MemoryRows rows_;
  Faults& faults_;
};

}  // namespace attestrd::test
