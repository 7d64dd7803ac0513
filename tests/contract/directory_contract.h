#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "files/files.h"

// The contract of `Directory` (files/files.h), as far as every implementation can be tested for it.
// `Maker` has `std::unique_ptr<Directory> folder(name)`, which opens a folder and creates it if it
// is missing.

namespace attestrd::test {

template <class Maker>
class DirectoryContract : public ::testing::Test {
 protected:
  using Names = std::vector<std::string>;

  Names names() { return *folder_->list(); }

  std::string text_of(std::string_view name) { return *read_file(*folder_, name, 1000); }

  Maker maker_;
  std::unique_ptr<Directory> folder_ = maker_.folder("one");
  std::unique_ptr<Directory> other_ = maker_.folder("other");
};

TYPED_TEST_SUITE_P(DirectoryContract);

TYPED_TEST_P(DirectoryContract, ListsNamesSortedByTheirBytes) {
  EXPECT_THAT(this->names(), ::testing::IsEmpty());
  for (const auto* const name : {"b", "a.json", "a-b.json", "-rf", "B"})
    ASSERT_TRUE(this->folder_->create(name, ""));
  EXPECT_THAT(this->names(), ::testing::ElementsAre("-rf", "B", "a-b.json", "a.json", "b"));
  EXPECT_THAT(this->names(), ::testing::SizeIs(5)) << "a second time";
}

TYPED_TEST_P(DirectoryContract, CreatesAFileThatItReads) {
  ASSERT_TRUE(this->folder_->create("a", "text"));
  EXPECT_EQ(this->text_of("a"), "text");
  const auto info = this->folder_->inspect("a");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->kind, FileInfo::Kind::regular);
  EXPECT_EQ(info->size_bytes, 4U);
  EXPECT_EQ(info->links, 1U);
}

TYPED_TEST_P(DirectoryContract, NeitherCreateNorWriteReplacesAFile) {
  ASSERT_TRUE(this->folder_->create("a", "first"));
  EXPECT_EQ(this->folder_->create("a", "second").error().code, Errc::already_exists);
  EXPECT_EQ(this->folder_->write("a", "second").error().code, Errc::already_exists);
  EXPECT_EQ(this->text_of("a"), "first");
}

TYPED_TEST_P(DirectoryContract, WritesFilesThatAreSyncedTogether) {
  for (const auto* const name : {"a", "b"}) ASSERT_TRUE(this->folder_->write(name, name));
  EXPECT_TRUE(this->folder_->sync_all({}));
  EXPECT_TRUE(this->folder_->sync());
  EXPECT_EQ(this->text_of("b"), "b");
}

TYPED_TEST_P(DirectoryContract, WritesMoreWhileItSyncs) {
  int written = 0;
  const auto write = [&] {
    EXPECT_TRUE(this->folder_->write(std::to_string(written), "more"));
    return ++written < 3;
  };
  ASSERT_TRUE(this->folder_->sync(write));
  EXPECT_LE(written, 3) << "it stops when told";
  written += 10;
  const auto other = [&] {
    EXPECT_TRUE(this->folder_->write(std::to_string(written), "more"));
    return ++written % 10 < 3;
  };
  ASSERT_TRUE(this->folder_->sync_all(other));
  EXPECT_TRUE(this->folder_->sync_all({}));
}

TYPED_TEST_P(DirectoryContract, AMissingNameIsNotFound) {
  EXPECT_EQ(this->folder_->inspect("a").error().code, Errc::not_found);
  EXPECT_EQ(this->folder_->open("a", 10).error().code, Errc::not_found);
  EXPECT_EQ(this->folder_->remove("a").error().code, Errc::not_found);
  EXPECT_EQ(this->folder_->move("a", *this->other_, "a").error().code, Errc::not_found);
}

TYPED_TEST_P(DirectoryContract, RemovesAFile) {
  ASSERT_TRUE(this->folder_->create("a", ""));
  ASSERT_TRUE(this->folder_->remove("a"));
  EXPECT_THAT(this->names(), ::testing::IsEmpty());
  ASSERT_TRUE(this->folder_->create("a", "again"));
}

TYPED_TEST_P(DirectoryContract, MovesWithoutReplacing) {
  ASSERT_TRUE(this->folder_->create("a", "mine"));
  ASSERT_TRUE(this->other_->create("a", "theirs"));
  EXPECT_EQ(*this->folder_->move("a", *this->other_, "a"), Moved::name_taken);
  EXPECT_EQ(this->text_of("a"), "mine");
  EXPECT_EQ(*this->folder_->move("a", *this->other_, "b"), Moved::done);
  EXPECT_THAT(this->names(), ::testing::IsEmpty());
  EXPECT_EQ(*read_file(*this->other_, "a", 1000), "theirs");
  EXPECT_EQ(*read_file(*this->other_, "b", 1000), "mine");
  ASSERT_TRUE(this->other_->sync());
  EXPECT_TRUE(this->folder_->sync());
}

TYPED_TEST_P(DirectoryContract, ReadsAFileInPieces) {
  ASSERT_TRUE(this->folder_->create("a", "abcde"));
  const auto file = this->folder_->open("a", 100);
  ASSERT_TRUE(file);
  std::string room(2, ' ');
  std::string text;
  for (;;) {
    const auto count = (*file)->read(text.size(), room);
    ASSERT_TRUE(count);
    if (*count == 0) break;
    text += room.substr(0, *count);
  }
  EXPECT_EQ(text, "abcde");
  EXPECT_EQ((*file)->inspect()->size_bytes, 5U);
  EXPECT_NE((*file)->writers(), Writers::some);
}

TYPED_TEST_P(DirectoryContract, AFolderIsInItsPlace) {
  EXPECT_TRUE(this->folder_->is_in_place());
  EXPECT_TRUE(check_place(*this->folder_));
  EXPECT_FALSE(this->folder_->path().empty());
}

TYPED_TEST_P(DirectoryContract, TwoHandlesSeeOneFolder) {
  ASSERT_TRUE(this->folder_->create("a", "text"));
  const auto again = this->maker_.folder("one");
  EXPECT_THAT(*again->list(), ::testing::ElementsAre("a"));
}

REGISTER_TYPED_TEST_SUITE_P(DirectoryContract, ListsNamesSortedByTheirBytes,
                            CreatesAFileThatItReads, NeitherCreateNorWriteReplacesAFile,
                            WritesFilesThatAreSyncedTogether, WritesMoreWhileItSyncs,
                            AMissingNameIsNotFound, RemovesAFile, MovesWithoutReplacing,
                            ReadsAFileInPieces, AFolderIsInItsPlace, TwoHandlesSeeOneFolder);

}  // namespace attestrd::test
