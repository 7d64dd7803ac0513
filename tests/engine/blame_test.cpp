// Dialogues about whose fault trouble is: that of one handshake, or that of all.

#include "base/limits.h"
#include "engine/dialogue.h"

namespace attestrd::dialogue {
namespace {

class Blaming : public Dialogue {
 protected:
  using Words = std::function<void(const std::string&)>;

  void given_many(std::string_view prefix, int count) {
    for (int i = 0; i < count; ++i) given_new(fmt::format("{}{}", prefix, i));
  }
  /// Answers every poll with `say` until the time has passed, as soon as it is sent.
  void attestr_says_for(Duration time, const Words& say) {
    const Mono end = now().mono + time;
    while (now().mono < end) {
      while (polls_in_flight() > 0) say(polled());
      const auto wake = engine().next_wake();
      const Duration wait = wake ? std::max(*wake - now().mono, Duration(0)) : time;
      advance(std::min(wait, end - now().mono));
    }
  }
  std::size_t completed() const {
    return static_cast<std::size_t>(
        std::count_if(settles.begin(), settles.end(),
                      [](const auto& s) { return s.finish.outcome == Outcome::completed; }));
  }
  void expect_all_complete(std::size_t count) {
    EXPECT_EQ(settles.size(), 0U);
    attestr_says_for(12h, says_completed);
    EXPECT_EQ(completed(), count);
    EXPECT_EQ(settles.size(), count);
  }
  Explanation explained(std::string_view text) {
    return *std::get<std::optional<Explanation>>(ask(ExplainCommand{id(text)}));
  }

