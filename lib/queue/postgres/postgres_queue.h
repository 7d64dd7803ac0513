#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "queue/postgres/batch_decisions.h"
#include "queue/postgres/postgres_nodes.h"
#include "queue/postgres/postgres_register.h"
#include "queue/postgres/loss/remembered_rows.h"
#include "queue/postgres/postgres_row_reader.h"
#include "queue/postgres/postgres_values.h"
#include "queue/queue.h"

namespace attestrd {

class PostgresConnection;

/// The queue in PostgreSQL, which the nodes of a fleet share (README.md beside this file describes
/// the tables and the protocol). It lives as long as a process of a node, and takes new shelves as
/// a new instance of the node once it has lost all.
///
/// A round has two pipelines. The first reads the rows of the batch and inserts its new ids; the
/// changes are then decided in memory, and the second writes them and commits. No lock on a row of
/// another node is held between them. A transaction that finds one of its rows changed, or its
/// process replaced, fails as a whole, and is decided anew.
///
/// The clocks are those of the boots of this node's machine. A row that another node has stored has
/// the right time, and `boot` 0. A tombstone ages by the running time of the node that wrote it;
/// the tombstones of a node that is dead begin to age anew, as those of the node that purges next.
/// No tombstone is therefore forgotten early, however unlike the running times of the nodes are.
// More than 20 methods: those of Queue, and each step of a claim and of a write.
class PostgresQueue final : public Queue {
 public:
  /// Opens the queue for a process that has entered the fleet.
  PostgresQueue(std::unique_ptr<PostgresConnection> connection, Membership member);
  ~PostgresQueue() override;

  Result<Claim> claim(std::size_t max_rows) override;
  Result<std::vector<HandshakeId>> renew() override;
  Result<QueueBatchResult> write(const QueueBatch& batch, Wall now) override;
  Result<std::vector<StagedHandshake>> staged() override;
  Result<std::vector<std::optional<QueuedHandshake>>> find_polling(
      std::span<const HandshakeId> ids) override;
  Result<KnownHandshake> find(const HandshakeId& id) override;
  Result<std::vector<std::optional<HandshakeId>>> find_by_signature(
      std::span<const SignedResult> results) override;
  Result<std::vector<HandshakeId>> find_ended(const EndedQuery& query) override;
  Result<QueueCounts> count() override;
  Result<std::vector<BootClock>> clocks() override;
  Result<std::optional<Hazard>> learnt() override;
  Result<std::optional<DayRequests>> reserved() override;
  Result<OperatorPause> operator_pause() override;

  /// The membership of this process: its instance changes when it takes new shelves.
  const Membership& member() const { return member_; }
  std::shared_ptr<const SharedMembership> shared_member() const { return shared_member_; }

 private:
  /// Shelves that began to belong to this owner at the same time, whose rows are read in pages.
  struct Unread {
    std::vector<ShelfLease> shelves;
    std::string after;  ///< The greatest id that was read.
  };
  struct Begun;

  Result<PostgresResult> ask(PostgresStatement statement);

  // loss/postgres_queue_loss.cpp: a database that has lost commits.
  bool is_behind(const PostgresResult& rows, int column) const;
  Result<bool> repair_if_behind(const PostgresResult& rows, int column);
  Result<bool> has_lost_commits();
  Result<void> repair();
  Result<void> enter_after_loss();
  Result<std::size_t> write_again(std::span<const SharedRow> rows);
  void note_committed(const BatchDecisions& decisions, const QueueBatch& batch, std::int64_t round);

  Result<PostgresResult> own_shelves();
  Result<void> finish_entering();
  Result<void> find_shelves();
  Result<void> note_given();
  Result<void> read_pages(Claim& claim, std::size_t max_rows);
  Result<bool> read_page(Unread& unread, Claim& claim, std::size_t most);
  Result<void> read_left_rows(Claim& claim, std::size_t most);
  void give(ReadRow row, Claim& claim);
  Result<std::optional<QueueBatchResult>> try_write(const QueueBatch& batch, Wall now);
  Result<std::optional<Begun>> begin(const QueueBatch& batch, Wall now);
  Result<bool> read_merged(Begun& begun);
  Result<void> add_rows(const PostgresResult& rows, BatchDecisions& decisions) const;
  Result<QueueBatchResult> commit(Begun& begun, const QueueBatch& batch, Wall now);
  PostgresPipeline changes_of(const Begun& begun, const QueueBatch& batch) const;
  Result<void> find_foreign_shelf();
  Result<void> read_known_before();
  bool is_ours(const ReadRow& read) const;
  bool has_lost_a_shelf(const PostgresResult& fence);

  std::unique_ptr<PostgresConnection> connection_;
  Membership member_;
  std::shared_ptr<SharedMembership> shared_member_ = std::make_shared<SharedMembership>(member_);
  std::string next_instance_;  ///< As which it is entering the fleet; empty: it has entered.
  std::uint64_t generation_ = 1;
  std::map<std::int64_t, std::int64_t> known_;  ///< Epochs of the shelves that it was given.
  std::vector<std::int64_t> shelves_;           ///< Those that it still has, as it saw last.
  std::int64_t foreign_shelf_ = 0;  ///< For new rows once it has lost all shelves; 0: unknown.
  std::vector<Unread> unread_;
  std::int64_t round_ = 0;  ///< The last one that this process is known to have committed.
  RememberedRows remembered_;
  bool is_behind_ = false;              ///< Commits were lost, and are not written again yet.
  std::vector<HandshakeId> abandoned_;  ///< After a loss: to be reported as lost, and given again.
  std::vector<HandshakeId> given_;      ///< Given rows whose mark `is_unclaimed` must be removed.
  std::optional<Hazard> known_before_;  ///< Learnt by this node before the queue was opened.
};

}  // namespace attestrd
