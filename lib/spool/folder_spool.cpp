#include "spool/folder_spool.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/text.h"

namespace attestrd {
namespace {

constexpr std::string_view kEnding = ".json";
constexpr std::string_view kDoubted = ".doubted";  ///< The ending of a record in doubt.
constexpr std::string_view kRefused = "refused";
constexpr std::string_view kUsed = ".used";   ///< The file that marks a staging/ as used.
constexpr std::uint64_t kIdentityBytes = 64;  ///< The greatest length of an identity.
constexpr std::size_t kIdsShown = 20;
constexpr unsigned kMostSearched = 1024;  ///< Names in rejected/, for one record.
constexpr std::array kOutcomes = {Outcome::completed, Outcome::archived, Outcome::failed,
                                  Outcome::rejected};

/// Returns whether another user put something under this name.
bool is_foreign(Directory& folder, std::string_view name) {
  if (folder.is_mounted_on(name)) return true;
  const auto info = folder.inspect(name);
  return info && !info->is_ours;
}

/// Returns the id whose file has this name, or nothing if it has another ending.
std::optional<HandshakeId> id_of(std::string_view name, std::string_view ending = kEnding) {
  if (!name.ends_with(ending)) return std::nullopt;
  return HandshakeId::parse(name.substr(0, name.size() - ending.size()));
}

std::string doubted_name(const HandshakeId& id) {
  return std::string(id.view()) + std::string(kDoubted);
}

Result<std::unique_ptr<Directory>> open_folder(Directory& root, std::string_view name,
                                               bool ours_alone = false) {
  auto folder = root.subfolder(name, ours_alone);
  if (!folder) return folder;
  const auto info = root.inspect(name);
  if (!info) return info.error();
  const auto& path = (*folder)->path();
  if (!info->is_ours)
    return fail(Errc::unsafe_file, path + " belongs to another user: give it to attestrd's");
  if (info->writable_by_others)
    return fail(Errc::unsafe_file, path + " can be written by anybody: chmod o-w it");
  return folder;
}

Error other_mount(const Directory& folder, const Directory& staging) {
  return fail(Errc::io_failure, folder.path() + " is not on the same mount as " + staging.path() +
                                    ": a rename must lead from one to the other");
}

Error new_staging(const Directory& staging, std::span<const StagedHandshake> on_their_way) {
  std::string ids;
  for (const auto& row : on_their_way.first(std::min(on_their_way.size(), kIdsShown)))
    ids += (ids.empty() ? "" : ", ") + std::string(row.id.view());
  if (on_their_way.size() > kIdsShown)
    ids += fmt::format(" and {} more", on_their_way.size() - kIdsShown);
  return fail(Errc::io_failure,
              fmt::format("{} is a new folder, while {} records are on their way in another: {}; "
                          "mount that one or put it back; should it be lost, `attestrd recover "
                          "--poll-again` polls them again, and `attestrd recover --delivered` "
                          "counts them as published",
                          staging.path(), on_their_way.size(), ids));
}

std::string path_of(Outcome outcome, std::string_view name) {
  return std::string(folder_of(outcome)) + "/" + std::string(name);
}

/// Returns the place of a record in its folder beside earlier records of its handshake.
std::optional<Diverted> numbered(Outcome outcome, const std::string& new_name) {
  return Diverted{path_of(outcome, new_name), std::nullopt};
}

/// Returns the place of a record, `file`, since a foreign file has its name.
Diverted conflict(const HandshakeId& id, Outcome outcome, std::string file) {
  Notice notice(Event::spool_conflict);
  notice.message = "the name of a record is taken by other bytes: the record is now " + file;
  notice.handshake = id;
  notice.outcome = outcome;
  notice.file = path_of(outcome, record_name(id));
  return {std::move(file), std::move(notice)};
}

}  // namespace

Result<std::unique_ptr<FolderSpool>> FolderSpool::open(Directory& root) {
  std::unique_ptr<FolderSpool> spool(new FolderSpool);
  auto staging = open_folder(root, FolderSpool::kStaging, true);
  if (!staging) return staging.error();
  spool->staging_.files = std::move(*staging);
  const auto home = root.inspect(FolderSpool::kStaging);
  if (!home) return home.error();
  for (const auto outcome : kOutcomes) {
    auto folder = open_folder(root, folder_of(outcome));
    if (!folder) return folder.error();
    const auto info = root.inspect(folder_of(outcome));
    if (!info) return info.error();
    if (info->device != home->device || info->mount != home->mount)
      return other_mount(**folder, *spool->staging_.files);
    spool->folder(outcome).files = std::move(*folder);
  }
  return spool;
}

Result<void> FolderSpool::check_place() {
  for (Folder* const folder : all_folders())
    if (const auto there = attestrd::check_place(*folder->files); !there) return there;
  return {};
}

Result<void> FolderSpool::claim_staging(std::span<const StagedHandshake> on_their_way) {
  const auto mark = staging_.files->inspect(kUsed);
  if (mark) return {};
  if (mark.error().code != Errc::not_found) return mark.error();
  if (!on_their_way.empty()) return new_staging(*staging_.files, on_their_way);
  const auto made = staging_.files->create(kUsed, "");
  return made ? staging_.files->sync() : made;
}

Result<std::string> FolderSpool::identity(const std::string& fresh) {
  const auto mark = read_file(*staging_.files, kUsed, kIdentityBytes);
  if (!mark && mark.error().code != Errc::not_found) return mark.error();
  if (mark && !mark->empty()) return *mark;
  // An empty mark is that of a spool that has only been used by a daemon with a queue of its own.
  if (mark)
    if (const auto removed = staging_.files->remove(kUsed); !removed) return removed.error();
  if (const auto made = staging_.files->create(kUsed, fresh); !made) return made.error();
  if (const auto synced = staging_.files->sync(); !synced) return synced.error();
  return fresh;
}

Result<std::optional<Notice>> FolderSpool::stage(const HandshakeId& id, std::string_view record,
                                                 RecordSync how) {
  const auto name = record_name(id);
  const auto create = [&] {
    return how == RecordSync::together ? staging_.files->write(name, record)
                                       : staging_.files->create(name, record);
  };
  std::optional<Notice> notice;
  auto created = create();
  if (!created && created.error().code == Errc::already_exists) {
    const auto dropped = drop(id);
    if (!dropped && dropped.error().code != Errc::unsafe_file) return dropped.error();
    if (!dropped) {
      auto aside = quarantine(name, "it is a folder where a record belongs");
      if (!aside) return aside.error();
      notice = std::move(*aside);
    }
    created = create();
  }
  if (!created) return created.error();
  return notice;
}

Result<void> FolderSpool::stage_ahead(const HandshakeId& id, std::string_view record) {
  return staging_.files->write(record_name(id), record);
}

Result<void> FolderSpool::sync_staging(RecordSync how, const Meanwhile& meanwhile) {
  return how == RecordSync::together ? staging_.files->sync_all(meanwhile) : staging_.files->sync();
}

Result<void> FolderSpool::drop(const HandshakeId& id) {
  const auto removed = staging_.files->remove(record_name(id));
  if (!removed && removed.error().code == Errc::not_found) return {};
  return removed;
}

Result<std::optional<Diverted>> FolderSpool::publish(const HandshakeId& id, Outcome outcome,
                                                     std::uint32_t attempt) {
  const auto name = record_name(id);
  for (unsigned number = 1; number <= attempt + 1; ++number) {
    const auto new_name = numbered_name(name, number, kEnding);
    const auto is_there = move_to(folder(outcome), id, new_name);
    if (!is_there) return is_there.error();
    if (*is_there && number == 1) return std::optional<Diverted>();
    if (*is_there) return beside_others(id, outcome, number);
  }
  const auto new_name = move_to_rejected(name);
  if (!new_name) return new_name.error();
  return std::optional(conflict(id, outcome, path_of(Outcome::rejected, *new_name)));
}

/// Returns the place of a record whose lower numbers are in use: by its earlier records, or by
/// files that another user planted, which are to be logged.
std::optional<Diverted> FolderSpool::beside_others(const HandshakeId& id, Outcome outcome,
                                                   unsigned number) {
  const auto name = record_name(id);
  const auto new_name = numbered_name(name, number, kEnding);
  for (unsigned lower = 1; lower < number; ++lower)
    if (is_foreign(*folder(outcome).files, numbered_name(name, lower, kEnding)))
      return conflict(id, outcome, path_of(outcome, new_name));
  return numbered(outcome, new_name);
}

/// Moves a record to a name in its folder. Returns false if other bytes have that name.
Result<bool> FolderSpool::move_to(Folder& target, const HandshakeId& id,
                                  const std::string& new_name) {
  const auto name = record_name(id);
  for (;;) {
    const auto moved = staging_.files->move(name, *target.files, new_name);
    if (!moved) return moved.error();
    if (*moved == Moved::other_mount) return other_mount(*target.files, *staging_.files);
    target.is_changed = staging_.is_changed = true;
    if (*moved == Moved::done) return true;

    const auto is_same = holds_same_bytes(name, *target.files, new_name);
    if (!is_same && is_same.error().code == Errc::not_found) continue;  // A consumer removed it.
    if (!is_same || !*is_same) return is_same;
    const auto dropped = drop(id);
    return dropped ? Result<bool>(true) : dropped.error();
  }
}

Result<std::optional<Diverted>> FolderSpool::find_diverted(const StagedHandshake& row) {
  const auto name = record_name(row.id);
  Directory& own = *folder(row.outcome).files;
  for (unsigned number = 2; number <= row.attempt + 1; ++number) {
    const auto new_name = numbered_name(name, number, kEnding);
    const auto is_there = is_record_at(row, own, new_name);
    if (is_there && *is_there) return numbered(row.outcome, new_name);
  }
  Directory& rejected = *folder(Outcome::rejected).files;
  // A rejected record has the first name if none was in its way.
  for (unsigned number = row.outcome == Outcome::rejected ? 2 : 1; number < kMostSearched;
       ++number) {
    const auto new_name = numbered_name(name, number, kEnding);
    const auto is_there = is_record_at(row, rejected, new_name);
    if (!is_there) break;
    if (*is_there)
      return std::optional(conflict(row.id, row.outcome, path_of(Outcome::rejected, new_name)));
  }
  return std::optional<Diverted>();
}

/// Returns whether a name has the record of a row, or `not_found` if there is no such name.
Result<bool> FolderSpool::is_record_at(const StagedHandshake& row, Directory& folder,
                                       std::string_view name) {
  if (folder.is_mounted_on(name)) return false;
  const auto info = folder.inspect(name);
  if (!info && info.error().code == Errc::not_found) return info.error();
  if (!info || info->size_bytes != row.record.length_bytes) return false;
  const auto bytes = read_file(folder, name, row.record.length_bytes);
  return bytes && fingerprint_of(*bytes) == row.record;
}

bool FolderSpool::remove_kept(Outcome outcome, const std::string& name, std::string_view head) {
  Directory& files = *folder(outcome).files;
  if (files.is_mounted_on(name)) return false;
  const auto info = files.inspect(name);
  if (!info || info->kind != FileInfo::Kind::regular || !info->is_ours) return false;
  const auto file = files.open(name, limits::kRecordBytes);
  const auto opened = file ? (*file)->inspect() : file.error();
  if (!opened || opened->inode != info->inode) return false;
  std::string begins(head.size(), '\0');
  const auto count = (*file)->read(0, begins);
  return count && *count == head.size() && begins == head && files.remove(name).has_value();
}

void FolderSpool::remove_rejected(const std::string& name) {
  Folder& rejected = folder(Outcome::rejected);
  if (rejected.files->remove(name)) rejected.is_changed = true;
}

Result<void> FolderSpool::store_doubted(const HandshakeId& id, std::string_view record) {
  // The handshake is still polled: if the process dies in between, it is as if none was stored.
  const auto name = doubted_name(id);
  const auto removed = staging_.files->remove(name);
  if (!removed && removed.error().code != Errc::not_found) return removed;
  const auto created = staging_.files->create(name, record);
  return created ? staging_.files->sync() : created;
}

Result<std::optional<std::string>> FolderSpool::doubted(const HandshakeId& id) {
  auto record = read_file(*staging_.files, doubted_name(id), limits::kRecordBytes);
  if (record) return std::optional(std::move(*record));
  if (record.error().code == Errc::not_found) return std::optional<std::string>();
  return record.error();
}

void FolderSpool::remove_doubted(const HandshakeId& id) {
  static_cast<void>(staging_.files->remove(doubted_name(id)));
}

/// Returns whether the file `their_name` in `folder` has the same bytes as the one in staging/, or
/// `not_found` if `folder` has no such file any more.
Result<bool> FolderSpool::holds_same_bytes(const std::string& name, Directory& folder,
                                           const std::string& their_name) {
  const auto ours = read_file(*staging_.files, name, limits::kRecordBytes);
  if (!ours) return fail(Errc::io_failure, ours.error().message);
  if (folder.is_mounted_on(their_name)) return false;
  const auto theirs = read_file(folder, their_name, ours->size());
  if (theirs) return *ours == *theirs;
  const auto code = theirs.error().code;
  // If the disk fails or memory is short, the contents are unknown: they may be this very record.
  if (code == Errc::not_found || code == Errc::io_failure || code == Errc::shortage)
    return theirs.error();
  return false;  // Another cause prevents the read: a link, its size, its mode or a lease.
}

/// Moves a file from staging/ to rejected/. Returns its name there, which was free.
Result<std::string> FolderSpool::move_to_rejected(std::string_view name) {
  Folder& rejected = folder(Outcome::rejected);
  const auto free = free_number(*rejected.files, harmless_name(name), kEnding);
  if (!free) return free.error();
  for (unsigned number = *free;; ++number) {
    const auto new_name = numbered_name(harmless_name(name), number, kEnding);
    const auto moved = staging_.files->move(name, *rejected.files, new_name);
    if (!moved) return moved.error();
    if (*moved == Moved::other_mount) return other_mount(*rejected.files, *staging_.files);
    if (*moved == Moved::name_taken) continue;
    rejected.is_changed = staging_.is_changed = true;
    return new_name;
  }
}

Result<Notice> FolderSpool::quarantine(std::string_view name, std::string why) {
  const auto new_name = move_to_rejected(name);
  if (!new_name) return new_name.error();
  Notice notice(Event::spool_quarantined, "a file in staging/ is put aside for people to look at");
  notice.reason = std::move(why);
  notice.handshake = id_of(name);
  notice.file = "rejected/" + *new_name;
  return notice;
}

Result<void> FolderSpool::sync_moves(const Meanwhile& meanwhile) {
  // staging/ is the last one: a power cut in between leaves a record in both folders, not in none.
  for (Folder* const folder : all_folders()) {
    if (!folder->is_changed) continue;
    const auto synced = folder->files->sync(meanwhile);
    if (!synced) return synced;
    folder->is_changed = false;
  }
  return {};
}

Result<StagedFiles> FolderSpool::staged() {
  const auto names = staging_.files->list();
  if (!names) return names.error();
  StagedFiles staged;
  for (const auto& name : *names) {
    if (name == kUsed) continue;
    if (const auto id = id_of(name))
      staged.records.push_back(*id);
    else if (const auto doubted = id_of(name, kDoubted))
      staged.doubted.push_back(*doubted);
    else
      staged.strangers.push_back(name);
  }
  std::ranges::sort(staged.records);  // The order of ids differs from the order of names.
  return staged;
}

Result<std::optional<Fingerprint>> FolderSpool::fingerprint(const HandshakeId& id) {
  const auto record = read_file(*staging_.files, record_name(id), limits::kRecordBytes);
  if (record) return std::optional(fingerprint_of(*record));
  if (record.error().code == Errc::not_found) return std::optional<Fingerprint>();
  return record.error();
}

Result<std::optional<std::string>> FolderSpool::published(const HandshakeId& id, Outcome outcome,
                                                          unsigned number) {
  const auto name = numbered_name(record_name(id), number, kEnding);
  Directory& files = *folder(outcome).files;
  if (is_foreign(files, name))  // It may be as large as a record may be.
    return fail(Errc::unsafe_file, files.path() + "/" + name + " is not of attestrd's user");
  auto record = read_file(files, name, limits::kRecordBytes);
  if (record) return std::optional(std::move(*record));
  if (record.error().code == Errc::not_found) return std::optional<std::string>();
  return record.error();
}

Result<std::vector<HandshakeId>> FolderSpool::published(Outcome outcome) {
  const auto names = folder(outcome).files->list();
  if (!names) return names.error();
  std::vector<HandshakeId> ids;
  for (const auto& name : *names)
    if (const auto id = id_of(name)) ids.push_back(*id);
  return ids;
}

std::string record_name(const HandshakeId& id) {
  return std::string(id.view()) + std::string(kEnding);
}

bool is_record_name(const HandshakeId& id, std::string_view name) {
  if (name == record_name(id)) return true;
  if (!name.starts_with(id.view())) return false;
  name.remove_prefix(id.view().size());
  if (!name.starts_with('.') || !name.ends_with(kEnding)) return false;
  if (name.size() < kEnding.size() + 2) return false;
  const auto number = name.substr(1, name.size() - kEnding.size() - 1);
  return number.front() != '0' && number != "1" && kDigits.contains_all(number);
}

std::string_view folder_of(Outcome outcome) {
  return outcome == Outcome::completed ? "results" : name_of(outcome);
}

Result<std::unique_ptr<Directory>> open_refused(Directory& root) {
  return open_folder(root, kRefused);
}

}  // namespace attestrd
