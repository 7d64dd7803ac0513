#include "verify/verifier.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>

namespace attestrd {
namespace {

constexpr std::string_view kResult = R"({ "2" : {"n":1.0} , "1":"\u0041" })";
constexpr std::string_view kCompact = R"({"2":{"n":1.0},"1":"\u0041"})";
constexpr std::string_view kStringified = R"({"1":"A","2":{"n":1}})";

/// Returns the signature of `signed_text` in the form that Attestr writes.
std::string signature_of(std::string_view signed_text, const std::string& secret = "current") {
  constexpr std::string_view kDigits = "0123456789abcdef";
  HmacSha256 hmac{Secret(secret)};
  hmac.update(signed_text);
  std::string hex;
  for (const unsigned char byte : hmac.finish()) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 0xf];
  }
  return hex;
}

std::string upper_case(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

Verifier verifier(SigningFormPolicy policy = SigningFormPolicy::automatic) {
  return Verifier({Secret("current")}, policy);
}

TEST(Verifier, AcceptsASignatureMadeByOpenssl) {
  // Made by: printf '{"a":1}' | openssl dgst -sha256 -hmac current
  EXPECT_EQ(verifier().verify(R"({"a":1})",
                              "0345f0c5dda38f11d7ecbd894261467fe57581ac872c61977a81c93152d4654e"),
            SigningForm::raw);
}

TEST(Verifier, ReturnsTheFormThatWasSigned) {
  EXPECT_EQ(verifier().verify(kResult, signature_of(kResult)), SigningForm::raw);
  EXPECT_EQ(verifier().verify(kResult, signature_of(kCompact)), SigningForm::compact);
  EXPECT_EQ(verifier().verify(kResult, signature_of(kStringified)), SigningForm::stringify);
}

TEST(Verifier, PrefersTheSimplestOfSeveralMatchingForms) {
  EXPECT_EQ(verifier().verify(kStringified, signature_of(kStringified)), SigningForm::raw);
}

TEST(Verifier, TriesOnlyTheFormThatIsSet) {
  const auto says = [](SigningFormPolicy policy, std::string_view signed_text) {
    return verifier(policy).verify(kResult, signature_of(signed_text)).has_value();
  };
  EXPECT_TRUE(says(SigningFormPolicy::raw, kResult));
  EXPECT_FALSE(says(SigningFormPolicy::raw, kCompact));
  EXPECT_FALSE(says(SigningFormPolicy::raw, kStringified));
  EXPECT_TRUE(says(SigningFormPolicy::compact, kCompact));
  EXPECT_FALSE(says(SigningFormPolicy::compact, kResult));
  EXPECT_FALSE(says(SigningFormPolicy::compact, kStringified));
  EXPECT_TRUE(says(SigningFormPolicy::stringify, kStringified));
  EXPECT_FALSE(says(SigningFormPolicy::stringify, kResult));
  EXPECT_FALSE(says(SigningFormPolicy::stringify, kCompact));
}

TEST(Verifier, AcceptsEverySecretDuringARotation) {
  Verifier rotating({Secret("new"), Secret("old"), Secret("oldest")}, SigningFormPolicy::automatic);
  EXPECT_EQ(rotating.verify(kResult, signature_of(kResult, "old")), SigningForm::raw);
  EXPECT_EQ(rotating.verify(kResult, signature_of(kResult, "new")), SigningForm::raw);
  EXPECT_EQ(rotating.verify(kResult, signature_of(kStringified, "oldest")), SigningForm::stringify);
  EXPECT_EQ(rotating.verify(kResult, signature_of(kCompact, "new")), SigningForm::compact);
  EXPECT_EQ(rotating.verify(kResult, signature_of(kResult, "withdrawn")), std::nullopt);
  EXPECT_EQ(rotating.verify(kResult, signature_of(kResult, "old")), SigningForm::raw);
}

TEST(Verifier, RefusesANumberThatStringifyChanges) {
  struct Case {
    std::string_view delivered;
    std::string_view signed_text;
    bool is_same;
  };
  constexpr Case kCases[] = {{"9007199254740993", "9007199254740992", false},
                             {"1e400", "null", false},
                             {"-1e-400", "0", false},
                             {"-0", "0", false},
                             {"5.0", "5", true},
                             {"1.50e0", "1.5", true}};
  for (const auto& [delivered, signed_text, is_same] : kCases) {
    const auto in_object = [](std::string_view number) {
      return R"({"a":["\u0041",)" + std::string(number) + "]}";
    };
    const std::string stringified = R"({"a":["A",)" + std::string(signed_text) + "]}";
    const auto form = verifier().verify(in_object(delivered), signature_of(stringified));
    EXPECT_EQ(form.has_value(), is_same) << delivered;
    EXPECT_TRUE(verifier().verify(in_object(delivered), signature_of(in_object(delivered))))
        << "its own text is signed: " << delivered;
  }
}

TEST(Verifier, DoesNotRememberAForm) {
  Verifier same = verifier();
  EXPECT_EQ(same.verify(kResult, signature_of(kStringified)), SigningForm::stringify);
  EXPECT_EQ(same.verify(kStringified, signature_of(kStringified)), SigningForm::raw)
      << "FormMemory does";
}

TEST(Verifier, ACopyVerifiesByItself) {
  auto original = verifier();
  auto copy = original;
  original = Verifier({Secret("another")}, SigningFormPolicy::automatic);
  for (const auto signed_text : {kStringified, kCompact, kCompact})
    EXPECT_TRUE(copy.verify(kResult, signature_of(signed_text)));
  EXPECT_FALSE(original.verify(kResult, signature_of(kCompact)));
}

TEST(Verifier, PrefersAFormThatThePolicyAllows) {
  auto preferring = verifier();
  preferring.prefer(SigningForm::stringify);
  EXPECT_EQ(preferring.verify(kStringified, signature_of(kStringified)), SigningForm::stringify)
      << "raw would hold as well, but is not tried first";
  auto only_raw = verifier(SigningFormPolicy::raw);
  only_raw.prefer(SigningForm::stringify);
  EXPECT_EQ(only_raw.verify(kStringified, signature_of(kStringified)), SigningForm::raw);
  EXPECT_FALSE(only_raw.verify(kResult, signature_of(kStringified)));
}

TEST(Verifier, AcceptsHexDigitsOfEitherCase) {
  EXPECT_TRUE(verifier().verify(kResult, upper_case(signature_of(kResult))));
}

TEST(Verifier, RefusesASignatureThatIsNot64HexDigits) {
  const std::string good = signature_of(kResult);
  EXPECT_FALSE(verifier().verify(kResult, ""));
  EXPECT_FALSE(verifier().verify(kResult, good.substr(0, 63)));
  EXPECT_FALSE(verifier().verify(kResult, good + "0"));
  EXPECT_FALSE(verifier().verify(kResult, good + good));
  EXPECT_FALSE(verifier().verify(kResult, good.substr(0, 63) + "g"));
  EXPECT_FALSE(verifier().verify(kResult, " " + good.substr(1)));
  EXPECT_FALSE(verifier().verify(kResult, std::string(64, '0')));
}

TEST(Verifier, RefusesAForgedResult) {
  EXPECT_FALSE(verifier().verify(R"({"age":19})", signature_of(R"({"age":17})")));
  EXPECT_FALSE(verifier().verify(R"({"1":"B","2":{"n":1}})", signature_of(kStringified)));
}

TEST(Verifier, RefusesTheResultOfAnotherHandshake) {
  constexpr std::string_view kOther = R"({"1":"other"})";
  EXPECT_FALSE(verifier().verify(kOther, signature_of(kResult)));
  EXPECT_FALSE(verifier().verify(kResult, signature_of(kOther)));
  EXPECT_TRUE(verifier().verify(kOther, signature_of(kOther)));
}

TEST(Verifier, WorksAfterABadSignature) {
  Verifier patient = verifier();
  EXPECT_FALSE(patient.verify(kResult, std::string(64, 'a')));
  EXPECT_TRUE(patient.verify(kResult, signature_of(kResult)));
}

TEST(Verifier, AcceptsAResultOfManyMegabytes) {
  std::string photo(std::size_t{8} << 20, 'A');
  const std::string result = "{ \"pht\" : \"" + photo + "\" }";
  EXPECT_EQ(verifier().verify(result, signature_of("{\"pht\":\"" + photo + "\"}")),
            SigningForm::compact);
}

TEST(VerifierDeathTest, NeedsASecret) {
  EXPECT_DEATH(Verifier({}, SigningFormPolicy::raw), "invariant broken");
}

TEST(Verifier, KnowsWhetherItsSecretsOrFormsAreOthers) {
  Verifier replaced({Secret("one")}, SigningFormPolicy::raw);
  EXPECT_FALSE(replaced.is_changed());
  replaced.replace({Secret("one")}, SigningFormPolicy::raw);
  EXPECT_FALSE(replaced.is_changed());
  replaced.replace({Secret("one"), Secret("two")}, SigningFormPolicy::raw);
  EXPECT_TRUE(replaced.is_changed());
  replaced.forget_former();
  EXPECT_FALSE(replaced.is_changed());
  replaced.replace({Secret("one"), Secret("two")}, SigningFormPolicy::stringify);
  EXPECT_TRUE(replaced.is_changed());
}

TEST(Verifier, AcceptsFormerSecretsUntilTheyAreForgotten) {
  auto replaced = verifier();
  replaced.replace({Secret("another")}, SigningFormPolicy::raw);
  replaced.replace({Secret("a third one")}, SigningFormPolicy::raw);
  EXPECT_TRUE(replaced.is_changed());
  EXPECT_EQ(replaced.verify(kResult, signature_of(kCompact)), SigningForm::compact);
  EXPECT_TRUE(replaced.verify(kResult, signature_of(kResult, "another")));
  EXPECT_TRUE(replaced.verify(kResult, signature_of(kResult, "a third one")));
  replaced.forget_former();
  EXPECT_FALSE(replaced.verify(kResult, signature_of(kResult)));
  EXPECT_FALSE(replaced.verify(kResult, signature_of(kResult, "another")));
  EXPECT_TRUE(replaced.verify(kResult, signature_of(kResult, "a third one")));
}

}  // namespace
}  // namespace attestrd
