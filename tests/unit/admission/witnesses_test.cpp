#include "admission/witnesses.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

using namespace std::chrono_literals;

class WitnessesTest : public testing::Test {
 protected:
  static Mono at(Duration since_start) { return Mono(1000h) + since_start; }
  /// The blame for a charge against handshake 0, whose first answer of the kind came at the start,
  /// judged after ten minutes.
  Blame blame(Charge charge) const { return witnesses_.blame(0, charge, {at(0s), at(5min)}); }

  Witnesses witnesses_;
};

TEST_F(WitnessesTest, NobodyIsBlamedWithoutAnotherHandshake) {
  EXPECT_EQ(blame(Charge::unknown), Blame::nobody);
  witnesses_.answered(0, Charge::unknown, at(9min));
  EXPECT_EQ(blame(Charge::unknown), Blame::nobody) << "it is no witness for itself";
  witnesses_.answered(1, Charge::none, at(-1s));
  EXPECT_EQ(blame(Charge::unknown), Blame::nobody) << "that was before";
}

TEST_F(WitnessesTest, AnotherThatIsAnsweredWellMeanwhileBlamesTheHandshake) {
  for (const Charge charge :
       {Charge::unknown, Charge::archived, Charge::wrong_id, Charge::duplicate_key}) {
    witnesses_.answered(1, Charge::none, at(1s));
    EXPECT_EQ(blame(charge), Blame::handshake);
  }
}

TEST_F(WitnessesTest, OthersWithoutAGoodAnswerBlameTheAccount) {
  witnesses_.answered(1, Charge::other, at(1s));
  EXPECT_EQ(blame(Charge::unknown), Blame::account);
  witnesses_.answered(2, Charge::unknown, at(9min));
  EXPECT_EQ(blame(Charge::unknown), Blame::account);
}

TEST_F(WitnessesTest, TheSameTroubleOfMostBlamesTheAccount) {
  witnesses_.answered(1, Charge::none, at(9min));
  witnesses_.answered(2, Charge::unknown, at(9min));
  EXPECT_EQ(blame(Charge::unknown), Blame::handshake);
  witnesses_.answered(3, Charge::unknown, at(9min));
  EXPECT_EQ(blame(Charge::unknown), Blame::account);
  EXPECT_EQ(blame(Charge::archived), Blame::handshake) << "that is another trouble";
}

TEST_F(WitnessesTest, TroubleOfOthersThatIsNotRecentDoesNotCount) {
  witnesses_.answered(1, Charge::none, at(1min));
  witnesses_.answered(2, Charge::unknown, at(2min));
  witnesses_.answered(3, Charge::unknown, at(2min));
  EXPECT_EQ(blame(Charge::unknown), Blame::handshake);
}

TEST_F(WitnessesTest, OnlyASignatureThatHoldsIsAWitnessForTheSecret) {
  witnesses_.answered(1, Charge::none, at(9min));
  EXPECT_EQ(blame(Charge::invalid_signature), Blame::nobody);
  witnesses_.signature_checked(1, false, at(9min));
  EXPECT_EQ(blame(Charge::invalid_signature), Blame::account);
  witnesses_.signature_checked(2, true, at(9min));
  EXPECT_EQ(blame(Charge::invalid_signature), Blame::handshake);
}

TEST_F(WitnessesTest, ASignatureThatHeldBeforeThatOfAnotherFailedIsNoWitness) {
  witnesses_.signature_checked(1, true, at(7min));
  EXPECT_EQ(blame(Charge::invalid_signature), Blame::handshake);
  witnesses_.signature_checked(2, false, at(8min));
  EXPECT_EQ(blame(Charge::invalid_signature), Blame::account) << "all may fail since";
  witnesses_.signature_checked(1, true, at(9min));
  EXPECT_EQ(blame(Charge::invalid_signature), Blame::handshake);
}

TEST_F(WitnessesTest, AFailedSignatureOfAnotherThatIsNotRecentDoesNotCount) {
  witnesses_.signature_checked(1, true, at(1min));
  witnesses_.signature_checked(2, false, at(2min));
  EXPECT_EQ(blame(Charge::invalid_signature), Blame::handshake);
}

