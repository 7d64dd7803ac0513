#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "base/check.h"
#include "queue/queue.h"

// The contract of `Queue` (queue/queue.h) with two owners on one store. `Maker` has
// `Queue& first()` and `Queue& second()`; `void take_over()`, after which the first owner's rows
// belong to the second; and `void limit_day(requests)`, the daily limit of the account.

namespace attestrd::test {

template <class Maker>
class SharedQueueContract : public ::testing::Test {
 protected:
  /// One owner of the store, seen as its ledger sees it.
  struct Owner {
    explicit Owner(Queue& its) : queue(its) { claim(); }

    std::vector<std::string> claim() {
      std::vector<std::string> ids;
      for (;;) {
        const auto claim = *queue.claim(2);
        fence = claim.fence;
        for (const auto& row : claim.rows) ids.emplace_back(row.id.view());
        if (claim.rows.empty()) return ids;
      }
    }

    std::vector<std::string> renew() {
      std::vector<std::string> ids;
      for (const auto& id : *queue.renew()) ids.emplace_back(id.view());
      return ids;
    }

    QueueBatchResult write(QueueBatch batch) {
      batch.fence = fence;
      return *queue.write(batch, Wall(std::chrono::hours(1)));
    }

    Acceptance accept(std::string_view id, std::string tag = "") {
      QueueBatch batch;
      batch.submissions.push_back({id_of(id), std::move(tag), {}});
      return write(batch).acceptances.at(0);
    }

    Applied apply(const RowChange& change) {
      QueueBatch batch;
      batch.changes.push_back(change);
      return write(batch).changes.at(0);
    }

    DayRequests reserve(DayRequests total) {
      QueueBatch batch;
      batch.reserve = total;
      return *write(batch).reserved;
    }

    bool polls(std::string_view id) {
      const std::vector<HandshakeId> ids{id_of(id)};
      return queue.find_polling(ids)->at(0).has_value();
    }

    Queue& queue;
    Fence fence;
  };

  static HandshakeId id_of(std::string_view text) {
    const auto id = HandshakeId::parse(text);
    ATTESTRD_CHECK(id.has_value());
    return *id;
  }

  static Stage stage(std::string_view id) {
    return {{id_of(id), Outcome::failed, Reason::expired, Wall(std::chrono::hours(1)),
             fingerprint_of("record")}};
  }

  static Done done(std::string_view id) { return {id_of(id), Outcome::failed}; }

  static HazardDelta one_completion() {
    Hazard current;
    current.saw_done(std::chrono::seconds(10), std::chrono::seconds(20));
    return current.delta_since(Hazard());
  }

