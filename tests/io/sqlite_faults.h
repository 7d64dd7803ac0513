#pragma once

namespace attestrd::test {

/// Injects faults into SQLite, in every connection opened during its lifetime. At most one exists
/// at a time.
class SqliteFaults {
 public:
  SqliteFaults();
  ~SqliteFaults();
  SqliteFaults(const SqliteFaults&) = delete;
  SqliteFaults& operator=(const SqliteFaults&) = delete;

  /// Stops the n-th statement that runs from now on (SQLITE_INTERRUPT), and no other.
  void stop_statement(int n);
  /// Refuses the n-th statement that is prepared from now on (SQLITE_AUTH), and no other.
  void refuse_statement(int n);
  /// Returns whether the n-th statement is still to come.
  bool is_armed() const;
  void disarm();

  /// Opens connections with `synchronous=NORMAL`, and ignores changes of it.
  void keep_synchronous_normal();
};

/// A SQLite VFS (sqlite.org/vfs.html) on top of the system's. Writes to databases, or their syncs,
/// may fail with a code of SQLite and an errno. Writes to logs succeed.
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
