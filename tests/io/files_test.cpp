#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "files/posix_calls.h"
#include "files/posix_files.h"
#include "files/posix_lock.h"
#include "io/temporary_folder.h"

namespace attestrd::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FilesTest : public ::testing::Test {
 protected:
  Errc code_of_open(const std::string& name, std::uint64_t max_bytes = 100) {
    const auto file = folder_->open(name, max_bytes);
    EXPECT_FALSE(file) << name;
    return file ? Errc{} : file.error().code;
  }

  template <class Sync>
  void expect_more_written_while(Sync sync) {
    int calls = 0;
    const auto write = [&] {
      EXPECT_TRUE(folder_->write(std::to_string(calls), "more"));
      return ++calls % 3 != 0;
    };
    // The number of calls depends on the disk.
    for (int tries = 0; tries < 100 && calls == 0; ++tries) ASSERT_TRUE(sync(write));
    EXPECT_GT(calls, 0);
    EXPECT_LE(calls, 3);
    EXPECT_EQ(folder_->list()->size(), static_cast<std::size_t>(calls));
    EXPECT_TRUE(folder_->sync_all({}));
  }

  TemporaryFolder disk_;
  std::unique_ptr<Directory> folder_ = disk_.open();
};

TEST_F(FilesTest, ListsAllButItself) {
  EXPECT_THAT(*folder_->list(), IsEmpty());
  disk_.write("b", "");
  disk_.write("a\nb\xff", "");
  disk_.write("-rf", "");
  EXPECT_THAT(*folder_->list(), ElementsAre("-rf", "a\nb\xff", "b"));
  EXPECT_THAT(*folder_->list(), ElementsAre("-rf", "a\nb\xff", "b")) << "a second time";
}

TEST_F(FilesTest, ReadsAFileThatItCreated) {
  ASSERT_TRUE(folder_->create("a", "text"));
  EXPECT_EQ(*read_file(*folder_, "a", 4), "text");
  struct stat status;
  ASSERT_EQ(::stat(disk_.path("a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0137U, 0U) << "never more than 0640";
  EXPECT_EQ(folder_->create("a", "other").error().code, Errc::already_exists);
  EXPECT_EQ(disk_.read("a"), "text");
}

TEST_F(FilesTest, AMoveGivesTheGroupOfASetGroupIdFolder) {
  if (::geteuid() != 0) return;  // Only root can give a folder another group.
  constexpr gid_t kReaders = 61003;
  disk_.open("readers");
  const auto readers = disk_.path("readers");
  ASSERT_EQ(::chown(readers.c_str(), 0, kReaders), 0);
  ASSERT_EQ(::chmod(readers.c_str(), 02770), 0);
  const auto target = disk_.open("readers");
  ASSERT_TRUE(folder_->create("a", "text"));
  ASSERT_EQ(*folder_->move("a", *target, "a"), Moved::done);
  struct stat status;
  ASSERT_EQ(::stat(disk_.path("readers/a").c_str(), &status), 0);
  EXPECT_EQ(status.st_gid, kReaders);
}

TEST_F(FilesTest, WritesFilesThatAreSyncedTogether) {
  for (const auto* const name : {"a", "b"}) ASSERT_TRUE(folder_->write(name, name));
  EXPECT_TRUE(folder_->sync_all({}));
  EXPECT_EQ(*read_file(*folder_, "b", 1), "b");
  EXPECT_EQ(folder_->write("a", "other").error().code, Errc::already_exists);
}

TEST_F(FilesTest, WritesMoreWhileTheDiskSyncs) {
  expect_more_written_while([this](const Meanwhile& more) { return folder_->sync_all(more); });
}

TEST_F(FilesTest, WritesMoreWhileTheDiskSyncsNames) {
  expect_more_written_while([this](const Meanwhile& more) { return folder_->sync(more); });
}

// Disabled under sanitizers, which map memory all the time.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_F(FilesTest, SyncsAllIfNoThreadCanBeCreated) {
  std::atomic<bool> may_end = false;
  std::vector<std::jthread> threads;
  threads.reserve(100);
  struct rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_AS, &before), 0);
  const struct rlimit none { 1, before.rlim_max };
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &none), 0);
  // The first threads reuse stacks of threads that have ended.
  const auto take_thread = [&] { threads.emplace_back([&may_end] { may_end.wait(false); }); };
  EXPECT_THROW(for (;;) take_thread(), std::system_error);
  int calls = 0;
  const auto synced = folder_->sync_all([&calls] { return ++calls < 3; });
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &before), 0);
  may_end = true;
  may_end.notify_all();
  EXPECT_TRUE(synced);
  EXPECT_EQ(calls, 0);
}
#endif

