#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <variant>
#include <vector>

#include "base/check.h"
#include "base/limits.h"
#include "queue/queue.h"

// The contract of `Queue` (queue/queue.h) with one owner. `Maker` has `Queue& queue()`, and
// `void reopen()`, which starts a new process of the same owner.

namespace attestrd::test {

inline const Wall kQueueNow{std::chrono::seconds(1'700'000'000)};

template <class Maker>
class QueueContract : public ::testing::Test {
 protected:
  using Rows = std::vector<std::string>;

  static HandshakeId id_of(std::string_view text) {
    const auto id = HandshakeId::parse(text);
    ATTESTRD_CHECK(id.has_value());
    return *id;
  }

  Queue& queue() { return maker_.queue(); }

  /// Starts a new process, which claims all rows. Returns their ids in the order of acceptance.
  Rows reopen(std::size_t page = 100) {
    maker_.reopen();
    return claim_all(page);
  }

  Rows claim_all(std::size_t page = 100) {
    Rows ids;
    for (;;) {
      const auto claim = *queue().claim(page);
      fence_ = claim.fence;
      EXPECT_LE(claim.rows.size(), page);
      for (const auto& row : claim.rows) ids.emplace_back(row.id.view());
      if (claim.rows.empty()) return ids;
    }
  }

  QueueBatch batch() const {
    QueueBatch batch;
    batch.fence = fence_;
    return batch;
  }

  QueueBatchResult write(const QueueBatch& batch, Wall now = kQueueNow) {
    auto result = queue().write(batch, now);
    EXPECT_TRUE(result) << result.error().message;
    return result ? std::move(*result) : QueueBatchResult{};
  }

  Acceptance accept(std::string_view id, std::string tag = "", std::optional<Wall> expiry = {}) {
    auto wanted = batch();
    wanted.submissions.push_back({id_of(id), std::move(tag), expiry});
    return write(wanted).acceptances.at(0);
  }

  Applied apply(const RowChange& change) {
    auto wanted = batch();
    wanted.changes.push_back(change);
    return write(wanted).changes.at(0);
  }

  static Stage stage(std::string_view id, std::string_view record = "record",
                     Duration after = std::chrono::seconds(5)) {
    return {
        {id_of(id), Outcome::failed, Reason::expired, kQueueNow + after, fingerprint_of(record)}};
  }

  static Done done(std::string_view id) { return {id_of(id), Outcome::failed}; }

  static SignaturePrefix signature(unsigned char byte) {
    SignaturePrefix prefix{};
    prefix.back() = byte;  // So that no two differ in their first bytes.
    return prefix;
  }

  static Stage stage_signed(std::string_view id, unsigned char byte) {
    auto signed_stage = stage(id);
    signed_stage.handshake.signature = signature(byte);
    return signed_stage;
  }

  /// Returns the other handshake that has the signature, as text; empty: none.
  std::string other_with(std::string_view id, unsigned char byte) {
    const SignedResult result{id_of(id), signature(byte)};
    const auto others = queue().find_by_signature({&result, 1});
    EXPECT_TRUE(others) << others.error().message;
    return others && others->at(0) ? std::string(others->at(0)->view()) : "";
  }

  std::optional<QueuedHandshake> polling(std::string_view id) {
    const std::vector<HandshakeId> ids{id_of(id)};
    return queue().find_polling(ids)->at(0);
  }

  /// Puts DSpolling, DSstaged and DSended into the states that their names give.
  void given_rows() {
    for (const auto* const id : {"DSpolling", "DSstaged", "DSended"}) accept(id, "7");
    EXPECT_EQ(apply(stage("DSstaged")), Applied::applied);
    EXPECT_EQ(apply(stage("DSended")), Applied::applied);
    EXPECT_EQ(apply(done("DSended")), Applied::applied);
  }

  Maker maker_;
  Fence fence_ = queue().claim(1)->fence;
};

TYPED_TEST_SUITE_P(QueueContract);

TYPED_TEST_P(QueueContract, KeepsARowAsItWasAccepted) {
  using namespace std::chrono_literals;
  const auto first = this->accept("DSa", "tag \xc3\xa4", kQueueNow + 1h);
  ASSERT_TRUE(std::holds_alternative<InsertedRow>(first));
  EXPECT_EQ(std::get<InsertedRow>(first).row.tag, "tag ä");
  this->reopen();
  const auto row = this->polling("DSa");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->tag, "tag ä");
  EXPECT_EQ(row->submitted_at, kQueueNow);
  EXPECT_EQ(row->expiry, kQueueNow + 1h);
  EXPECT_EQ(row->polls, 0U);
  EXPECT_EQ(row->last_pending_at, std::nullopt);
}

TYPED_TEST_P(QueueContract, KeepsTimesInMilliseconds) {
  using namespace std::chrono_literals;
  auto wanted = this->batch();
  wanted.submissions.push_back({this->id_of("DSa"), "", {}});
  const auto acceptance = this->write(wanted, kQueueNow + 1'500us).acceptances.at(0);
  EXPECT_EQ(std::get<InsertedRow>(acceptance).row.submitted_at, kQueueNow + 1ms);
  EXPECT_EQ(this->polling("DSa")->submitted_at, kQueueNow + 1ms);
  this->apply(Progress{this->id_of("DSa"), 1, kQueueNow + 2'999us});
  EXPECT_EQ(this->polling("DSa")->last_pending_at, kQueueNow + 2ms);
}

TYPED_TEST_P(QueueContract, MergesASecondSubmission) {
  using namespace std::chrono_literals;
  const auto merged = [this](auto... what) {
    return std::get<MergedRow>(this->accept("DSa", what...)).row;
  };
  this->accept("DSa", "1");
  const auto given = merged("2", kQueueNow + 2h);
  EXPECT_EQ(given.tag, "1") << "the first tag holds";
  EXPECT_EQ(given.expiry, kQueueNow + 2h);
  EXPECT_EQ(merged("1", kQueueNow + 1h).expiry, kQueueNow + 2h) << "the later expiry holds";
  EXPECT_EQ(merged().expiry, kQueueNow + 2h);
  EXPECT_EQ(merged("", kQueueNow + 3h).expiry, kQueueNow + 3h);
  EXPECT_EQ(this->polling("DSa")->expiry, kQueueNow + 3h);
  EXPECT_EQ(this->polling("DSa")->tag, "1");
}

TYPED_TEST_P(QueueContract, ALaterSubmissionHarmsNoPendingRow) {
  using namespace std::chrono_literals;
  auto wanted = this->batch();
  wanted.give_up_after = 25h;
  wanted.submissions = {{this->id_of("DSa"), "", {}},
                        {this->id_of("DSa"), "another's", kQueueNow + 1h},
                        {this->id_of("DSa"), "", kQueueNow + 1000h}};
  const auto acceptances = this->write(wanted).acceptances;
  const auto& tagged = std::get<MergedRow>(acceptances.at(1));
  EXPECT_TRUE(tagged.is_tag_ignored);
  EXPECT_FALSE(tagged.is_expiry_bounded);
  EXPECT_EQ(tagged.row.expiry, std::nullopt) << "its life is not shortened";
  const auto& prolonged = std::get<MergedRow>(acceptances.at(2));
  EXPECT_FALSE(prolonged.is_tag_ignored);
  EXPECT_TRUE(prolonged.is_expiry_bounded);
  const auto row = this->polling("DSa");
  EXPECT_EQ(row->tag, "");
  EXPECT_EQ(row->expiry, kQueueNow + limits::kExpiryMove);
}

TYPED_TEST_P(QueueContract, LeadsARowThroughItsStates) {
  using namespace std::chrono_literals;
  const auto id = this->id_of("DSa");
  this->accept("DSa");
  EXPECT_EQ(this->apply(Progress{id, 3, kQueueNow + 1s}), Applied::applied);
  EXPECT_EQ(this->polling("DSa")->polls, 3U);
  EXPECT_EQ(this->apply(this->done("DSa")), Applied::wrong_state) << "it is not staged";
  EXPECT_EQ(this->apply(Unstage{id}), Applied::wrong_state);
  EXPECT_EQ(this->apply(this->stage("DSa")), Applied::applied);
  EXPECT_EQ(this->apply(this->stage("DSa", "another")), Applied::wrong_state) << "not polling";
  EXPECT_EQ(this->apply(Progress{id, 4, {}}), Applied::wrong_state);
  EXPECT_FALSE(this->polling("DSa"));
  EXPECT_EQ(std::get<AlreadyEnded>(this->accept("DSa")).outcome, Outcome::failed);
  const auto rows = *this->queue().staged();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].outcome, Outcome::failed);
  EXPECT_EQ(rows[0].reason, Reason::expired);
  EXPECT_EQ(rows[0].finished_at, kQueueNow + 5s);
  EXPECT_EQ(rows[0].record, fingerprint_of("record"));
  EXPECT_EQ(this->apply(this->done("DSa")), Applied::applied);
  EXPECT_EQ(this->apply(Done{id, Outcome::completed}), Applied::wrong_state) << "another end";
  EXPECT_EQ(std::get<AlreadyEnded>(this->accept("DSa")).outcome, Outcome::failed);
  EXPECT_EQ(this->apply(this->stage("DSa")), Applied::wrong_state);
  EXPECT_TRUE(this->queue().staged()->empty());
  for (const RowChange& change :
       std::vector<RowChange>{Progress{this->id_of("DSnone"), 1, {}}, this->stage("DSnone"),
                              this->done("DSnone"), Unstage{this->id_of("DSnone")}})
    EXPECT_EQ(this->apply(change), Applied::wrong_state);
}

TYPED_TEST_P(QueueContract, KeepsWhereADivertedRecordWent) {
  const auto id = this->id_of("DSa");
  this->accept("DSa");
  this->apply(this->stage("DSa"));
  const Done done{id, Outcome::failed, "rejected/DSa.2.json"};
  EXPECT_EQ(this->apply(done), Applied::applied);
  EXPECT_EQ(this->apply(done), Applied::applied) << "written again";
  this->reopen();
  const auto found = *this->queue().find(id);
  EXPECT_EQ(std::get<EndedHandshake>(found).diverted_to, "rejected/DSa.2.json");
}

TYPED_TEST_P(QueueContract, FindsAnotherHandshakeByItsSignature) {
  for (const auto* const id : {"DSa", "DSb", "DSc"}) this->accept(id);
  EXPECT_EQ(this->other_with("DSa", 1), "");
  EXPECT_EQ(this->apply(this->stage_signed("DSa", 1)), Applied::applied);
  EXPECT_EQ(this->apply(this->stage("DSb")), Applied::applied);
  for (int state = 0; state < 2; ++state) {
    EXPECT_EQ(this->other_with("DSc", 1), "DSa");
    EXPECT_EQ(this->other_with("DSnew", 1), "DSa");
    EXPECT_EQ(this->other_with("DSa", 1), "") << "it repeats itself";
    EXPECT_EQ(this->other_with("DSc", 2), "");
    EXPECT_EQ(this->other_with("DSc", 0), "") << "DSb has none";
    this->reopen();
    EXPECT_EQ(this->other_with("DSc", 1), "DSa") << "a new process";
    this->apply(this->done("DSa"));
    this->apply(this->done("DSb"));
  }
  auto wanted = this->batch();
  wanted.purge = Purge{std::chrono::hours(1), 10};
  EXPECT_EQ(this->write(wanted).purged, 2U);
  EXPECT_EQ(this->other_with("DSc", 1), "");
}

TYPED_TEST_P(QueueContract, FindsManySignaturesInTheOrderAsked) {
  EXPECT_TRUE(this->queue().find_by_signature({})->empty());
  auto wanted = this->batch();
  for (const auto* const id : {"DSa", "DSb"})
    wanted.submissions.push_back({this->id_of(id), "", {}});
  this->write(wanted);
  wanted = this->batch();
  wanted.changes = {this->stage_signed("DSa", 1), this->stage_signed("DSb", 2)};
  this->write(wanted);
  this->apply(this->done("DSb"));
  const std::vector<SignedResult> results{{this->id_of("DSc"), this->signature(2)},
                                          {this->id_of("DSb"), this->signature(2)},
                                          {this->id_of("DSc"), this->signature(3)},
                                          {this->id_of("DSc"), this->signature(1)}};
  EXPECT_THAT(
      *this->queue().find_by_signature(results),
      ::testing::ElementsAre(this->id_of("DSb"), std::nullopt, std::nullopt, this->id_of("DSa")));
}

TYPED_TEST_P(QueueContract, FindsOneOfManyWithTheSameSignature) {
  for (const auto* const id : {"DSa", "DSb", "DSc"}) {
    this->accept(id);
    this->apply(this->stage_signed(id, 1));
  }
  this->apply(this->done("DSb"));
  for (const auto* const id : {"DSa", "DSb", "DSc"}) {
    EXPECT_NE(this->other_with(id, 1), "");
    EXPECT_NE(this->other_with(id, 1), id);
  }
}

TYPED_TEST_P(QueueContract, FindsWhatHasEndedByItsTag) {
  for (const auto* const id : {"DSa", "DSb", "DSc", "DSd", "DSe"})
    this->accept(id, id == std::string_view("DSd") ? "other" : "7");
  for (const auto* const id : {"DSa", "DSb", "DSd", "DSe"}) this->apply(this->stage(id));
  for (const auto* const id : {"DSa", "DSb", "DSd"}) this->apply(this->done(id));
  const auto found = [this](const EndedQuery& query) { return *this->queue().find_ended(query); };
  EXPECT_THAT(found({"7", "", 9}), ::testing::ElementsAre(this->id_of("DSa"), this->id_of("DSb")));
  EXPECT_THAT(found({"7", "", 1}), ::testing::ElementsAre(this->id_of("DSa")));
  EXPECT_THAT(found({"7", "DSa", 9}), ::testing::ElementsAre(this->id_of("DSb")));
  EXPECT_TRUE(found({"none", "", 9}).empty());
}

TYPED_TEST_P(QueueContract, ARowKeepsItsSignatureUntilAnotherIsStaged) {
  const auto id = this->id_of("DSa");
  this->accept("DSa");
  this->apply(this->stage_signed("DSa", 1));
  EXPECT_EQ(this->queue().staged()->at(0).signature, this->signature(1));
  EXPECT_EQ(this->apply(Unstage{id}), Applied::applied);
  EXPECT_EQ(this->other_with("DSb", 1), "DSa") << "it is polled again, and its result is the same";
  EXPECT_EQ(this->apply(this->stage("DSa", "another")), Applied::applied);
  EXPECT_EQ(this->queue().staged()->at(0).signature, this->signature(1));
  this->apply(Unstage{id});
  this->apply(this->stage_signed("DSa", 2));
  EXPECT_EQ(this->other_with("DSb", 1), "");
  EXPECT_EQ(this->other_with("DSb", 2), "DSa");
}

TYPED_TEST_P(QueueContract, FindsAHandshakeInWhateverState) {
  using namespace std::chrono_literals;
  this->given_rows();
  const auto find = [this](const char* id) { return *this->queue().find(this->id_of(id)); };
  const auto pending = find("DSpolling");
  ASSERT_TRUE(std::holds_alternative<QueuedHandshake>(pending));
  EXPECT_EQ(std::get<QueuedHandshake>(pending).tag, "7");
  const auto ending = find("DSstaged");
  ASSERT_TRUE(std::holds_alternative<EndingHandshake>(ending));
  EXPECT_EQ(std::get<EndingHandshake>(ending).outcome, Outcome::failed);
  EXPECT_EQ(std::get<EndingHandshake>(ending).finished_at, kQueueNow + 5s);
  const auto ended = find("DSended");
  ASSERT_TRUE(std::holds_alternative<EndedHandshake>(ended));
  EXPECT_EQ(std::get<EndedHandshake>(ended).outcome, Outcome::failed);
  EXPECT_EQ(std::get<EndedHandshake>(ended).finished_at, kQueueNow + 5s);
  EXPECT_EQ(std::get<EndedHandshake>(ended).diverted_to, "");
  EXPECT_EQ(std::get<EndedHandshake>(ended).running, 0s);
  EXPECT_TRUE(std::holds_alternative<UnknownHandshake>(find("DSnobody")));

  auto done = this->batch();
  done.running = 90min;
  done.changes.emplace_back(this->done("DSstaged"));
  this->write(done);
  EXPECT_EQ(std::get<EndedHandshake>(find("DSstaged")).running, 90min);
}

TYPED_TEST_P(QueueContract, FindsManyRowsInTheOrderAsked) {
  this->given_rows();
  this->accept("DSa");
  const std::vector<HandshakeId> ids{this->id_of("DSpolling"), this->id_of("DSnone"),
                                     this->id_of("DSstaged"), this->id_of("DSa"),
                                     this->id_of("DSpolling")};
  const auto rows = *this->queue().find_polling(ids);
  ASSERT_EQ(rows.size(), 5U);
  EXPECT_TRUE(rows[0] && rows[3] && rows[4]);
  EXPECT_FALSE(rows[1] || rows[2]);
  EXPECT_EQ(rows[0]->id, ids[0]);
  EXPECT_EQ(rows[3]->id, ids[3]);
  EXPECT_TRUE(this->queue().find_polling({})->empty());
}

TYPED_TEST_P(QueueContract, AnUnstagedRowIsPolledAgain) {
  this->accept("DSa", "1");
  this->apply(this->stage("DSa"));
  EXPECT_EQ(this->apply(Unstage{this->id_of("DSa")}), Applied::applied);
  EXPECT_EQ(this->polling("DSa")->tag, "1");
  EXPECT_TRUE(this->queue().staged()->empty());
  EXPECT_EQ(this->apply(this->stage("DSa", "another")), Applied::applied);
}

TYPED_TEST_P(QueueContract, AReopenedHandshakeIsPolledAgain) {
  using namespace std::chrono_literals;
  this->given_rows();
  const auto id = this->id_of("DSended");
  const auto reopen = [&](std::uint32_t attempt) {
    return this->apply(Reopen{id, attempt, kQueueNow + 1h, 0});
  };
  EXPECT_EQ(std::get<EndedHandshake>(*this->queue().find(id)).tag, "7");
  EXPECT_EQ(std::get<EndedHandshake>(*this->queue().find(id)).attempt, 0U);
  EXPECT_EQ(reopen(2), Applied::wrong_state) << "it ended in another attempt";
  EXPECT_EQ(reopen(1), Applied::applied);
  EXPECT_EQ(reopen(1), Applied::applied) << "written again";
  EXPECT_EQ(this->queue().count()->ended, 0U);
  EXPECT_THAT(this->claim_all(), ::testing::IsEmpty()) << "its owner knows it";
  EXPECT_THAT(this->reopen(), ::testing::ElementsAre("DSended", "DSpolling"));
  const auto row = this->polling("DSended");
  EXPECT_EQ(row->tag, "7");
  EXPECT_EQ(row->attempt, 1U);
  EXPECT_EQ(row->submitted_at, kQueueNow + 1h);
  EXPECT_EQ(row->expiry, std::nullopt);
  EXPECT_EQ(row->polls, 0U);
  EXPECT_EQ(this->apply(this->stage("DSended")), Applied::applied);
  EXPECT_EQ(reopen(1), Applied::wrong_state) << "it is ending";
  const auto staged = *this->queue().staged();
  EXPECT_EQ(std::ranges::find(staged, id, &StagedHandshake::id)->attempt, 1U);
  EXPECT_EQ(std::get<EndingHandshake>(*this->queue().find(id)).attempt, 1U);
  EXPECT_EQ(this->apply(this->done("DSended")), Applied::applied);
  EXPECT_EQ(std::get<EndedHandshake>(*this->queue().find(id)).attempt, 1U);
  EXPECT_EQ(reopen(1), Applied::wrong_state) << "that attempt has ended";
  EXPECT_EQ(reopen(2), Applied::applied);
  for (const auto* const other : {"DSpolling", "DSstaged", "DSnone"})
    EXPECT_EQ(this->apply(Reopen{this->id_of(other), 1, kQueueNow, 0}), Applied::wrong_state);
}

TYPED_TEST_P(QueueContract, AReadmittedHandshakeIsStaged) {
  using namespace std::chrono_literals;
  this->given_rows();
  const auto readmit = [this](const char* id, std::uint32_t attempt, std::string_view record) {
    return this->apply(Readmit{{this->id_of(id),
                                Outcome::completed,
                                Reason::none,
                                kQueueNow + 2h,
                                fingerprint_of(record),
                                {},
                                attempt,
                                "DSended.json"},
                               kQueueNow + 1h,
                               0});
  };
  const auto id = this->id_of("DSended");
  EXPECT_EQ(readmit("DSended", 2, "new"), Applied::wrong_state) << "it ended in another attempt";
  EXPECT_EQ(readmit("DSended", 1, "new"), Applied::applied);
  EXPECT_EQ(readmit("DSended", 1, "new"), Applied::applied) << "written again";
  EXPECT_EQ(readmit("DSended", 1, "another"), Applied::wrong_state) << "it is readmitted already";
  EXPECT_EQ(this->queue().count()->ended, 0U);
  EXPECT_THAT(this->reopen(), ::testing::ElementsAre("DSpolling"));
  const auto staged = *this->queue().staged();
  const auto row = std::ranges::find(staged, id, &StagedHandshake::id);
  ASSERT_NE(row, staged.end());
  EXPECT_EQ(row->outcome, Outcome::completed);
  EXPECT_EQ(row->reason, Reason::none);
  EXPECT_EQ(row->finished_at, kQueueNow + 2h);
  EXPECT_EQ(row->record, fingerprint_of("new"));
  EXPECT_EQ(row->attempt, 1U);
  EXPECT_EQ(row->readmitted_from, "DSended.json");
  EXPECT_EQ(this->apply(Done{id, Outcome::completed}), Applied::applied);
  const auto ended = std::get<EndedHandshake>(*this->queue().find(id));
  EXPECT_EQ(ended.outcome, Outcome::completed);
  EXPECT_EQ(ended.tag, "7");
  EXPECT_EQ(ended.attempt, 1U);
  EXPECT_EQ(readmit("DSended", 2, "new"), Applied::wrong_state) << "a result is published";
  EXPECT_EQ(this->apply(Reopen{id, 2, kQueueNow, 0}), Applied::applied) << "it may be again";
  for (const auto* const other : {"DSpolling", "DSstaged", "DSnone", "DSended"})
    EXPECT_EQ(readmit(other, 1, "new"), Applied::wrong_state) << other;
}

TYPED_TEST_P(QueueContract, AReadmittedHandshakeWithoutItsRecordIsPolledAgain) {
  using namespace std::chrono_literals;
  this->given_rows();
  const auto id = this->id_of("DSended");
  this->apply(Readmit{{id,
                       Outcome::completed,
                       Reason::none,
                       kQueueNow,
                       fingerprint_of("new"),
                       {},
                       1,
                       "DSended.json"},
                      kQueueNow + 1h,
                      0});
  EXPECT_EQ(this->apply(Unstage{id}), Applied::applied);
  EXPECT_EQ(this->polling("DSended")->submitted_at, kQueueNow + 1h);
  EXPECT_EQ(this->apply(this->stage("DSended")), Applied::applied);
  const auto staged = *this->queue().staged();
  const auto row = std::ranges::find(staged, id, &StagedHandshake::id);
  EXPECT_EQ(row->readmitted_from, "");
  EXPECT_EQ(row->attempt, 1U);
}

TYPED_TEST_P(QueueContract, AHandshakeThatIsTakenUpKeepsItsSignature) {
  const auto given_ended = [this](const char* id, unsigned char byte) {
    this->accept(id);
    this->apply(this->stage_signed(id, byte));
    this->apply(this->done(id));
  };
  given_ended("DSa", 1);
  EXPECT_EQ(this->apply(Reopen{this->id_of("DSa"), 1, kQueueNow, 0}), Applied::applied);
  EXPECT_EQ(this->other_with("DSnew", 1), "DSa");
  given_ended("DSb", 2);
  Readmit readmit{{this->id_of("DSb"), Outcome::completed}, kQueueNow, 0};
  readmit.handshake.attempt = 1;
  readmit.handshake.signature = this->signature(3);
  EXPECT_EQ(this->apply(readmit), Applied::applied);
  EXPECT_EQ(this->other_with("DSnew", 3), "DSb");
  EXPECT_EQ(this->queue().staged()->at(0).signature, this->signature(3));
}

TYPED_TEST_P(QueueContract, GivesEachRowOnceInPages) {
  for (const auto* const id : {"DSc", "DSa", "DSd", "DSb", "DSe"}) this->accept(id);
  this->apply(this->stage("DSb"));
  for (const std::size_t page : {1U, 2U, 4U, 100U}) {
    EXPECT_THAT(this->reopen(page), ::testing::ElementsAre("DSa", "DSc", "DSd", "DSe"));
    EXPECT_TRUE(this->queue().claim(page)->rows.empty());
  }
}

TYPED_TEST_P(QueueContract, GivesNoRowThatItInserted) {
  this->accept("DSa");
  EXPECT_THAT(this->claim_all(), ::testing::IsEmpty());
  EXPECT_THAT(this->reopen(), ::testing::ElementsAre("DSa"));
  this->accept("DSz");
  this->accept("DS0");
  EXPECT_THAT(this->claim_all(), ::testing::IsEmpty());
}

TYPED_TEST_P(QueueContract, CountsRowsByTheirState) {
  EXPECT_EQ(this->queue().count()->oldest_pending, std::nullopt);
  this->given_rows();
  this->accept("DSa");
  const auto counts = *this->queue().count();
  EXPECT_EQ(counts.polling, 2U);
  EXPECT_EQ(counts.staged, 1U);
  EXPECT_EQ(counts.ended, 1U);
  EXPECT_EQ(counts.oldest_pending, kQueueNow);
}

TYPED_TEST_P(QueueContract, LosesNothingToItself) {
  this->given_rows();
  this->reopen();
  EXPECT_TRUE(this->queue().renew()->empty());
}

TYPED_TEST_P(QueueContract, PurgesTheOldestTombstonesFirst) {
  using namespace std::chrono_literals;
  const std::pair<const char*, Duration> ends[] = {{"DSb", 6s}, {"DSc", 5s}, {"DSa", 7s}};
  for (const auto& [id, after] : ends) {
    this->accept(id);
    this->apply(this->stage(id));
    auto wanted = this->batch();
    wanted.changes = {this->done(id)};
    wanted.running = after;
    this->write(wanted);
  }
  const auto purge = [this](Duration after, std::size_t most) {
    auto wanted = this->batch();
    wanted.purge = Purge{after, most};
    return this->write(wanted).purged;
  };
  EXPECT_EQ(purge(5s, 10), 0U);
  EXPECT_EQ(purge(8s, 2), 2U);
  const auto left = *this->queue().find(this->id_of("DSa"));
  EXPECT_TRUE(std::holds_alternative<EndedHandshake>(left));
  EXPECT_EQ(purge(8s, 2), 1U);
  EXPECT_EQ(this->queue().count()->ended, 0U);
}

TYPED_TEST_P(QueueContract, TheShiftOfABootMovesItsSubmissionsAlone) {
  using namespace std::chrono_literals;
  const auto accept = [this](const char* id, BootClock clock, Wall now) {
    auto wanted = this->batch();
    wanted.clocks = {clock};
    wanted.boot = clock.number;
    wanted.submissions.push_back({this->id_of(id), "", kQueueNow + 1h});
    return std::get<InsertedRow>(this->write(wanted, now).acceptances.at(0)).row;
  };
  const BootClock first{1, "a", {Mono(5h), kQueueNow}, 0s, 3s};
  const BootClock slow{2, "b", {Mono(1h), kQueueNow - 26h}, 0s, 4s};
  const BootClock right{2, "b", {Mono(2h), kQueueNow + 1h}, 26h, 5s};
  accept("DSfirst", first, kQueueNow);
  EXPECT_EQ(accept("DSslow", slow, kQueueNow - 26h).boot, 2);
  EXPECT_EQ(this->polling("DSslow")->submitted_at, kQueueNow - 26h);
  EXPECT_EQ(this->queue().count()->oldest_pending, kQueueNow - 26h);
  EXPECT_EQ(accept("DSright", right, kQueueNow + 1h).submitted_at, kQueueNow + 1h);
  for (int process = 1; process <= 2; ++process) {
    EXPECT_EQ(*this->queue().clocks(), (std::vector{first, right}));
    EXPECT_EQ(this->polling("DSfirst")->submitted_at, kQueueNow);
    EXPECT_EQ(this->polling("DSfirst")->boot, 1);
    EXPECT_EQ(this->polling("DSslow")->submitted_at, kQueueNow) << "it keeps its age";
    EXPECT_EQ(this->polling("DSslow")->expiry, kQueueNow + 1h) << "which the writer determined";
    EXPECT_EQ(this->polling("DSright")->submitted_at, kQueueNow + 1h);
    EXPECT_EQ(this->queue().count()->oldest_pending, kQueueNow);
    this->reopen();
  }
  EXPECT_EQ(std::get<MergedRow>(this->accept("DSslow")).row.submitted_at, kQueueNow);
}

TYPED_TEST_P(QueueContract, AppliesChangesBeforeSubmissions) {
  this->accept("DSa");
  auto wanted = this->batch();
  wanted.submissions.push_back({this->id_of("DSa"), "", {}});
  wanted.changes.push_back(this->stage("DSa"));
  const auto result = this->write(wanted);
  EXPECT_EQ(result.changes.at(0), Applied::applied);
  EXPECT_TRUE(std::holds_alternative<AlreadyEnded>(result.acceptances.at(0)));
}

TYPED_TEST_P(QueueContract, PurgesAfterSubmissions) {
  this->given_rows();
  auto wanted = this->batch();
  wanted.submissions.push_back({this->id_of("DSended"), "", {}});
  wanted.purge = Purge{std::chrono::hours(1), 10};
  const auto result = this->write(wanted);
  EXPECT_TRUE(std::holds_alternative<AlreadyEnded>(result.acceptances.at(0)));
  EXPECT_EQ(result.purged, 1U);
  EXPECT_TRUE(std::holds_alternative<InsertedRow>(this->accept("DSended")));
}

TYPED_TEST_P(QueueContract, ABatchThatIsWrittenTwiceIsWrittenOnce) {
  using namespace std::chrono_literals;
  this->given_rows();
  this->accept("DSa");
  auto wanted = this->batch();
  wanted.changes = {this->stage("DSpolling"), Progress{this->id_of("DSa"), 9, kQueueNow},
                    this->done("DSstaged")};
  wanted.submissions = {{this->id_of("DSnew"), "1", kQueueNow + 1h},
                        {this->id_of("DSended"), "", {}}};
  wanted.reserve = DayRequests{20'000, 300};
  Hazard current;
  current.saw_done(10s, 20s);
  wanted.learnt = current.delta_since(Hazard());
  const auto first = this->write(wanted);
  const auto second = this->write(wanted, kQueueNow);
  for (const auto& result : {first, second}) {
    EXPECT_THAT(result.changes, ::testing::Each(Applied::applied));
    EXPECT_EQ(result.changes.size(), 3U);
    EXPECT_TRUE(std::holds_alternative<AlreadyEnded>(result.acceptances.at(1)));
    EXPECT_EQ(result.reserved, (DayRequests{20'000, 300}));
  }
  EXPECT_TRUE(std::holds_alternative<InsertedRow>(first.acceptances.at(0)));
  EXPECT_EQ(std::get<MergedRow>(second.acceptances.at(0)).row.tag, "1");
  EXPECT_EQ(this->queue().staged()->size(), 1U);
  EXPECT_EQ(this->queue().count()->ended, 2U);
  EXPECT_EQ(this->queue().count()->polling, 2U);
  EXPECT_EQ(this->polling("DSa")->polls, 9U);
  EXPECT_EQ(*this->queue().reserved(), (DayRequests{20'000, 300}));
  EXPECT_NEAR((*this->queue().learnt())->completions(), 1, 0.01);
}

TYPED_TEST_P(QueueContract, AnEmptyBatchChangesNothing) {
  this->given_rows();
  const auto result = this->write(this->batch());
  EXPECT_TRUE(result.changes.empty() && result.acceptances.empty());
  EXPECT_FALSE(result.reserved);
  EXPECT_EQ(result.purged, 0U);
  EXPECT_EQ(this->queue().count()->polling, 1U);
}

TYPED_TEST_P(QueueContract, KeepsOneCountOfWhatIsReserved) {
  EXPECT_EQ(*this->queue().reserved(), std::nullopt);
  for (const auto& requests :
       {DayRequests{20'000, 300}, DayRequests{20'000, 40}, DayRequests{20'001, 41}}) {
    auto wanted = this->batch();
    wanted.reserve = requests;
    EXPECT_EQ(this->write(wanted).reserved, requests);
  }
  this->reopen();
  EXPECT_EQ(*this->queue().reserved(), (DayRequests{20'001, 41}));
}

TYPED_TEST_P(QueueContract, KeepsThePauseOfAnOperatorUntilItEnds) {
  EXPECT_FALSE(this->queue().operator_pause()->since);
  for (const auto since : {kQueueNow, kQueueNow + std::chrono::hours(1)}) {
    auto wanted = this->batch();
    wanted.pause = OperatorPause{since};
    this->write(wanted);
    this->reopen();
    EXPECT_EQ(this->queue().operator_pause()->since, since);
  }
  this->write(this->batch());
  EXPECT_TRUE(this->queue().operator_pause()->since) << "other batches leave it";
  auto wanted = this->batch();
  wanted.pause = OperatorPause{};
  this->write(wanted);
  this->reopen();
  EXPECT_FALSE(this->queue().operator_pause()->since);
}

TYPED_TEST_P(QueueContract, HoldsOnlyWhatIsPendingUntilItIsReleased) {
  this->given_rows();
  for (const auto is_held : {true, true, false, true}) {
    EXPECT_EQ(this->apply(SetHeld{this->id_of("DSpolling"), is_held}), Applied::applied);
    EXPECT_EQ(this->polling("DSpolling")->is_held, is_held);
  }
  for (const auto* const id : {"DSstaged", "DSended", "DSnobody"})
    EXPECT_EQ(this->apply(SetHeld{this->id_of(id), true}), Applied::wrong_state);
  this->maker_.reopen();
  const auto claim = *this->queue().claim(10);
  this->fence_ = claim.fence;
  EXPECT_TRUE(claim.rows.at(0).is_held);
  const auto merged = std::get<MergedRow>(this->accept("DSpolling", "7"));
  EXPECT_TRUE(merged.row.is_held);
  EXPECT_EQ(this->apply(this->stage("DSpolling")), Applied::applied);
  EXPECT_EQ(this->apply(this->done("DSpolling")), Applied::applied);
  EXPECT_EQ(this->apply(Reopen{this->id_of("DSpolling"), 1, kQueueNow, 0}), Applied::applied);
  EXPECT_FALSE(this->polling("DSpolling")->is_held) << "it is taken up anew";
}

TYPED_TEST_P(QueueContract, MergesWhatIsLearntWithWhatWasKnownBefore) {
  using namespace std::chrono_literals;
  EXPECT_EQ(*this->queue().learnt(), std::nullopt);
  for (int process = 1; process <= 2; ++process) {
    Hazard current;
    for (int i = 0; i < 3; ++i) {
      current.saw_done(10s, 20s);
      auto wanted = this->batch();
      wanted.learnt = current.delta_since(Hazard());
      this->write(wanted);
    }
    this->reopen();
    const auto learnt = *this->queue().learnt();
    ASSERT_TRUE(learnt);
    EXPECT_NEAR(learnt->completions(), 3 * process, 0.05);
  }
}

REGISTER_TYPED_TEST_SUITE_P(
    QueueContract, KeepsARowAsItWasAccepted, KeepsTimesInMilliseconds, MergesASecondSubmission,
    ALaterSubmissionHarmsNoPendingRow, LeadsARowThroughItsStates, KeepsWhereADivertedRecordWent,
    FindsAnotherHandshakeByItsSignature, FindsManySignaturesInTheOrderAsked,
    FindsOneOfManyWithTheSameSignature, FindsWhatHasEndedByItsTag,
    ARowKeepsItsSignatureUntilAnotherIsStaged, FindsAHandshakeInWhateverState,
    FindsManyRowsInTheOrderAsked, AnUnstagedRowIsPolledAgain, AReopenedHandshakeIsPolledAgain,
    AReadmittedHandshakeIsStaged, AReadmittedHandshakeWithoutItsRecordIsPolledAgain,
    AHandshakeThatIsTakenUpKeepsItsSignature, GivesEachRowOnceInPages, GivesNoRowThatItInserted,
    CountsRowsByTheirState, LosesNothingToItself, PurgesTheOldestTombstonesFirst,
    TheShiftOfABootMovesItsSubmissionsAlone, AppliesChangesBeforeSubmissions,
    PurgesAfterSubmissions, ABatchThatIsWrittenTwiceIsWrittenOnce, AnEmptyBatchChangesNothing,
    KeepsOneCountOfWhatIsReserved, KeepsThePauseOfAnOperatorUntilItEnds,
    HoldsOnlyWhatIsPendingUntilItIsReleased, MergesWhatIsLearntWithWhatWasKnownBefore);

}  // namespace attestrd::test
