#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "files/files.h"

namespace attestrd::test {

/// The changes and faults of a ChangedFolder and of all that it contains.
struct Changes {
  /// The n-th call from now fails, and no other; 0: no call fails.
  int fails_in = 0;
  std::string failed;  ///< The name of the call that failed last.
  /// Called before each call, with its name, to simulate other processes.
  std::function<void(std::string_view call, const std::string& path)> before;
  /// Changes the result of inspect().
  std::function<void(std::string_view name, FileInfo& info)> on_inspect;
  /// Something is mounted on this name.
  std::string mounted;
  /// Renames into folders whose paths end so fail, as if they were on another mount.
  std::string other_mount;
  /// Files in folders whose paths end so can be opened only by their owner.
  std::string refuses_to_open;
};

/// A folder of the real disk with changes and faults.
class ChangedFolder final : public Directory {
 public:
  ChangedFolder(std::unique_ptr<Directory> real, Changes& changes)
      : real_(std::move(real)), changes_(changes) {}

  const std::string& path() const override { return real_->path(); }
  bool is_in_place() override { return real_->is_in_place(); }

  Result<std::vector<std::string>> list() override {
    if (fails("list")) return failure();
    return real_->list();
  }

  Result<FileInfo> inspect(std::string_view name) override {
    if (fails("inspect")) return failure();
    auto info = real_->inspect(name);
    if (info && changes_.on_inspect) changes_.on_inspect(name, *info);
    return info;
  }

  bool is_mounted_on(std::string_view name) override {
    return name == changes_.mounted || real_->is_mounted_on(name);
  }

  Result<std::unique_ptr<ReadableFile>> open(std::string_view name,
                                             std::uint64_t max_bytes) override {
    if (fails("open")) return failure();
    if (!changes_.refuses_to_open.empty() && path().ends_with(changes_.refuses_to_open))
      return fail(Errc::permission_denied, path() + ": only its owner");
    return real_->open(name, max_bytes);
  }

  Result<void> create(std::string_view name, std::string_view contents) override {
    if (fails("create")) return failure();
    return real_->create(name, contents);
  }

  Result<void> write(std::string_view name, std::string_view contents) override {
    if (fails("write")) return failure();
    return real_->write(name, contents);
  }

  Result<Moved> move(std::string_view name, Directory& target,
                     std::string_view target_name) override {
    if (fails("move")) return failure();
    auto& to = *static_cast<ChangedFolder&>(target).real_;
    if (!changes_.other_mount.empty() && to.path().ends_with(changes_.other_mount))
      return Moved::other_mount;
    return real_->move(name, to, target_name);
  }

  Result<void> remove(std::string_view name) override {
    if (fails("remove")) return failure();
    return real_->remove(name);
  }

  using Directory::sync;
  Result<void> sync(const Meanwhile& meanwhile) override {
    if (fails("sync")) return failure();
    return real_->sync(meanwhile);
  }

  Result<void> sync_all(const Meanwhile& meanwhile) override {
    if (fails("sync_all")) return failure();
    return real_->sync_all(meanwhile);
  }

  using Directory::subfolder;
  Result<std::unique_ptr<Directory>> subfolder(std::string_view name, bool ours_alone) override {
    if (fails("subfolder")) return failure();
    auto folder = real_->subfolder(name, ours_alone);
    if (!folder) return folder;
    return std::unique_ptr<Directory>(new ChangedFolder(std::move(*folder), changes_));
  }

 private:
  bool fails(std::string_view call) {
    if (changes_.before) changes_.before(call, path());
    if (changes_.fails_in == 0 || --changes_.fails_in > 0) return false;
    changes_.failed = call;
    return true;
  }

  Error failure() const { return fail(Errc::io_failure, path() + " fails"); }

  std::unique_ptr<Directory> real_;
  Changes& changes_;
};

}  // namespace attestrd::test