TEST_F(FilesTest, OpensOnlyPlainFiles) {
  disk_.write("big", std::string(101, 'x'));
  disk_.write("linked", "x");
  std::filesystem::create_hard_link(disk_.path("linked"), disk_.path("link"));
  std::filesystem::create_symlink("/etc/shadow", disk_.path("symlink"));
  std::filesystem::create_directory(disk_.path("folder"));
  ASSERT_EQ(::mkfifo(disk_.path("fifo").c_str(), 0600), 0);
  EXPECT_EQ(code_of_open("big"), Errc::unsafe_file);
  EXPECT_EQ(code_of_open("linked"), Errc::unsafe_file);
  EXPECT_EQ(code_of_open("symlink"), Errc::unsafe_file);
  EXPECT_EQ(code_of_open("folder"), Errc::unsafe_file);
  EXPECT_EQ(code_of_open("fifo"), Errc::unsafe_file);
  EXPECT_EQ(code_of_open("nothing"), Errc::not_found);
}

TEST_F(FilesTest, InspectsWithoutFollowing) {
  std::filesystem::create_symlink("/etc", disk_.path("symlink"));
  EXPECT_EQ(folder_->inspect("symlink")->kind, FileInfo::Kind::symlink);
  EXPECT_EQ(folder_->inspect("nothing").error().code, Errc::not_found);
}

TEST_F(FilesTest, MovesWithoutReplacing) {
  const auto target = disk_.open("target");
  disk_.write("a", "mine");
  disk_.write("target/a", "theirs");
  EXPECT_EQ(*folder_->move("a", *target, "a"), Moved::name_taken);
  EXPECT_EQ(*folder_->move("a", *target, "b"), Moved::done);
  EXPECT_EQ(disk_.read("target/a"), "theirs");
  EXPECT_EQ(disk_.read("target/b"), "mine");
  EXPECT_EQ(folder_->move("a", *target, "c").error().code, Errc::not_found);
  EXPECT_TRUE(target->sync());
}

TEST_F(FilesTest, LeavesNothingWhenAWriteFails) {
  // A limit on the size of files simulates a failing disk; its signal would kill the process.
  struct rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small { 1000, before.rlim_max };
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto created = folder_->create("a", std::string(2000, 'x'));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, old_handler);
  EXPECT_EQ(created.error().code, Errc::io_failure);
  EXPECT_THAT(created.error().message, HasSubstr(disk_.path("a").string()));
  EXPECT_THAT(*folder_->list(), IsEmpty());
}

TEST_F(FilesTest, ReportsAFullDisk) {
  // Every write to /dev/full fails with ENOSPC.
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  EXPECT_EQ(::write(full, "x", 1), -1);
  const auto error = file_error(errno, "cannot write", "/dev/full");
  ::close(full);
  EXPECT_EQ(error.code, Errc::disk_full);
}

TEST_F(FilesTest, ClassifiesErrorsThatMayPass) {
  for (const int error : {EIO, EMFILE, ENOMEM, ENOSPC}) EXPECT_TRUE(may_pass(error)) << error;
  for (const int error : {ENOENT, EACCES, EISDIR, ELOOP}) EXPECT_FALSE(may_pass(error)) << error;
}

TEST_F(FilesTest, MakesAndOpensSubfolders) {
  ASSERT_TRUE(folder_->subfolder("new"));
  ASSERT_TRUE(folder_->subfolder("new")) << "it is there now";
  std::filesystem::create_directory_symlink("/tmp", disk_.path("symlink"));
  disk_.write("file", "");
  EXPECT_EQ(folder_->subfolder("symlink").error().code, Errc::unsafe_file);
  EXPECT_EQ(folder_->subfolder("file").error().code, Errc::unsafe_file);
}

