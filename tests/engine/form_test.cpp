#include "engine/dialogue.h"

namespace attestrd::dialogue {
namespace {

constexpr std::string_view kDelivered = R"({ "a":"\u0041" })";
constexpr std::string_view kCompact = R"({"a":"\u0041"})";
constexpr std::string_view kStringified = R"({"a":"A"})";

/// A fixture in which one handshake after another gets a result that is signed in some form.
class Forms : public Dialogue {
 protected:
  Forms() { settings.witness_time = settings.unknown_grace = 0s; }

  void result_comes(std::string_view text, std::string_view signed_text) {
    given_new(text);
    delay_until_poll(text);
    attestr_says_signed(text, kDelivered, signed_text);
  }
};

TEST_F(Forms, AnotherFormIsAcceptedAndLoggedOnce) {
  result_comes("h1", kDelivered);
  EXPECT_EQ(said(Event::signature_form), 0U);
  result_comes("h2", kCompact);
  result_comes("h3", kCompact);
  EXPECT_TRUE(ended("h3", Outcome::completed));
  EXPECT_EQ(said(Event::signature_form), 1U);
  EXPECT_EQ(last_said(Event::signature_form).level, Level::warn);
  EXPECT_EQ(last_said(Event::signature_form).reason, "compact");
}

TEST_F(Forms, AChangeToStringifyIsRefusedAndLoggedOnce) {
  settings.signature_attempts = 1;
  result_comes("h1", kDelivered);
  result_comes("h2", kStringified);
  result_comes("h3", kStringified);
  EXPECT_TRUE(ended("h2", Outcome::rejected, Reason::invalid_signature));
  EXPECT_EQ(said(Event::signature_form), 1U);
  EXPECT_EQ(last_said(Event::signature_form).level, Level::error);
  EXPECT_EQ(last_said(Event::signature_form).handshake, id("h2"));
  result_comes("h4", kDelivered);
  EXPECT_TRUE(ended("h4", Outcome::completed));
}

TEST_F(Forms, AReloadThatNamesStringifyAcceptsIt) {
  result_comes("h1", kDelivered);
  given_new("h2");
  delay_until_poll("h2");
  attestr_says_signed("h2", kDelivered, kStringified);
  EXPECT_FALSE(settled("h2"));
  settings.signing_form = SigningForm::stringify;
  step(Reconfigured{settings});
  delay_until_poll("h2");
  attestr_says_signed("h2", kDelivered, kStringified);
  EXPECT_TRUE(ended("h2", Outcome::completed));
  EXPECT_EQ(settled("h2")->finish.form, SigningForm::stringify);
}

TEST_F(Forms, StringifyIsAcceptedIfItIsTheFirst) {
  result_comes("h1", kStringified);
  result_comes("h2", kDelivered);
  result_comes("h3", kStringified);
  EXPECT_TRUE(ended("h2", Outcome::completed));
  EXPECT_TRUE(ended("h3", Outcome::completed));
}

TEST_F(Forms, ALargeAnswerIsJudgedInTheSameWay) {
  settings.signature_attempts = 1;
  settings.verified_at_once_bytes = 0;
  result_comes("h1", kDelivered);
  verified();
  result_comes("h2", kStringified);
  verified();
  EXPECT_TRUE(ended("h1", Outcome::completed));
  EXPECT_TRUE(ended("h2", Outcome::rejected, Reason::invalid_signature));
}

}  // namespace
}  // namespace attestrd::dialogue