  const Words says_pending = [this](const std::string& text) { attestr_says_pending(text); };
  const Words says_completed = [this](const std::string& text) { attestr_says_completed(text); };
  const Words says_forged = [this](const std::string& text) { attestr_says_forged(text); };
  const Words says_archived = [this](const std::string& text) { attestr_says_archived(text); };
  const Words says_wrong_id = [this](const std::string& text) {
    attestr_says(text, 200, R"({"_id":"another","consumed":false})");
  };
  const Words says_html = [this](const std::string& text) {
    attestr_says(text, 404, "<html>no such page</html>");
  };
  const Words says_unknown = [this](const std::string& text) {
    attestr_says_code(text, 404, 4002);
  };
  const Words says_forbidden = [this](const std::string& text) {
    attestr_says_code(text, 403, 4031);
  };
  /// Applies `bad` to the handshakes whose names begin with "bad", else `good`.
  Words for_bad(Words bad, Words good) {
    return [bad = std::move(bad), good = std::move(good)](const std::string& text) {
      (text.starts_with("bad") ? bad : good)(text);
    };
  }
};

// ---- A fact needs a witness.

TEST_F(Blaming, ANotFoundOfAProxyEndsNothingHoweverLongItLasts) {
  given_many("h", 20);
  attestr_says_for(1min, says_pending);
  attestr_says_for(20 * settings.unknown_grace, says_html);
  expect_all_complete(20);
}

TEST_F(Blaming, AnEndingThatLacksAnswersIsNotDelayedByEarlierTrouble) {
  settings.witness_time = 0s;
  given_new("bad");
  given_many("h", 5);
  attestr_says_for(6h, for_bad(says_html, says_pending));
  std::vector<Mono> times;
  const Words says_archived_then = [&](const std::string& text) {
    times.push_back(now().mono);
    attestr_says_archived(text);
  };
  attestr_says_for(6h, for_bad(says_archived_then, says_pending));
  EXPECT_TRUE(ended("bad", Outcome::archived));
  ASSERT_EQ(times.size(), settings.signature_attempts);
  EXPECT_LE(times.back() - times.front(), 2 * settings.max_interval + 1s);
}

TEST_F(Blaming, AWrongVersionInThePathEndsNothing) {
  given_many("h", 20);
  attestr_says_for(3h, [this](const std::string& text) { attestr_says_code(text, 404, 4004); });
  EXPECT_EQ(engine().report(now()).paused_for, PauseReason::upstream_down);
  expect_all_complete(20);
}

TEST_F(Blaming, AHandshakeUnknownToAttestrWhileAllAreEndsNothing) {
  given_many("h", 20);
  attestr_says_for(3h, says_unknown);
  expect_all_complete(20);
}

TEST_F(Blaming, ADeployGoneWrongForAllEndsNothing) {
  const Words wrongs[] = {
      says_forged, says_archived, says_wrong_id, [this](const std::string& text) {
        attestr_says(text, 200, answer(text, R"("consumed":false,"consumed":true)"));
      }};
  int round = 0;
  for (const Words& wrong : wrongs) {
    given_many(fmt::format("r{}-", round++), 10);
    attestr_says_for(10min, wrong);
    EXPECT_EQ(settles.size(), completed()) << round;
    attestr_says_for(2h, says_completed);
    EXPECT_EQ(completed(), 10U * round);
  }
}

TEST_F(Blaming, WrongTagsForAllEndNothing) {
  for (int i = 0; i < 10; ++i) given_new(fmt::format("h{}", i), {}, "mine");
  attestr_says_for(10min, [this](const std::string& text) { attestr_says_completed(text, "no"); });
  EXPECT_EQ(settles.size(), 0U);
  attestr_says_for(2h, [this](const std::string& text) { attestr_says_completed(text, "mine"); });
  EXPECT_EQ(completed(), 10U);
}

TEST_F(Blaming, OneForgedAmongOthersThatHoldIsRejectedAfterTheWitnessTime) {
  given_new("bad");
  for (int i = 0; i < 40 && settles.size() == completed(); ++i) {
    given_new(fmt::format("h{}", i));
    attestr_says_for(30s, for_bad(says_forged, says_completed));
    const bool is_early = now().mono - Mono(1000h) < settings.witness_time;
    EXPECT_FALSE(is_early && settled("bad") != nullptr);
  }
  EXPECT_TRUE(ended("bad", Outcome::rejected, Reason::invalid_signature));
  EXPECT_TRUE(settled("bad")->keeps_response);
  EXPECT_EQ(said(Event::signatures_failing), 0U);
}

TEST_F(Blaming, APendingAnswerOfAnotherSaysNothingAboutTheSecret) {
  given_new("bad");
  given_new("h1");
  attestr_says_for(limits::kLoneGraces * settings.unknown_grace - 1s,
                   for_bad(says_forged, says_pending));
  EXPECT_EQ(settles.size(), 0U);
  attestr_says_for(2h, for_bad(says_forged, says_pending));
  EXPECT_TRUE(ended("bad", Outcome::rejected, Reason::invalid_signature));
}

TEST_F(Blaming, OneUnsignedArchivedAnswerEndsNothing) {
  given_new("h1");
  given_new("h2");
  attestr_says_pending("h2");
  attestr_says_archived("h1");
  EXPECT_EQ(settles.size(), 0U);
  delay_until_poll("h1");
  attestr_says_completed("h1");
  EXPECT_TRUE(ended("h1", Outcome::completed));
}

TEST_F(Blaming, ArchivedForMinutesWhileAnotherIsPendingIsArchived) {
  given_new("bad");
  given_new("h1");
  attestr_says_for(settings.witness_time - 1s, for_bad(says_archived, says_pending));
  EXPECT_EQ(settles.size(), 0U);
  attestr_says_for(30min, for_bad(says_archived, says_pending));
  EXPECT_TRUE(ended("bad", Outcome::archived));
}

TEST_F(Blaming, AHandshakeThatTheQueueKnowsAsPendingIsNeverNotFound) {
  QueuedHandshake handshake{id("bad"), "", now().wall - 1h, {}, now().wall - 1min, 3, 1, {}};
  step(Adopted{&handshake, false});
  given_new("h1");
  attestr_says_for(23h, for_bad(says_unknown, says_pending));
  EXPECT_FALSE(settled("bad"));
  attestr_says_for(6h, for_bad(says_unknown, says_pending));
  EXPECT_TRUE(ended("bad", Outcome::failed, Reason::expired));
}

TEST_F(Blaming, AHandshakeWithoutAnAnswerOfAttestrIsUnreachableADayAfterItsDeadline) {
  given_new("bad", 1h);
  given_new("h1");
  const Words say = for_bad(says_html, says_pending);
  attestr_says_for(1h + settings.expiry_grace + 23h, say);
  EXPECT_FALSE(settled("bad"));
  attestr_says_for(4h, say);
  EXPECT_TRUE(ended("bad", Outcome::failed, Reason::unreachable));
  EXPECT_FALSE(settled("bad")->keeps_response);
}

TEST_F(Blaming, TroubleThatChangesAllTheTimeEndsADayAfterTheDeadline) {
  given_new("bad", 1h);
  given_new("h1");
  int turn = 0;
  const Words say = for_bad(
      [&](const std::string& text) {
        const Words* const troubles[] = {&says_html, &says_unknown, &says_forged, &says_wrong_id};
        (*troubles[turn++ % 4])(text);
      },
      says_pending);
  attestr_says_for(1h + settings.expiry_grace + 23h, say);
  EXPECT_FALSE(settled("bad"));
  attestr_says_for(12h, say);
  EXPECT_TRUE(settled("bad"));
}

TEST_F(Blaming, SilenceAfterAnotherTroubleIsUnreachableInTheEnd) {
  given_new("bad", 1h);
  given_new("h1");
  attestr_says_for(1h, for_bad(says_archived, says_pending));
  attestr_says_for(48h, for_bad(says_html, says_pending));
  EXPECT_TRUE(settled("bad"));
}

TEST_F(Blaming, OneAnswerAfterADayOfSilenceEndsNothing) {
  given_new("bad", 1h);
  given_new("h1");
  attestr_says_for(1h + settings.expiry_grace + 24h + 10min, for_bad(says_html, says_pending));
  EXPECT_FALSE(settled("bad"));
  bool was_archived = false;
  attestr_says_for(2h, for_bad(
                           [&](const std::string& text) {
                             std::exchange(was_archived, true) ? says_completed(text)
                                                               : says_archived(text);
                           },
                           says_pending));
  EXPECT_TRUE(ended("bad", Outcome::completed));
}

TEST_F(Blaming, SilenceBetweenAnswersDoesNotKeepALoneHandshakeForEver) {
  given_new("bad", 1h);
  int turn = 0;
  attestr_says_for(4 * 24h, [&](const std::string& text) {
    turn++ % 2 == 0 ? says_html(text) : says_unknown(text);
  });
  EXPECT_TRUE(settled("bad"));
}

TEST_F(Blaming, DifferentDoubtsDoNotCountTogether) {
  given_new("bad");
  given_new("h1");
  int turn = 0;
  attestr_says_for(6h, for_bad(
                           [&](const std::string& text) {
                             turn++ % 2 == 0 ? says_wrong_id(text) : says_forged(text);
                           },
                           says_pending));
  EXPECT_EQ(settles.size(), 0U);
}

// ---- One bad id never stops the others.

TEST_F(Blaming, TwelveThatAreAlwaysForbiddenDelayNoOther) {
  given_many("bad", 12);
  given_many("good", 5);
  attestr_says_for(5s, for_bad(says_forbidden, says_completed));
  EXPECT_EQ(completed(), 5U);
  EXPECT_EQ(said(Event::account_paused), 0U);
}

TEST_F(Blaming, OneThatIsAlwaysForbiddenTakesFewPollsAndBacksOffToAnHour) {
  given_new("bad");
  given_many("good", 20);
  std::size_t bad_polls = 0;
  attestr_says_for(6h, for_bad(
                           [&](const std::string& text) {
                             ++bad_polls;
                             says_forbidden(text);
                           },
                           says_pending));
  EXPECT_EQ(said(Event::account_paused), 0U);
  EXPECT_LE(bad_polls, 25U);
  EXPECT_GE(bad_polls, 12U);
  EXPECT_EQ(settles.size(), 0U);
  EXPECT_EQ(explained("bad").wait, Explanation::Wait::retry);
  EXPECT_GE(explained("bad").errors, 12U);
  EXPECT_EQ(explained("good0").errors, 0U);
}

TEST_F(Blaming, AnOutageDelaysALoneHandshakeByMinutesAtMost) {
  given_new("h1");
  attestr_says_for(10min, says_pending);
  attestr_says_for(6h, [this](const std::string& text) { attestr_says(text, 503, "busy"); });
  attestr_says_for(limits::kErrorBackoffCap + 1s, says_completed);
  EXPECT_TRUE(ended("h1", Outcome::completed));
}

TEST_F(Blaming, TroubleOfAllPausesTheAccountAndFailsNothing) {
  given_many("h", 30);
  attestr_says_for(10min, says_pending);
  attestr_says_for(2h, says_forbidden);
  EXPECT_EQ(engine().report(now()).paused_for, PauseReason::forbidden);
  expect_all_complete(30);
}

TEST_F(Blaming, ARetryAfterOfOneForbiddenHandshakeHoldsNoOther) {
  given_new("bad");
  given_new("good");
  attestr_says_code("bad", 403, 4031, "3000");
  attestr_says_pending("good");
  EXPECT_LE(delay_until_poll("good"), 5s);
  attestr_says_completed("good");
  EXPECT_GE(delay_until_poll("bad"), 2900s);
}

TEST_F(Blaming, UnknownIdsTakeAFewRequestsOfTheDay) {
  settings.cadence = CadenceKind::adaptive;
  settings.requests_per_second = 20;
  settings.daily_requests = 20'000;
  settings.give_up_after = 72h;
  std::size_t bad_polls = 0;
  std::size_t good_polls = 0;
  const Words say = for_bad(
      [&](const std::string& text) {
        ++bad_polls;
        says_unknown(text);
      },
      [&](const std::string& text) {
        ++good_polls;
        says_pending(text);
      });
  given_many("good", 5);
  attestr_says_for(2h, say);
  given_many("bad", 500);
  attestr_says_for(2h, say);  // Until each was asked, they count as any new handshakes.
  good_polls = bad_polls = 0;
  attestr_says_for(2h, say);
  EXPECT_GE(good_polls, 50U) << "a few minutes between two polls of each";
  attestr_says_for(24h, say);
  EXPECT_LE(bad_polls, settings.daily_requests / 2);
  EXPECT_EQ(said(Event::budget_spent), 0U);
}

// ---- Wrong secret, right secret.

TEST_F(Blaming, AWrongSecretIsToldOnceAndNothingIsRejected) {
  given_many("h", 20);
  attestr_says_for(10h, says_forged);
  EXPECT_EQ(said(Event::signatures_failing), 1U);
  EXPECT_EQ(last_said(Event::signatures_failing).level, Level::error);
  EXPECT_TRUE(engine().report(now()).signatures_fail);
  EXPECT_GT(engine().kept_bytes(), 0U);
  expect_all_complete(20);
  EXPECT_EQ(said(Event::signatures_holding), 1U);
  EXPECT_FALSE(engine().report(now()).signatures_fail);
}

TEST_F(Blaming, DoubtedHandshakesAreAskedSoonAfterSignaturesHoldAgain) {
  given_many("h", 20);
  attestr_says_for(10h, says_forged);
  given_new("new");
  attestr_says_for(1min, says_completed);
  EXPECT_EQ(completed(), 21U);
}

TEST_F(Blaming, DoubtedHandshakesAreNotAskedSoonEachTimeThatOneHolds) {
  given_many("bad", 10);
  std::size_t bad_polls = 0;
  for (int i = 0; i < 60; ++i) {
    given_new(fmt::format("good{}", i));
    attestr_says_for(1min, for_bad(
                               [&](const std::string& text) {
                                 ++bad_polls;
                                 says_forged(text);
                               },
                               says_completed));
  }
  EXPECT_LE(bad_polls, 400U);
}

TEST_F(Blaming, ASecretThatIsWrongForAllIsTriedEveryFewMinutes) {
  given_many("h", 5);
  attestr_says_for(10h, says_forged);
  std::size_t polls = 0;
  attestr_says_for(1h, [&](const std::string& text) {
    ++polls;
    says_forged(text);
  });
  EXPECT_GE(polls, 5 * 12U);
}

TEST_F(Blaming, FailuresOfTheFormerSecretsProveNothingAboutNewOnes) {
  given_new("bad");
  attestr_says_for(limits::kLoneGraces * settings.unknown_grace - 1min, says_forged);
  EXPECT_EQ(settles.size(), 0U);
  reload_with("another");
  attestr_says_for(limits::kLoneGraces * settings.unknown_grace - 1min, says_forged);
  EXPECT_EQ(settles.size(), 0U);
  attestr_says_for(1h, says_forged);
  EXPECT_TRUE(ended("bad", Outcome::rejected, Reason::invalid_signature));
}

TEST_F(Blaming, AReloadOfTheSameSecretsForgetsNoFailure) {
  given_new("bad");
  attestr_says_for(limits::kLoneGraces * settings.unknown_grace - 1min, says_forged);
  EXPECT_EQ(settles.size(), 0U);
  reload_with(kSecret);
  attestr_says_for(2min, says_forged);
  EXPECT_TRUE(ended("bad", Outcome::rejected, Reason::invalid_signature));
}

TEST_F(Blaming, ASignatureThatHoldsByAFormerSecretIsNoWitness) {
  given_new("bad");
  given_new("late");
  attestr_says_forged("bad");
  reload_with("a wrong one");
  attestr_says_completed("late");
  EXPECT_TRUE(ended("late", Outcome::completed));
  attestr_says_for(limits::kLoneGraces * settings.unknown_grace - 1min, says_forged);
  EXPECT_FALSE(settled("bad"));
}

TEST_F(Blaming, DoubtedHandshakesAreAskedAgainThoughSignaturesHeldMinutesBefore) {
  given_many("h", 20);
  attestr_says_for(10h, says_forged);
  given_new("first");
  attestr_says_completed("first");
  attestr_says_for(1min, says_forged);
  given_new("second");
  attestr_says_completed("second");
  attestr_says_for(limits::kDoubtedInterval, says_completed);
  EXPECT_EQ(completed(), 22U);
}

TEST_F(Blaming, ManyWithAWrongSignatureTakeFewRequestsFromTheOthers) {
  settings.requests_per_second = 1;
  given_many("bad", 200);
  given_many("good", 20);
  attestr_says_for(2h, for_bad(says_forged, says_pending));
  std::size_t bad_polls = 0;
  for (int i = 0; i < 60; ++i) {
    given_new(fmt::format("done{}", i));
    attestr_says_for(1min, [&](const std::string& text) {
      if (text.starts_with("bad")) ++bad_polls;
      if (text.starts_with("bad")) return says_forged(text);
      text.starts_with("done") ? says_completed(text) : says_pending(text);
    });
  }
  EXPECT_LE(bad_polls, 3600U / 4);
}

TEST_F(Blaming, AnswersOfThePastMakeRoomForThoseInDoubt) {
  settings.answer_memory_bytes = 4000;
  given_many("h", 10);
  attestr_says_for(200ms, for_bad(says_forged, [this](const std::string& text) {
                     text < "h3" ? attestr_says_forged(text) : attestr_says_pending(text);
                   }));
  EXPECT_GT(engine().kept_bytes(), 0U);
  attestr_says_for(1h, says_pending);
  attestr_says_for(1min, [this](const std::string& text) {
    text > "h6" ? attestr_says_forged(text) : attestr_says_pending(text);
  });
  EXPECT_EQ(settles.size(), 0U);
}

TEST_F(Blaming, NewSettingsLetDoubtedHandshakesBeAskedAtOnce) {
  given_many("h", 3);
  attestr_says_for(3h, says_forged);
  step(Reconfigured{settings});
  attestr_says_for(5s, says_completed);
  EXPECT_EQ(completed(), 3U);
}

TEST_F(Blaming, AnAnswerThatCouldNotBeVerifiedIsKeptUntilAttestrArchivesTheResult) {
  given_new("bad");
  given_new("h1");
  attestr_says_for(1min, for_bad(says_forged, says_pending));
  attestr_says_for(30min, for_bad(says_archived, says_pending));
  ASSERT_TRUE(ended("bad", Outcome::rejected, Reason::invalid_signature));
  EXPECT_FALSE(settled("bad")->keeps_response) << "that is not the archived answer";
  EXPECT_NE(settled("bad")->finish.response.find(R"("result":{)"), std::string::npos);
  EXPECT_EQ(settled("bad")->finish.tag, "290846");
  step(Settled{id("bad")});
  EXPECT_EQ(engine().kept_bytes(), 0U);
}

// The client secret was wrong, Attestr archived the results, and then the secret is put right.
TEST_F(Blaming, AKeptAnswerCompletesOnceItsSignatureHolds) {
  given_many("h", 4);
  attestr_says_for(1min, says_forged);
  attestr_says_for(1h, says_archived);
  EXPECT_EQ(settles.size(), 0U);
  reload_with("another secret");
  attestr_says_for(1h, says_archived);
  ASSERT_EQ(completed(), 4U);
  EXPECT_EQ(settles.size(), 4U);
  const auto& settle = *settled("h1");
  EXPECT_FALSE(settle.keeps_response) << "that is not the archived answer";
  EXPECT_NE(settle.finish.response.find(R"("result":{)"), std::string::npos);
  EXPECT_TRUE(settle.finish.signature);
  EXPECT_EQ(settle.finish.tag, "290846");
}

TEST_F(Blaming, AnAnswerInDoubtIsStoredOnce) {
  given_new("bad");
  given_new("h1");
  attestr_says_for(1min, for_bad(says_forged, says_pending));
  ASSERT_EQ(stored.size(), 1U);
  EXPECT_EQ(stored[0].id.view(), "bad");
  EXPECT_EQ(stored[0].outcome, Outcome::rejected);
  EXPECT_EQ(stored[0].reason, Reason::invalid_signature);
  EXPECT_NE(stored[0].response.find(R"("result":{)"), std::string::npos);
  attestr_says_for(1min, for_bad(
                             [this](const std::string& text) {
                               attestr_says(text, 200,
                                            answer(text, signed_result("a third secret")));
                             },
                             says_pending));
  EXPECT_EQ(stored.size(), 2U) << "another answer";
}

// The process before had a wrong secret; Attestr has archived the result meanwhile.
TEST_F(Blaming, AnAnswerThatAProcessBeforeCouldNotTrustCompletesOnceItsSignatureHolds) {
  given_queued("h1");
  const auto response = answer("h1", signed_result(kSecret));
  step(DoubtedFound{id("h1"), Reason::invalid_signature, response});
  step(DoubtedFound{id("unknown"), Reason::invalid_signature, response});
  EXPECT_GT(engine().kept_bytes(), 0U);
  attestr_says_for(1h, says_archived);
  ASSERT_EQ(completed(), 1U);
  EXPECT_EQ(settled("h1")->finish.response, response);
}

TEST_F(Blaming, AnAnswerThatAProcessBeforeCouldNotTrustIsRejectedIfItStillCant) {
  given_queued("bad");
  given_new("h1");
  step(DoubtedFound{id("bad"), Reason::invalid_signature,
                    answer("bad", signed_result("another secret"))});
  attestr_says_for(30min, for_bad(says_archived, says_pending));
  ASSERT_TRUE(ended("bad", Outcome::rejected, Reason::invalid_signature));
}

TEST_F(Blaming, AnAnswerOfAProcessBeforeIsNoWitness) {
  settings.signature_attempts = 1;
  given_queued("bad");
  given_new("h1");
  step(DoubtedFound{id("bad"), Reason::invalid_signature,
                    answer("bad", signed_result("another secret"))});
  const Words says_error = [this](const std::string& text) { attestr_says_code(text, 500, 5000); };
  attestr_says_for(2 * settings.witness_time, for_bad(says_error, says_pending));
  attestr_says_for(settings.witness_time / 2, for_bad(says_forged, says_pending));
  EXPECT_FALSE(settled("bad"));
  attestr_says_for(3h, for_bad(says_forged, says_pending));
  EXPECT_TRUE(ended("bad", Outcome::rejected, Reason::invalid_signature));
}

TEST_F(Blaming, WhatIsNoAnswerWithAResultIsNotRecalled) {
  given_queued("h1");
  for (const auto* const response : {"", "{", R"({"_id":"h2"})"})
    step(DoubtedFound{id("h1"), Reason::invalid_signature, response});
  step(DoubtedFound{id("h1"), Reason::invalid_signature,
                    answer("h1", R"("consumed":false,"result":null)")});
  EXPECT_EQ(engine().kept_bytes(), 0U);
}

TEST_F(Blaming, AKeptAnswerOutlivesANotYetAndIsRejectedWhenTheResultIsGone) {
  given_new("bad");
  given_new("h1");
  attestr_says_for(1min, for_bad(says_forged, says_pending));
  attestr_says_for(10min, says_pending);
  attestr_says_for(1h, for_bad(says_archived, says_pending));
  EXPECT_TRUE(ended("bad", Outcome::rejected, Reason::invalid_signature));
}

TEST_F(Blaming, AKeptAnswerIsRejectedWhenAWrongIdEndsItsHandshake) {
  given_new("bad");
  given_new("h1");
  attestr_says_for(1min, for_bad(says_forged, says_pending));
  attestr_says_for(1h, for_bad(says_wrong_id, says_pending));
  ASSERT_TRUE(ended("bad", Outcome::rejected, Reason::invalid_signature));
  EXPECT_NE(settled("bad")->finish.response.find(R"("result":{)"), std::string::npos);
}

TEST_F(Blaming, AnExpiryWithoutAResultAlthoughItIsConsumedHasTheKeptAnswer) {
  given_new("bad", 1h);
  given_new("h1");
  attestr_says_for(1min, for_bad(says_forged, says_pending));
  const Words says_unfinished = [this](const std::string& text) {
    attestr_says(text, 200, answer(text, R"("consumed":true,"archived":null)"));
  };
  attestr_says_for(1h + settings.expiry_grace + settings.give_up_after + 1h,
                   for_bad(says_unfinished, says_pending));
  EXPECT_TRUE(ended("bad", Outcome::rejected, Reason::invalid_signature));
}

TEST_F(Blaming, AnExpiryByANotYetHasNoKeptAnswer) {
  given_new("bad", 1h);
  given_new("h1");
  attestr_says_for(1min, for_bad(says_forged, says_pending));
  attestr_says_for(1h + settings.expiry_grace + 1min, says_pending);
  EXPECT_TRUE(ended("bad", Outcome::failed, Reason::expired));
}

TEST_F(Blaming, AnAnswerThatNoMemoryIsLeftForIsRejectedAtOnce) {
  settings.answer_memory_bytes = 2000;
  given_many("h", 10);
  attestr_says_for(1min, says_forged);
  EXPECT_GT(settles.size(), 0U);
  EXPECT_LT(settles.size(), 10U);
  for (const Settle& settle : settles) {
    EXPECT_EQ(settle.finish.outcome, Outcome::rejected);
    EXPECT_TRUE(settle.keeps_response);
  }
}

}  // namespace
}  // namespace attestrd::dialogue
