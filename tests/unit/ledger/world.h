#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/limits.h"
#include "contract/memory_files.h"
#include "contract/memory_queue.h"
#include "inbox/folder_inbox.h"
#include "ledger/ledger.h"
#include "spool/folder_spool.h"

namespace attestrd::test {

inline HandshakeId id_of(std::string_view text) {
  const auto id = HandshakeId::parse(text);
  ATTESTRD_CHECK(id.has_value());
  return *id;
}

/// A disk and a sequence of processes that work on it: the real ledger, inbox and spool, on folders
/// and rows in memory.
class World {
 public:
  // Events outside the daemon.

  void given_submission(const std::string& name, const std::string& text) {
    inbox().names[name] = inbox().synced[name] = text;
  }

  void given_file(const std::string& folder, const std::string& name, const std::string& text) {
    auto& spool = root_.folder(folder);
    spool.names[name] = spool.synced[name] = text;
  }

  /// Makes a file that of another user.
  void give_away(const std::string& folder, const std::string& name) {
    root_.folder(folder).foreign.insert(name);
  }

  /// Replaces the files of a folder by others. Returns the previous ones.
  MemoryFolder::Names swap_folder(const std::string& folder, MemoryFolder::Names names) {
    root_.folder(folder).synced = names;
    return std::exchange(root_.folder(folder).names, std::move(names));
  }

  void set_in_place(const std::string& folder, bool is_in_place) {
    root_.folder(folder).is_in_place = is_in_place;
  }

  void fill(const std::string& folder, bool is_full) { root_.folder(folder).is_full = is_full; }

  RoundBounds bounds;

  void arm(Faults::Kind kind, int step) { faults_.arm(kind, step); }
  bool fault_is_spent() const { return faults_.is_spent(); }
  bool has_struck() const { return faults_.has_struck(); }
  void disarm() { faults_.disarm(); }

  void given_room_for(std::size_t names) { faults_.most_names = names; }

  void given_unwritable(const std::string& name) { faults_.unwritable = name; }

  /// The n-th read of a file from now fails.
  void given_failing_read(int number) { faults_.failing_read = number; }

  void given_taken_away(std::string_view id) { rows_.open.erase(id_of(id)); }

  /// Transfers all rows to another owner.
  void given_taken_over() { rows_.take_over("node", "other", rows_.begin("other")); }

  void given_daily_limit(std::uint64_t requests) { rows_.daily_limit = requests; }
  void given_reserved_by_others(DayRequests requests) { rows_.reserved["other"] = requests; }

  /// Arms a second fault, which takes effect once the first one has struck.
  void then_arm(Faults::Kind kind, int step) { faults_.then(kind, step); }

  void die() { process_.reset(); }

  void lose_power() {
    die();
    root_.lose_what_is_not_synced();
  }

  /// Removes all records from folders of outcomes, as a consumer does, and records their names.
  void consume(std::initializer_list<const char*> folders = {"results", "archived", "failed",
                                                             "rejected"}) {
    for (const auto* const folder : folders) {
      auto& names = root_.folder(folder).names;
      for (const auto& [name, bytes] : names) taken_.insert(std::string(folder) + "/" + name);
      names.clear();
      root_.folder(folder).synced.clear();
    }
  }

  // Actions of the daemon.

  /// Starts a process, and starts it again after an error that may pass, as a service manager does.
  void start() {
    for (int tries = 0; tries < 10; ++tries) {
      process_ = std::make_unique<Process>(*this);
      const auto notices = process_->ledger.recover({boot, earliest_clock}, clocks());
      auto claimed = notices ? claim_all() : Result<void>(notices.error());
      if (claimed) claimed = find_doubted();
      if (claimed) return note(*notices);
      EXPECT_TRUE(is_passing(claimed.error())) << claimed.error().message;
    }
    ADD_FAILURE() << "the trouble stays";
  }

  Error error_of_start() {
    process_ = std::make_unique<Process>(*this);
    const auto notices = process_->ledger.recover({boot, earliest_clock}, clocks());
    EXPECT_FALSE(notices);
    return notices ? Error{} : notices.error();
  }

