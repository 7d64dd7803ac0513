// Compares the queue in PostgreSQL with the queue in memory, which is the reference for several
// owners: two nodes write random batches, lose the answers to some, die, and take over from each
// other.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/prng.h"
#include "contract/memory_queue.h"
#include "postgres/cutting_proxy.h"
#include "postgres/fleet_scene.h"

namespace attestrd::test {
namespace {

using Cut = CuttingProxy::Cut;
using namespace std::chrono_literals;

const Wall kNow{1'700'000'000s};

std::string text_of(const QueuedHandshake& row) {
  const auto text = [](const std::optional<Wall>& time) {
    return time ? std::to_string(time->time_since_epoch().count()) : "-";
  };
  return std::string(row.id.view()) + " " + row.tag + " " + text(row.submitted_at) + " " +
         text(row.expiry) + " " + text(row.last_pending_at) + " " + std::to_string(row.polls) +
         " " + std::to_string(row.attempt) + (row.is_held ? " held" : "");
}

std::string text_of(const KnownHandshake& known) {
  struct Describe {
    std::string operator()(const UnknownHandshake&) const { return "unknown"; }
    std::string operator()(const QueuedHandshake& row) const { return "polling " + text_of(row); }
    std::string operator()(const EndingHandshake& row) const {
      return "ending " + std::string(name_of(row.outcome)) + " " + row.tag + " " +
             std::to_string(row.attempt);
    }
    std::string operator()(const EndedHandshake& row) const {
      return "ended " + std::string(name_of(row.outcome)) + " " + row.tag + " " +
             std::to_string(row.attempt) + " " + row.diverted_to;
    }
  };
  return std::visit(Describe(), known);
}

std::string text_of(const Acceptance& acceptance) {
  struct Describe {
    std::string operator()(const InsertedRow& one) const { return "inserted " + text_of(one.row); }
    std::string operator()(const MergedRow& one) const {
      return "merged " + text_of(one.row) + (one.is_tag_ignored ? " tag" : "") +
             (one.is_expiry_bounded ? " bounded" : "");
    }
    std::string operator()(const RowElsewhere&) const { return "elsewhere"; }
    std::string operator()(const AlreadyEnded& one) const {
      return "ended " + std::string(name_of(one.outcome));
    }
  };
  return std::visit(Describe(), acceptance);
}

std::string text_of(const StagedHandshake& row) {
  return std::string(row.id.view()) + " " + std::string(name_of(row.outcome)) + " " +
         std::string(name_of(row.reason)) + " " + std::to_string(row.record.length_bytes) + " " +
         std::to_string(row.attempt) + " " + row.readmitted_from +
         (row.signature ? " " + std::to_string(row.signature->front()) : "");
}

class PostgresModelTest : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  static constexpr std::size_t kIds = 8;

  /// A node in both stores, and the rows that its engine holds.
  struct Owner {
    Owner(std::string its_name, MemoryStore& store, Faults& faults,
          std::unique_ptr<PostgresQueue> its_queue)
        : name(std::move(its_name)), model(store, faults, name), queue(std::move(its_queue)) {}

    std::string name;
    MemoryQueue model;
    std::unique_ptr<PostgresQueue> queue;
    Fence model_fence;
    Fence fence;
    std::set<HandshakeId> held;
  };

  static HandshakeId id_at(std::size_t i) { return *HandshakeId::parse("DS" + std::to_string(i)); }

  PostgresAddress address() const {
    PostgresAddress address;
    address.uri = proxy_.uri();
    return address;
  }

  std::uint64_t below(std::uint64_t bound) { return prng_.next() % bound; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

  StagedHandshake random_ending(const Owner& owner, const HandshakeId& id, std::uint32_t attempt) {
    const auto outcome = one_in(2) ? Outcome::completed : Outcome::rejected;
    const auto reason = outcome == Outcome::completed ? Reason::none : Reason::replayed;
    StagedHandshake row{id, outcome, reason, kNow,
                        fingerprint_of(owner.name + std::string(below(2), 'x'))};
    if (one_in(2)) row.signature.emplace().fill(static_cast<unsigned char>(1 + below(3)));
    row.attempt = attempt;
    return row;
  }

  RowChange random_change(Owner& owner) {
    const auto id = id_at(below(kIds));
    const auto attempt = static_cast<std::uint32_t>(below(3));
    switch (below(8)) {
      case 0: return Progress{id, static_cast<std::uint32_t>(below(9)), kNow + 5s};
      case 1: return Unstage{id};
      case 2: return Reopen{id, attempt + 1, kNow + 1h, 0};
      case 3: {
        auto ending = random_ending(owner, id, attempt + 1);
        ending.readmitted_from = "name.json";
        return Readmit{std::move(ending), kNow + 2h, 0};
      }
      case 4: return SetHeld{id, one_in(2)};
      case 5: return Done{id, one_in(2) ? Outcome::completed : Outcome::rejected, "other.json"};
      default: return Stage{random_ending(owner, id, attempt)};
    }
  }

  QueueBatch random_batch(Owner& owner) {
    QueueBatch batch;
    batch.give_up_after = 25h;
    for (auto left = below(5); left > 0; --left) batch.changes.push_back(random_change(owner));
    for (auto left = below(4); left > 0; --left) {
      std::optional<Wall> expiry;
      if (one_in(2)) expiry = kNow + 1h * static_cast<int>(below(300));
      batch.submissions.push_back({id_at(below(kIds)), std::string(below(3), 't'), expiry});
    }
    if (one_in(3)) batch.reserve = DayRequests{day_, below(70)};
    return batch;
  }

  void write(Owner& owner) {
    auto batch = random_batch(owner);
    const bool is_old = one_in(10);
    batch.fence = is_old ? Fence{} : owner.model_fence;
    const auto wanted = *owner.model.write(batch, kNow);
    batch.fence = is_old ? Fence{} : owner.fence;
    const auto cut = one_in(4) ? (one_in(2) ? Cut::before_commit : Cut::after_commit) : Cut::none;
    proxy_.arm(cut);
    auto written = owner.queue->write(batch, kNow);
    const bool is_lost = proxy_.has_cut();
    proxy_.arm(Cut::none);
    if (is_lost) {
      ASSERT_FALSE(written);
      ASSERT_EQ(written.error().code, Errc::unavailable) << written.error().message;
      written = owner.queue->write(batch, kNow);
    }
    ASSERT_TRUE(written) << written.error().message;
    EXPECT_EQ(written->reserved, wanted.reserved);
    if (!is_lost || cut == Cut::before_commit) expect_equal(*written, wanted);
    note(owner, batch, wanted);
  }

  static void expect_equal(const QueueBatchResult& written, const QueueBatchResult& wanted) {
    EXPECT_EQ(written.changes, wanted.changes);
    ASSERT_EQ(written.acceptances.size(), wanted.acceptances.size());
    for (std::size_t i = 0; i < wanted.acceptances.size(); ++i)
      EXPECT_EQ(text_of(written.acceptances[i]), text_of(wanted.acceptances[i]));
  }

  /// Notes which rows the engine of an owner holds after a batch: it knows those that its own batch
  /// made ready to be polled.
  void note(Owner& owner, const QueueBatch& batch, const QueueBatchResult& result) {
    const auto hold = [&owner](const HandshakeId& id) { owner.held.insert(id); };
    for (std::size_t i = 0; i < batch.changes.size(); ++i) {
      if (result.changes[i] != Applied::applied) continue;
      if (const auto* const reopen = std::get_if<Reopen>(&batch.changes[i])) hold(reopen->id);
      if (const auto* const stage = std::get_if<Stage>(&batch.changes[i]))
        owner.held.erase(stage->handshake.id);
      const auto* const unstage = std::get_if<Unstage>(&batch.changes[i]);
      if (unstage != nullptr && (*owner.model.find_polling({&unstage->id, 1}))[0])
        hold(unstage->id);
    }
    for (std::size_t i = 0; i < batch.submissions.size(); ++i) {
      const auto& acceptance = result.acceptances[i];
      if (std::holds_alternative<InsertedRow>(acceptance) ||
          std::holds_alternative<MergedRow>(acceptance))
        hold(batch.submissions[i].id);
    }
  }

  void claim(Owner& owner) {
    const auto page = 1 + below(5);
    for (;;) {
      const auto claim = expected(owner.queue->claim(page));
      owner.fence = claim.fence;
      for (const auto& row : claim.rows) {
        EXPECT_EQ(text_of(*owner.queue->find(row.id)), "polling " + text_of(row));
        owner.held.insert(row.id);
      }
      if (claim.rows.empty()) break;
    }
    owner.model_fence = owner.model.claim(1000)->fence;
  }

  void renew(Owner& owner) {
    const auto lost = expected(owner.queue->renew());
    for (const auto& id : *owner.model.renew()) {
      const bool is_reported = std::ranges::find(lost, id) != lost.end();
      EXPECT_TRUE(is_reported || !owner.held.contains(id)) << id.view();
    }
    for (const auto& id : lost) {
      EXPECT_FALSE((*owner.queue->find_polling({&id, 1}))[0]) << id.view();
      owner.held.erase(id);
    }
  }

  void take_over(Owner& from, Owner& to) {
    claim(to);  // A dead node takes nothing.
    claim(from);
    fleet_.take_over(*from.queue, *to.queue);
    store_.take_over(from.name, to.name, to.model.generation());
    claim(to);
  }

  void compare(Owner& owner) {
    std::multiset<std::string> staged, wanted;
    for (const auto& row : expected(owner.queue->staged())) staged.insert(text_of(row));
    for (const auto& row : *owner.model.staged()) wanted.insert(text_of(row));
    EXPECT_EQ(staged, wanted) << owner.name;
    std::vector<HandshakeId> ids;
    for (std::size_t i = 0; i < kIds; ++i) ids.push_back(id_at(i));
    const auto polled = expected(owner.queue->find_polling(ids));
    const auto model = *owner.model.find_polling(ids);
    for (std::size_t i = 0; i < kIds; ++i) {
      EXPECT_EQ(text_of(*owner.queue->find(ids[i])), text_of(*owner.model.find(ids[i])));
      EXPECT_EQ(polled[i].has_value(), model[i].has_value()) << owner.name << " " << ids[i].view();
      SignedResult result{ids[i], {}};
      result.signature.fill(static_cast<unsigned char>(1 + below(3)));
      EXPECT_EQ(expected(owner.queue->find_by_signature({&result, 1}))[0].has_value(),
                (*owner.model.find_by_signature({&result, 1}))[0].has_value());
    }
    EXPECT_EQ(owner.queue->reserved()->value_or(DayRequests()),
              owner.model.reserved()->value_or(DayRequests()));
  }

  /// Every row in `polling` is held by the engine of its owner.
  void expect_no_orphan() {
    for (auto* const owner : {&first_, &second_}) {
      renew(*owner);
      claim(*owner);
      for (std::size_t i = 0; i < kIds; ++i) {
        const auto id = id_at(i);
        const bool is_polled = (*owner->queue->find_polling({&id, 1}))[0].has_value();
        EXPECT_TRUE(!is_polled || owner->held.contains(id)) << owner->name << " " << id.view();
      }
    }
  }

  static std::string server_socket() {
    const auto uri = address_in("ATTESTRD_POSTGRES").uri;
    const auto host = uri.find("host=") + 5;
    const auto port = uri.find("&port=");
    return uri.substr(host, port - host) + "/.s.PGSQL." + uri.substr(port + 6);
  }

  Prng prng_{GetParam()};
  AccountDay day_ = 0;
  Fleet fleet_{address_in("ATTESTRD_POSTGRES")};
  CuttingProxy proxy_{server_socket()};
  MemoryStore store_;
  Faults faults_;
  Owner first_{"first", store_, faults_, fleet_.open("first", address())};
  Owner second_{"second", store_, faults_, fleet_.open("second")};
};

TEST_P(PostgresModelTest, BehavesAsTheQueueInMemory) {
  store_.daily_limit = 100;
  fleet_.sql("UPDATE attestrd.node SET daily = 100");
  claim(first_);
  claim(second_);
  for (int step = 0; step < 150 && !HasFailure(); ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    day_ = 1 + step / 40;  // No owner returns to an earlier day.
    const bool is_first = one_in(2);
    auto& owner = is_first ? first_ : second_;
    if (one_in(12)) take_over(owner, is_first ? second_ : first_);
    if (one_in(4)) renew(owner);
    if (one_in(4)) claim(owner);
    write(owner);
    compare(first_);
    compare(second_);
    expect_no_orphan();
  }
}

/// tests/run --long tries more.
std::uint64_t seeds() {
  const char* const is_long = std::getenv("ATTESTRD_LONG");
  return is_long != nullptr && std::string_view(is_long) == "1" ? 100 : 5;
}

INSTANTIATE_TEST_SUITE_P(Seeds, PostgresModelTest, ::testing::Range<std::uint64_t>(1, 1 + seeds()));

}  // namespace
}  // namespace attestrd::test
