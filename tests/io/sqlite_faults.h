#pragma once

namespace attestrd::test {

/// Lets SQLite fail where a test says, in every connection opened while this lives. One at a time.
class SqliteFaults {
 public:
  SqliteFaults();
  ~SqliteFaults();
  SqliteFaults(const SqliteFaults&) = delete;
  SqliteFaults& operator=(const SqliteFaults&) = delete;

  /// The n-th statement from now that runs is stopped (SQLITE_INTERRUPT), and no other.
  void stop_statement(int n);
  /// The n-th statement from now that is prepared is refused (SQLITE_AUTH), and no other.
  void refuse_statement(int n);
  /// The n-th has still to come.
  bool is_armed() const;
  void disarm();

  /// Connections begin with `synchronous=NORMAL`, and it can't be set.
  void keep_synchronous_normal();
};

/// A file system of SQLite's (sqlite.org/vfs.html): the system's, but that writes to databases, or
/// their syncs, may fail with a code of SQLite's and the errno of the system. Logs are written.
class FailingVfs {
 public:
  FailingVfs();
  ~FailingVfs();
  FailingVfs(const FailingVfs&) = delete;
  FailingVfs& operator=(const FailingVfs&) = delete;

  static constexpr const char* kName = "failing";

  void fail_writes(int code, int system_error);
  void fail_syncs(int code, int system_error);
  void heal();
};

}  // namespace attestrd::test
