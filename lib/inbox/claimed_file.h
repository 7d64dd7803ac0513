#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/time.h"
#include "files/files.h"
#include "inbox/submission_reader.h"

namespace attestrd {

/// The name of a claimed file: a number, a hyphen, and the name that it had in the inbox, cut to
/// what fits.
struct ClaimedName {
  std::uint64_t number = 0;
  std::string name;

  std::string text() const;
  static std::optional<ClaimedName> parse(std::string_view text);
};

/// A file that was renamed out of the inbox, so that nobody can open it by its name any more. Its
/// lines are read as they come. Processes that opened it before may still write to it: only a
/// granted lease proves that there are none (`Writers::none`).
class ClaimedFile {
 public:
  enum class State : std::uint8_t {
    has_more,  ///< The bound of the call was reached.
    waits,     ///< It may be written to until due().
    finished,  ///< It was read to its end, and nobody writes to it.
    gone,      ///< It is not there any more.
  };

  ClaimedFile(const ClaimedName& name, std::unique_ptr<ReadableFile> file, Mono now);

  /// Reads further lines. `claimed` is the folder of claimed files. `permission_denied` and others:
  /// the file can't be opened or read.
  Result<State> read(Directory& claimed, std::size_t& lines_left, Mono now);

  /// Returns whether the file may be removed: it is what was read.
  Result<bool> is_unchanged(Directory& claimed) const;

  /// The attributes of the file that was read.
  const FileInfo& info() const { return info_; }

  const std::string& claimed_name() const { return claimed_name_; }
  SubmissionReader& lines() { return lines_; }
  /// Returns the handshake that the last read() found a request to poll now for, or nothing.
  std::optional<HandshakeId> take_kick() { return std::exchange(kick_, std::nullopt); }
  /// Notes that a read failed. Returns whether the file counts as unreadable: reads have failed for
  /// `limits::kUnreadablePatience`, and so often that this is no passing fault of the disk.
  bool fails_for_long(Mono now);
  void note_success() { failed_reads_ = 0; }
  /// When the file is read again if no event comes before.
  Mono due() const { return due_; }
  void defer_to(Mono due) { due_ = due; }

  bool is_open() const { return file_ != nullptr; }
  void close() { file_.reset(); }

  void keep();
  void rewind();

 private:
  Result<State> read_unopened(Directory& claimed, const Error& error, Mono now);
  Result<void> open(Directory& claimed);
  void make_request_of_name();

  std::string claimed_name_;
  std::unique_ptr<ReadableFile> file_;
  FileInfo info_;
  Mono changed_at_{};
  Mono due_{};
  Mono failing_since_{};
  unsigned failed_reads_ = 0;  ///< In a row.
  bool is_seen_ = false;
  bool is_name_used_ = false;   ///< The request of its name has been made.
  bool was_name_used_ = false;  ///< At the last keep().
  std::optional<HandshakeId> kick_;
  SubmissionReader lines_;
};

}  // namespace attestrd
