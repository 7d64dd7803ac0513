#include "files/posix_reader.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <thread>

#include "io/temporary_folder.h"

namespace attestrd::test {
namespace {

using Step = ReadFault::Step;

class PosixReaderTest : public ::testing::Test {
 protected:
  ReadResult<std::string> read(const std::string& name, FileKinds kinds = FileKinds::plain,
                               std::size_t max_bytes = 100'000) const {
    return read_whole(disk_.path(name).string(), kinds, max_bytes);
  }

  void expect_fault(const std::string& name, FileKinds kinds, Step step, int error) const {
    const auto text = read(name, kinds);
    ASSERT_FALSE(text) << name;
    EXPECT_EQ(text.error().step, step) << name;
    EXPECT_EQ(text.error().error, error) << name;
  }

  TemporaryFolder disk_;
};

TEST_F(PosixReaderTest, ReadsFilesOfAnyLength) {
  for (const std::size_t length : {0U, 1U, 4095U, 4096U, 4097U, 10'000U, 100'000U}) {
    const std::string text(length, 'x');
    disk_.write("file", text);
    EXPECT_EQ(*read("file"), text) << length;
    EXPECT_EQ(*read("file", FileKinds::any), text) << length;
  }
}

TEST_F(PosixReaderTest, RefusesAFileWithMoreThanItsBytes) {
  disk_.write("file", "12345");
  EXPECT_EQ(*read("file", FileKinds::plain, 5), "12345");
  const auto text = read("file", FileKinds::plain, 4);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().step, Step::size);
  EXPECT_EQ(text.error().error, EFBIG);
}

TEST_F(PosixReaderTest, NamesTheStepThatFailed) {
  std::filesystem::create_directory(disk_.path("folder"));
  expect_fault("absent", FileKinds::plain, Step::open, ENOENT);
  expect_fault("absent", FileKinds::any, Step::open, ENOENT);
  expect_fault("folder", FileKinds::plain, Step::kind, EISDIR);
  expect_fault("folder", FileKinds::any, Step::read, EISDIR);
}

TEST_F(PosixReaderTest, RefusesAFifoWithoutWaitingForItsWriter) {
  ASSERT_EQ(::mkfifo(disk_.path("fifo").c_str(), 0600), 0);
  expect_fault("fifo", FileKinds::plain, Step::kind, ENOTSUP);
}

TEST_F(PosixReaderTest, ReadsAFifoIfAnyKindIsAllowed) {
  ASSERT_EQ(::mkfifo(disk_.path("fifo").c_str(), 0600), 0);
  const std::string text(20'000, 'x');
  const std::jthread writer([&] { disk_.write("fifo", text); });
  EXPECT_EQ(*read("fifo", FileKinds::any), text);
}

TEST_F(PosixReaderTest, RefusesALargeSparseFileWithoutReadingIt) {
  disk_.write("sparse", "x");
  std::filesystem::resize_file(disk_.path("sparse"), std::uintmax_t{8} << 40);
  const auto read = read_whole(disk_.path("sparse").string(), FileKinds::plain, 1 << 30);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().step, ReadFault::Step::size);
}

TEST_F(PosixReaderTest, FollowsALink) {
  disk_.write("file", "text");
  std::filesystem::create_symlink("file", disk_.path("link"));
  EXPECT_EQ(*read("link"), "text");
}

TEST_F(PosixReaderTest, ContinuesAtTheEndOfAGrowingFile) {
  disk_.write("file", "first");
  auto reader = PosixReader::open(disk_.path("file").string(), FileKinds::plain);
  ASSERT_TRUE(reader);
  EXPECT_EQ(*reader->read_all(100), "first");
  disk_.write("file", "first second");
  EXPECT_EQ(*reader->read_all(100), " second");
}

TEST_F(PosixReaderTest, ReturnsTheModeOfTheOpenFile) {
  disk_.write("file", "text");
  ASSERT_EQ(::chmod(disk_.path("file").c_str(), 0604), 0);
  const auto reader = PosixReader::open(disk_.path("file").string(), FileKinds::plain);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->mode(), 0604U);
}

TEST(Descriptor, ClosesWhatItOwnsOnce) {
  Descriptor first(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  Descriptor second(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int first_value = first.get();
  const int second_value = second.get();
  first = std::move(second);
  EXPECT_EQ(first.get(), second_value);
  EXPECT_LT(second.get(), 0);
  EXPECT_EQ(::fcntl(first_value, F_GETFD), -1) << "assignment closes what was owned before";
  EXPECT_NE(::fcntl(second_value, F_GETFD), -1);
  first = Descriptor();
  EXPECT_EQ(::fcntl(second_value, F_GETFD), -1);
}

}  // namespace
}  // namespace attestrd::test