  void end(std::string_view id, Outcome outcome, Reason reason = Reason::none) {
    Finish finish{id_of(id), outcome, reason, 7, {}, now, {}, "req-1", "", R"({"_id":"x"})"};
    if (outcome == Outcome::completed) finish.form = SigningForm::raw;
    request.finishes.push_back(finish);
  }

  /// The handshake has got an answer whose result can't be trusted yet.
  void doubt(std::string_view id, const std::string& response) {
    request.doubted.push_back({id_of(id),
                               Outcome::rejected,
                               Reason::invalid_signature,
                               7,
                               {},
                               now,
                               {},
                               "req-1",
                               "",
                               response});
  }

  void retry(std::string_view id, bool even_completed = false) {
    request.retries.push_back({++last_ticket_, id_of(id), even_completed});
  }

  void pause(bool is_paused) { request.pauses.push_back({++last_ticket_, is_paused}); }
  void hold(std::string_view id, bool is_held) {
    request.holds.push_back({++last_ticket_, id_of(id), is_held});
  }

  /// Readmits the record of a file in rejected/, as if its signature held now.
  void readmit(std::string_view id, const std::string& file, const std::string& tag = "") {
    readmit_result(id, file, fmt::format(R"({{"output":"{}"}})", id), tag);
  }
  void readmit_result(std::string_view id, const std::string& file, std::string_view result,
                      const std::string& tag = "", bool is_named = false) {
    const auto response = answer(id, result);
    Finish finish{id_of(id), Outcome::completed, Reason::none, 7,  {},
                  now,       SigningForm::raw,   "req-1",      "", response};
    finish.signature = signature_in(response);
    request.readmissions.push_back({++last_ticket_, file, std::move(finish), tag, now, is_named});
  }

  /// Runs a round and returns its only answer.
  Retried retried() { return round().retried.at(0).retried; }
  Readmitted readmitted() { return round().readmitted.at(0).readmitted; }

  /// Returns an answer with a result. Equal results have equal signatures.
  static std::string answer(std::string_view id, std::string_view result) {
    std::string hex;
    for (const unsigned char byte : sha256_of(result)) hex += fmt::format("{:02x}", byte);
    return fmt::format(R"({{"_id":"{}","consumed":true,"result":{},"resultSignature":"{}"}})", id,
                       result, hex);
  }

  /// Ends a handshake with a result whose signature holds.
  void complete(std::string_view id, std::string_view result) {
    end(id, Outcome::completed);
    auto& finish = request.finishes.back();
    finish.response = answer(id, result);
    finish.signature = signature_in(finish.response);
  }

  /// Changes the setting of the running process.
  void set_repeats(RepeatPolicy policy) { process_->ledger.set_repeats(policy); }
  void set_sealer(std::shared_ptr<const Sealer> sealer) {
    process_->ledger.set_sealer(std::move(sealer));
  }

  /// Runs rounds until nothing of the request is left, also while the disk is full, the queue is
  /// unavailable, or the disk has space for a part only. The report contains the settled handshakes
  /// of all these rounds; its other fields are those of the last round.
  RoundReport round() {
    std::vector<HandshakeId> settled;
    for (int tries = 0; tries < 10; ++tries) {
      auto report = process_->ledger.round(request, clocks());
      if (report) {
        note(report->notices);
        settled.insert(settled.end(), report->settled.begin(), report->settled.end());
        report->settled = settled;
        if (request.is_empty()) return std::move(*report);
      } else {
        EXPECT_TRUE(is_passing(report.error())) << report.error().message;
      }
    }
    ADD_FAILURE() << "the trouble stays";
    return {};
  }

  bool has_work() const { return process_->ledger.has_unmarked(); }
  Queue& queue() { return process_->queue; }
  Ledger& ledger() { return process_->ledger; }

  Result<RoundReport> try_round() { return process_->ledger.round(request, clocks()); }