  Maker maker_;
  Owner first_{maker_.first()};
  Owner second_{maker_.second()};
};

TYPED_TEST_SUITE_P(SharedQueueContract);

TYPED_TEST_P(SharedQueueContract, EachOwnerPollsItsOwnRowsAlone) {
  this->first_.accept("DSa");
  this->second_.accept("DSb");
  EXPECT_TRUE(this->first_.polls("DSa"));
  EXPECT_FALSE(this->first_.polls("DSb"));
  EXPECT_TRUE(this->second_.polls("DSb"));
  EXPECT_EQ(this->first_.queue.count()->polling, 2U);
  EXPECT_THAT(this->second_.claim(), ::testing::IsEmpty());
}

TYPED_TEST_P(SharedQueueContract, WhoTakesAHandshakeUpOwnsIt) {
  this->first_.accept("DSa");
  this->first_.apply(this->stage("DSa"));
  this->first_.apply(this->done("DSa"));
  const Reopen reopen{this->id_of("DSa"), 1, Wall(std::chrono::hours(1)), 0};
  EXPECT_EQ(this->second_.apply(reopen), Applied::applied);
  EXPECT_TRUE(this->second_.polls("DSa"));
  EXPECT_FALSE(this->first_.polls("DSa"));
  this->first_.accept("DSb");
  this->first_.apply(this->stage("DSb"));
  this->first_.apply(this->done("DSb"));
  this->maker_.take_over();
  EXPECT_EQ(this->first_.apply(Reopen{this->id_of("DSb"), 1, {}, 0}), Applied::not_ours);
}

TYPED_TEST_P(SharedQueueContract, ASubmissionOfAnothersRowIsMergedThere) {
  this->first_.accept("DSa", "6");
  EXPECT_TRUE(std::holds_alternative<RowElsewhere>(this->second_.accept("DSa", "7")));
  EXPECT_EQ(std::get<MergedRow>(this->first_.accept("DSa")).row.tag, "6");
}

TYPED_TEST_P(SharedQueueContract, ChangesOfAnothersRowAreNotOurs) {
  const auto id = this->id_of("DSa");
  this->first_.accept("DSa");
  EXPECT_EQ(this->second_.apply(Progress{id, 3, {}}), Applied::not_ours);
  EXPECT_EQ(this->second_.apply(this->stage("DSa")), Applied::not_ours);
  EXPECT_TRUE(this->first_.polls("DSa"));
  EXPECT_EQ(this->first_.apply(this->stage("DSa")), Applied::applied);
  EXPECT_EQ(this->second_.apply(this->stage("DSa")), Applied::not_ours);
  EXPECT_EQ(this->second_.apply(Unstage{id}), Applied::not_ours);
  EXPECT_EQ(this->second_.apply(this->done("DSa")), Applied::not_ours);
  EXPECT_TRUE(this->second_.queue.staged()->empty());
  EXPECT_EQ(this->first_.queue.staged()->size(), 1U);
}

TYPED_TEST_P(SharedQueueContract, ALostRowIsGivenToItsNewOwner) {
  for (const auto* const id : {"DSa", "DSb", "DSc"}) this->first_.accept(id);
  this->first_.apply(this->stage("DSc"));
  this->maker_.take_over();
  EXPECT_THAT(this->second_.claim(), ::testing::ElementsAre("DSa", "DSb"));
  EXPECT_THAT(this->first_.renew(), ::testing::UnorderedElementsAre("DSa", "DSb"));
  EXPECT_THAT(this->first_.renew(), ::testing::IsEmpty());
  EXPECT_THAT(this->first_.claim(), ::testing::IsEmpty());
  EXPECT_TRUE(this->second_.polls("DSa"));
  EXPECT_FALSE(this->first_.polls("DSa"));
}

TYPED_TEST_P(SharedQueueContract, ABatchOfAnOldFenceChangesNoRow) {
  this->first_.accept("DSa");
  const Fence old = this->first_.fence;
  this->maker_.take_over();
  this->first_.renew();
  EXPECT_EQ(this->first_.apply(this->stage("DSa")), Applied::not_ours) << "before it begins anew";
  this->first_.claim();
  EXPECT_FALSE(this->first_.fence == old);
  this->first_.accept("DSb");
  const Fence current = std::exchange(this->first_.fence, old);
  EXPECT_EQ(this->first_.apply(Progress{this->id_of("DSb"), 3, {}}), Applied::not_ours);
  EXPECT_EQ(this->first_.apply(this->stage("DSb")), Applied::not_ours);
  EXPECT_EQ(this->first_.reserve({1, 100}), (DayRequests{1, 0}));
  QueueBatch batch;
  batch.learnt = this->one_completion();
  this->first_.write(batch);
  EXPECT_EQ(*this->first_.queue.learnt(), std::nullopt);
  this->first_.fence = current;
  EXPECT_EQ(this->first_.apply(this->stage("DSb")), Applied::applied);
}

TYPED_TEST_P(SharedQueueContract, AStagedRowStaysWithItsSpool) {
  this->first_.accept("DSa");
  this->first_.apply(this->stage("DSa"));
  this->maker_.take_over();
  EXPECT_THAT(this->second_.claim(), ::testing::IsEmpty());
  EXPECT_TRUE(this->second_.queue.staged()->empty());
  EXPECT_EQ(this->first_.queue.staged()->size(), 1U);
  EXPECT_EQ(this->first_.apply(this->stage("DSa")), Applied::applied) << "as after a lost answer";
  EXPECT_EQ(this->first_.apply(this->done("DSa")), Applied::applied);
  EXPECT_EQ(this->first_.apply(this->done("DSa")), Applied::applied);
  EXPECT_TRUE(std::holds_alternative<AlreadyEnded>(this->second_.accept("DSa")));
}

TYPED_TEST_P(SharedQueueContract, AnUnstagedRowGoesToWhoeverHasItsShelf) {
  this->first_.accept("DSa");
  this->first_.apply(this->stage("DSa"));
  this->maker_.take_over();
  EXPECT_EQ(this->first_.apply(Unstage{this->id_of("DSa")}), Applied::applied);
  EXPECT_THAT(this->second_.claim(), ::testing::ElementsAre("DSa"));
}

TYPED_TEST_P(SharedQueueContract, NoOwnerOverwritesWhatAnotherHasReserved) {
  this->maker_.limit_day(100);
  EXPECT_EQ(this->first_.reserve({1, 60}), (DayRequests{1, 60}));
  EXPECT_EQ(this->second_.reserve({1, 60}), (DayRequests{1, 40}));
  EXPECT_EQ(*this->first_.queue.reserved(), (DayRequests{1, 60}));
  EXPECT_EQ(this->first_.reserve({1, 50}), (DayRequests{1, 50})) << "it gives some back";
  EXPECT_EQ(this->second_.reserve({1, 60}), (DayRequests{1, 50}));
  EXPECT_EQ(this->first_.reserve({2, 100}), (DayRequests{2, 100})) << "another day";
}

TYPED_TEST_P(SharedQueueContract, WhatBothHaveLearntIsMerged) {
  for (auto* const owner : {&this->first_, &this->second_}) {
    QueueBatch batch;
    batch.learnt = this->one_completion();
    owner->write(batch);
    owner->write(batch);
  }
  EXPECT_NEAR((*this->first_.queue.learnt())->completions(), 2, 0.01);
  EXPECT_NEAR((*this->second_.queue.learnt())->completions(), 2, 0.01);
}

TYPED_TEST_P(SharedQueueContract, ASignatureIsFoundWhoseverRowHasIt) {
  auto stage = this->stage("DSa");
  stage.handshake.signature.emplace().fill(1);
  this->first_.accept("DSa");
  this->first_.apply(stage);
  const SignedResult result{this->id_of("DSb"), *stage.handshake.signature};
  for (int state = 0; state < 2; ++state) {
    EXPECT_EQ(this->second_.queue.find_by_signature({&result, 1})->at(0), this->id_of("DSa"));
    this->first_.apply(this->done("DSa"));
  }
}

REGISTER_TYPED_TEST_SUITE_P(SharedQueueContract, EachOwnerPollsItsOwnRowsAlone,
                            WhoTakesAHandshakeUpOwnsIt, ASubmissionOfAnothersRowIsMergedThere,
                            ChangesOfAnothersRowAreNotOurs, ALostRowIsGivenToItsNewOwner,
                            ABatchOfAnOldFenceChangesNoRow, AStagedRowStaysWithItsSpool,
                            AnUnstagedRowGoesToWhoeverHasItsShelf,
                            ASignatureIsFoundWhoseverRowHasIt,
                            NoOwnerOverwritesWhatAnotherHasReserved, WhatBothHaveLearntIsMerged);

}  // namespace attestrd::test