TEST_F(WitnessesTest, OnlyATagThatIsEqualIsAWitnessForTags) {
  witnesses_.signature_checked(1, true, at(9min));
  EXPECT_EQ(blame(Charge::tag_mismatch), Blame::nobody);
  witnesses_.tag_compared(1, false, at(9min));
  EXPECT_EQ(blame(Charge::tag_mismatch), Blame::account);
  witnesses_.tag_compared(2, true, at(9min));
  EXPECT_EQ(blame(Charge::tag_mismatch), Blame::handshake);
}

TEST_F(WitnessesTest, AnAnswerReplacesThatOfTheSameHandshake) {
  witnesses_.answered(1, Charge::unknown, at(8min));
  witnesses_.answered(2, Charge::none, at(8min));
  witnesses_.answered(1, Charge::none, at(9min));
  witnesses_.answered(2, Charge::unknown, at(9min));
  EXPECT_EQ(blame(Charge::unknown), Blame::handshake);
  witnesses_.answered(1, Charge::unknown, at(9min));
  EXPECT_EQ(blame(Charge::unknown), Blame::account);
}

TEST_F(WitnessesTest, AGoodAnswerBeforeTheLastOfTheHandshakeDoesNotCount) {
  witnesses_.answered(1, Charge::none, at(1min));
  witnesses_.answered(0, Charge::unknown, at(2min));
  EXPECT_EQ(blame(Charge::unknown), Blame::account) << "all may be in trouble since";
  witnesses_.answered(1, Charge::none, at(3min));
  EXPECT_EQ(blame(Charge::unknown), Blame::handshake);
}

TEST_F(WitnessesTest, AHandshakeThatHasEndedStaysAWitness) {
  witnesses_.answered(0, Charge::none, at(8min));
  EXPECT_EQ(blame(Charge::unknown), Blame::nobody);
  witnesses_.forget(0);
  EXPECT_EQ(blame(Charge::unknown), Blame::handshake);
}

TEST_F(WitnessesTest, ANewHandshakeReplacesTheOldestOne) {
  witnesses_.answered(1, Charge::none, at(6min));
  witnesses_.answered(2, Charge::none, at(6min));
  witnesses_.answered(1, Charge::other, at(7min));
  witnesses_.answered(3, Charge::other, at(8min));
  EXPECT_EQ(blame(Charge::unknown), Blame::handshake) << "the second is still there";
}

TEST_F(WitnessesTest, TheOldestAnswersAreForgotten) {
  witnesses_.answered(1, Charge::none, at(8min));
  for (std::uint32_t i = 0; i < limits::kWitnesses; ++i)
    witnesses_.answered(10 + i, Charge::other, at(9min));
  EXPECT_EQ(blame(Charge::unknown), Blame::account);
}

TEST_F(WitnessesTest, SignaturesFailOnceSeveralHandshakesInARowFailed) {
  const std::uint32_t most = limits::kFailingSignatures;
  for (std::uint32_t i = 1; i < most; ++i)
    EXPECT_FALSE(witnesses_.signature_checked(i, false, at(1s)));
  EXPECT_FALSE(witnesses_.signature_checked(1, false, at(2s))) << "not a different one";
  EXPECT_FALSE(witnesses_.signatures_fail());
  EXPECT_TRUE(witnesses_.signature_checked(most, false, at(3s)));
  EXPECT_TRUE(witnesses_.signatures_fail());
  EXPECT_FALSE(witnesses_.signature_checked(most + 1, false, at(3s))) << "it is known already";
  EXPECT_TRUE(witnesses_.signature_checked(1, true, at(4s)));
  EXPECT_FALSE(witnesses_.signatures_fail());
  EXPECT_FALSE(witnesses_.signature_checked(1, false, at(5s)));
  EXPECT_FALSE(witnesses_.signature_checked(2, false, at(5s))) << "those before do not count";
}

}  // namespace
}  // namespace attestrd