// A default ACL for files, as the inbox has, takes `x` from new folders, as this umask does.
TEST_F(FilesTest, ASubfolderIsUsableWhateverItsParentTakesFromNewOnes) {
  const mode_t before = ::umask(0177);
  const auto made = folder_->subfolder("new", true);
  ::umask(before);
  ASSERT_TRUE(made) << made.error().message;
  struct stat info {};
  ASSERT_EQ(::stat(disk_.path("new").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);
  ASSERT_EQ(::chmod(disk_.path("new").c_str(), 0600), 0);
  EXPECT_TRUE(folder_->subfolder("new", true)) << "an earlier start has left it so";
  ASSERT_EQ(::stat(disk_.path("new").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);
}

TEST_F(FilesTest, OpensNoFolderThroughALink) {
  std::filesystem::create_directory(disk_.path("folder"));
  std::filesystem::create_directory_symlink("folder", disk_.path("link"));
  EXPECT_TRUE(PosixDirectory::open(disk_.path("folder").string()));
  const auto opened = PosixDirectory::open(disk_.path("link").string());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::unsafe_file);
  EXPECT_THAT(opened.error().message, HasSubstr(disk_.path("link").string()));
}

TEST_F(FilesTest, DetectsThatItsPathLeadsElsewhere) {
  const auto held = disk_.open("held");
  EXPECT_TRUE(held->is_in_place());
  std::filesystem::rename(disk_.path("held"), disk_.path("moved"));
  EXPECT_FALSE(held->is_in_place()) << "it was moved";
  std::filesystem::create_directory(disk_.path("held"));
  EXPECT_FALSE(held->is_in_place()) << "it was replaced";
  EXPECT_EQ(check_place(*held).error().code, Errc::io_failure);
  EXPECT_THAT(check_place(*held).error().message, HasSubstr(disk_.path("held").string()));
  std::filesystem::remove(disk_.path("held"));
  std::filesystem::rename(disk_.path("moved"), disk_.path("held"));
  EXPECT_TRUE(check_place(*held)) << "it is back";
  std::filesystem::remove(disk_.path("held"));
  EXPECT_FALSE(held->is_in_place()) << "it was removed";
}

TEST_F(FilesTest, ClampsATimeThatCannotBeRepresented) {
  disk_.write("a", "");
  const auto now = std::chrono::system_clock::now();
  for (const auto seconds : {std::int64_t{1} << 55, std::int64_t{13'000'000'000}}) {
    const struct timespec time[2] = {{seconds, 999'999'999}, {seconds, 999'999'999}};
    ASSERT_EQ(::utimensat(AT_FDCWD, disk_.path("a").c_str(), time, 0), 0);
    // The file system may clamp the time further, but never to the present.
    EXPECT_GT(folder_->inspect("a")->modified_at, now + std::chrono::hours(24 * 365 * 100));
  }
}

TEST_F(FilesTest, RefusesToRemoveAFolder) {
  std::filesystem::create_directory(disk_.path("folder"));
  EXPECT_EQ(folder_->remove("folder").error().code, Errc::unsafe_file);
}

TEST_F(FilesTest, FindsAFreeNumberAmongMany) {
  EXPECT_EQ(*free_number(*folder_, "a"), 1U);
  for (unsigned number = 1; number < 100; ++number) {
    disk_.write(numbered_name("a", number), "");
    disk_.write(numbered_name("b.json", number, ".json"), "");
    EXPECT_EQ(*free_number(*folder_, "a"), number + 1);
    EXPECT_EQ(*free_number(*folder_, "b.json", ".json"), number + 1);
  }
  std::filesystem::remove(disk_.path("a.17"));
  const auto free = *free_number(*folder_, "a");
  EXPECT_FALSE(std::filesystem::exists(disk_.path(numbered_name("a", free))));
}

TEST_F(FilesTest, AFileLockIsOursAlone) {
  const auto path = disk_.path("queue.lock").string();
  disk_.write("queue.lock", "of an earlier version");
  std::filesystem::permissions(path, std::filesystem::perms(0640));
  ASSERT_TRUE(FileLock::acquire(path));
  EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0600))
      << "who can open it can lock it";
}

TEST_F(FilesTest, AFileLockIsExclusive) {
  const auto path = disk_.path("queue.lock").string();
  {
    const auto lock = FileLock::acquire(path);
    ASSERT_TRUE(lock);
    const auto second = FileLock::acquire(path);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::unavailable);
    EXPECT_THAT(second.error().message, HasSubstr(path));
    EXPECT_THAT(second.error().message, HasSubstr("pid " + std::to_string(::getpid())));
  }
  EXPECT_TRUE(FileLock::acquire(path));
}

TEST_F(FilesTest, AFolderLockIsExclusiveAndLeavesNoFile) {
  const std::string path = disk_.path().string();
  {
    const auto lock = FileLock::acquire_folder(path);
    ASSERT_TRUE(lock);
    const auto second = FileLock::acquire_folder(path);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::unavailable);
    EXPECT_THAT(second.error().message, HasSubstr(path));
  }
  EXPECT_THAT(disk_.names_in(""), IsEmpty());
  EXPECT_TRUE(FileLock::acquire_folder(path));
  EXPECT_EQ(FileLock::acquire_folder(path + "/none").error().code, Errc::not_found);
}

TEST(FileNamesTest, AreNumberedAndEscaped) {
  EXPECT_EQ(numbered_name("list", 1), "list");
  EXPECT_EQ(numbered_name("list", 2), "list.2");
  EXPECT_EQ(numbered_name("DSa.json", 3, ".json"), "DSa.3.json");
  EXPECT_EQ(numbered_name("core", 2, ".json"), "core.2");
  EXPECT_EQ(harmless_name("list-1.txt"), "list-1.txt");
  EXPECT_EQ(harmless_name("-rf"), "%2Drf");
  EXPECT_EQ(harmless_name(".x"), "%2Ex");
  EXPECT_EQ(harmless_name("a\nb\xff c"), "a%0Ab%FF%20c");
  EXPECT_LT(harmless_name(std::string(255, '\x01')).size(), 210U);
}

}  // namespace
}  // namespace attestrd::test