  /// Returns a full scan to which all files were renamed in.
  ScanRequest scan() {
    ScanRequest scan;
    for (const auto& [name, bytes] : inbox().names)
      scan.events.push_back({InboxEvent::Kind::moved_in, name});
    return scan;
  }

  void take_in() {
    for (bool has_more = true; has_more;) {
      request.scan_inbox = scan();
      const auto report = round();
      has_more = report.inbox_has_more || report.inbox_waits;
    }
  }

  void settle() {
    while (process_->ledger.has_unmarked()) round();
  }

  std::vector<std::string> polling() const {
    std::vector<std::string> ids;
    for (const auto& [id, open] : rows_.open)
      if (!open.staged) ids.emplace_back(id.view());
    return ids;
  }

  // Observations.

  std::vector<std::string> names_in(const std::string& folder) {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : root_.folder(folder).names) names.push_back(name);
    return names;
  }
  std::vector<std::string> inbox_names() { return names_in("inbox"); }
  std::vector<std::string> claimed_names() {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : inbox().folder(FolderInbox::kClaimed).names)
      names.push_back(name);
    return names;
  }
  std::string text_of(const std::string& folder, const std::string& name) {
    return root_.folder(folder).names[name];
  }
  const std::multiset<std::string>& taken() const { return taken_; }
  const MemoryStore& rows() const { return rows_; }
  /// Returns a row as it was last claimed.
  const QueuedHandshake& claimed(std::string_view id) const { return claimed_.at(id_of(id)); }
  /// Returns the doubted answers that the last start has found, by their ids.
  const std::map<std::string, std::string>& doubted() const { return doubted_; }
  std::size_t logged(Event event) const { return log_.count(event); }
  const Notice& last_logged(Event event) const {
    return std::prev(log_.upper_bound(event))->second;
  }

  RoundRequest request;
  Now clocks() const { return {Mono(now.time_since_epoch() - basis), now}; }
  void wall_clock_jumps(Duration by) {
    now += by;
    basis += by;
  }

  std::string boot = "boot-1";
  Wall earliest_clock{};
  Wall now{std::chrono::hours(24 * 365 * 50)};
  Duration basis{std::chrono::hours(24 * 365 * 49)};  ///< Of the two clocks.

 private:
  /// The state that a process loses when it dies.
  struct Process {
    explicit Process(World& world)
        : root(world.root_),
          inbox(*FolderInbox::open(open("inbox"), open("refused"))),
          queue(world.rows_, world.faults_),
          spool(*FolderSpool::open(root)),
          ledger(*inbox, queue, *spool, world.bounds) {}

    std::unique_ptr<Directory> open(const char* name) { return *root.subfolder(name); }

    MemoryDirectory root;
    std::unique_ptr<FolderInbox> inbox;
    MemoryQueue queue;
    std::unique_ptr<FolderSpool> spool;
    Ledger ledger;
  };

  MemoryFolder& inbox() { return root_.folder("inbox"); }

  static bool is_passing(const Error& error) {
    return error.code == Errc::disk_full || error.code == Errc::unavailable;
  }

  Result<void> claim_all() {
    for (;;) {
      const auto rows = process_->ledger.claim(2);
      if (!rows) return rows.error();
      if (rows->empty()) return {};
      for (const auto& row : *rows) claimed_.insert_or_assign(row.id, row);
    }
  }

  Result<void> find_doubted() {
    const auto found = process_->ledger.find_doubted();
    if (!found) return found.error();
    doubted_.clear();
    for (const auto& answer : *found) doubted_.emplace(answer.id.view(), answer.response);
    return {};
  }

  void note(const std::vector<Notice>& notices) {
    for (const auto& notice : notices) log_.emplace(notice.event, notice);
  }

  Faults faults_;
  MemoryFolder root_{faults_};
  MemoryStore rows_;
  std::map<HandshakeId, QueuedHandshake> claimed_;
  std::map<std::string, std::string> doubted_;
  std::multiset<std::string> taken_;
  std::multimap<Event, Notice> log_;
  std::unique_ptr<Process> process_;
  std::uint64_t last_ticket_ = 0;
};

}  // namespace attestrd::test
