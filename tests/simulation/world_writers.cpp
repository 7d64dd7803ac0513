#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "simulation/world.h"
#include "simulation/world_daemon.h"

// Programs that write ids into the inbox in pieces that end anywhere, with pauses. They append to a
// file that others use too, or rename their file at the end, and some die.

namespace attestrd::sim {

using namespace std::chrono_literals;

namespace {

constexpr std::string_view kShared = "today";
/// Shorter than limits::kQuietWithoutLeases, which stands for the proof that nobody writes.
constexpr Duration kLongestPause = 100s;

}  // namespace

struct World::Writer {
  struct Line {
    std::size_t end = 0;  ///< Of its text, with its line feed if it has one.
    HandshakeId id;
  };

  Disk::Inode inode = 0;
  std::string name;
  bool renames = false;
  std::string text;
  std::size_t written = 0;
  std::vector<Line> lines;  ///< Those that are not written yet.
  Duration longest_pause{0};
};

void World::begin_to_write() {
  auto writer = std::make_shared<Writer>();
  for (auto count = 1 + luck_.below(8); count > 0; --count) {
    const auto id = *HandshakeId::parse(fmt::format("DSwritten{:05}", ++written_ids_));
    writer->text += std::string(id.view());
    if (count > 1 || luck_.chance(0.7)) writer->text += '\n';
    writer->lines.push_back({writer->text.size(), id});
  }
  writer->longest_pause = luck_.spread(1ms, kLongestPause);
  writer->renames = luck_.chance(0.3);
  writer->name = fmt::format("{}file{}", writer->renames ? "." : "", ++files_);
  const auto& names = disk_.names("inbox");
  const auto shared = names.find(kShared);
  if (!writer->renames && luck_.chance(0.5)) writer->name = kShared;
  const bool is_there = writer->name == kShared && shared != names.end();
  if (is_there) {
    const auto& bytes = disk_.file(shared->second).bytes;
    // Programs that write to one file at a time, or go on in a broken line, garble each other.
    if (disk_.file(shared->second).writers > 0 || (!bytes.empty() && bytes.back() != '\n')) return;
  }
  writer->inode = is_there ? shared->second : disk_.make("inbox", writer->name);
  ++disk_.file(writer->inode).writers;
  note("begins to write", writer->name, writer->lines.size());
  writers_.push_back(writer);
  after(luck_.up_to(writer->longest_pause), [this, writer] { write_piece(writer); });
}

void World::write_piece(const std::shared_ptr<Writer>& writer) {
  if (std::ranges::find(writers_, writer) == writers_.end()) return;  // It died in a power cut.
  if (luck_.chance(0.02)) return die_while_writing(*writer);
  const std::size_t left = writer->text.size() - writer->written;
  const std::size_t count = 1 + luck_.below(left);
  disk_.write(writer->inode, disk_.file(writer->inode).bytes.size(),
              std::string_view(writer->text).substr(writer->written, count));
  writer->written += count;
  auto& lines = writer->lines;
  while (!writer->renames && !lines.empty() && lines.front().end <= writer->written) {
    enrol_written(lines.front().id);
    lines.erase(lines.begin());
  }
  after(luck_.up_to(limits::kInboxScanInterval), [this] { scan(); });
  if (writer->written == writer->text.size()) return end_writing(*writer);
  const Duration pause = is_calm_ ? Duration(1s) : luck_.up_to(writer->longest_pause);
  after(pause, [this, writer] { write_piece(writer); });
}

void World::enrol_written(const HandshakeId& id) {
  enrol(id, mono_ + plan_.settings.give_up_after);
  unsynced_ids_.insert(id);
}

void World::end_writing(Writer& writer) {
  --disk_.file(writer.inode).writers;
  if (writer.renames && disk_.names("inbox").contains(writer.name)) {
    const auto name = writer.name.substr(1);
    disk_.rename("inbox", writer.name, "inbox", name);
    for (const auto& line : writer.lines) enrol_written(line.id);  // Hidden until now.
    if (luck_.chance(0.7)) scan(false, {{InboxEvent::Kind::moved_in, name}});
  }
  note("has written", writer.name);
  std::erase_if(writers_, [&writer](const auto& other) { return other.get() == &writer; });
}

// The part of a line that was written is a line once nobody can go on with it.
void World::die_while_writing(Writer& writer) {
  note("dies while it writes", writer.name);
  if (!writer.renames && !writer.lines.empty()) {
    const auto written = std::string_view(writer.text).substr(0, writer.written);
    const auto feed = written.rfind('\n');
    const auto part = feed == std::string_view::npos ? written : written.substr(feed + 1);
    if (const auto id = HandshakeId::parse(part)) {
      enrol(*id, mono_ + plan_.settings.give_up_after);
      judge_.excuse(*id);
    }
  }
  --disk_.file(writer.inode).writers;
  std::erase_if(writers_, [&writer](const auto& other) { return other.get() == &writer; });
}

// After a power cut, a file that was not synced may contain parts of lines.
void World::enrol_broken_lines() {
  for (const auto inode : inbox_files()) {
    std::string_view rest = disk_.file(inode).bytes;
    while (!rest.empty()) {
      const auto end = std::min(rest.find('\n'), rest.size());
      const auto id = HandshakeId::parse(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (!id || ids_.contains(*id)) continue;
      enrol(*id, mono_ + plan_.settings.give_up_after);
      judge_.excuse(*id);
    }
  }
}

void World::cut_power_of_writers() {
  for (const auto& writer : std::vector(writers_)) die_while_writing(*writer);
  for (const auto& id : std::exchange(unsynced_ids_, {})) judge_.excuse(id);
}

}  // namespace attestrd::sim
