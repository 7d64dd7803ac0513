#include "verify/form_memory.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

constexpr std::optional<SigningForm> kAuto;

TEST(FormMemory, TheFirstFormIsTheUsualOne) {
  for (const auto form : {SigningForm::raw, SigningForm::compact, SigningForm::stringify}) {
    FormMemory memory;
    for (int i = 0; i < 2; ++i) {
      const auto found = memory.add(form, kAuto);
      EXPECT_TRUE(found.is_accepted);
      EXPECT_FALSE(found.is_news);
    }
  }
}

TEST(FormMemory, AnotherFormIsAcceptedAndNewsOnce) {
  FormMemory memory;
  memory.add(SigningForm::stringify, kAuto);
  for (const auto form : {SigningForm::compact, SigningForm::raw}) {
    EXPECT_TRUE(memory.add(form, kAuto).is_news);
    EXPECT_FALSE(memory.add(form, kAuto).is_news);
    EXPECT_TRUE(memory.add(form, kAuto).is_accepted);
  }
  EXPECT_TRUE(memory.add(SigningForm::stringify, kAuto).is_accepted) << "it was the first one";
}

TEST(FormMemory, AChangeToStringifyIsRefusedUntilItIsConfigured) {
  FormMemory memory;
  memory.add(SigningForm::raw, kAuto);
  const auto first = memory.add(SigningForm::stringify, kAuto);
  EXPECT_FALSE(first.is_accepted);
  EXPECT_TRUE(first.is_news);
  const auto second = memory.add(SigningForm::stringify, kAuto);
  EXPECT_FALSE(second.is_accepted);
  EXPECT_FALSE(second.is_news);
  EXPECT_TRUE(memory.add(SigningForm::stringify, SigningForm::stringify).is_accepted);
  EXPECT_TRUE(memory.add(SigningForm::stringify, kAuto).is_accepted) << "it has become usual";
}

TEST(FormMemory, TheFormOfTheSettingIsTheUsualOne) {
  FormMemory memory;
  // Answers that are under way at a reload may have a form of the setting before.
  EXPECT_FALSE(memory.add(SigningForm::stringify, SigningForm::raw).is_accepted);
  EXPECT_TRUE(memory.add(SigningForm::compact, SigningForm::raw).is_news);
}

}  // namespace
}  // namespace attestrd
