#include "json/json_object.h"

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <functional>
#include <memory_resource>
#include <vector>

#include "base/limits.h"
#include "json/json_string.h"
#include "json/key_twin.h"

namespace attestrd {
namespace {

/// The keys of all open objects, those of the innermost object last. Duplicates are found by
/// sorting when an object closes: keys chosen so that their hashes collide cost more comparisons of
/// texts, and are still sorted in O(n log n).
class OpenKeys {
 public:
  OpenKeys() { keys_.reserve(kInlineKeys); }

  void open_object() { first_keys_[open_objects_++] = keys_.size(); }

  /// Adds a key and returns it unescaped. The returned text is valid as long as this object and the
  /// scanned text.
  std::string_view add(std::string_view raw) {
    const std::string_view name = unescaped(raw);
    keys_.push_back({std::hash<std::string_view>{}(name), name});
    return name;
  }

  /// Closes the innermost object. Returns whether all of its keys are different.
  bool close_object() {
    const auto first = keys_.begin() + static_cast<std::ptrdiff_t>(first_keys_[--open_objects_]);
    std::sort(first, keys_.end());
    const bool unique = std::adjacent_find(first, keys_.end()) == keys_.end();
    keys_.erase(first, keys_.end());
    return unique;
  }

 private:
  struct Key {
    std::size_t hash;
    std::string_view name;

    friend auto operator<=>(const Key&, const Key&) = default;
  };

  static constexpr std::size_t kInlineKeys = 48;

  std::string_view unescaped(std::string_view raw) {
    if (raw.find('\\') == std::string_view::npos) return raw;
    char* const name = static_cast<char*>(arena_.allocate(raw.size(), 1));
    return {name, unescape_json_string(raw, name)};
  }

  std::array<std::byte, kInlineKeys * sizeof(Key) + 512> inline_room_;
  std::pmr::monotonic_buffer_resource arena_{inline_room_.data(), inline_room_.size()};
  std::pmr::vector<Key> keys_{&arena_};
  std::array<std::size_t, limits::kRecordDepth> first_keys_;
  std::size_t open_objects_ = 0;
};

JsonKind kind_of(JsonToken::Kind kind) {
  switch (kind) {
    case JsonToken::Kind::begin_object: return JsonKind::object;
    case JsonToken::Kind::begin_array: return JsonKind::array;
    case JsonToken::Kind::string: return JsonKind::string;
    case JsonToken::Kind::number: return JsonKind::number;
    case JsonToken::Kind::boolean: return JsonKind::boolean;
    case JsonToken::Kind::null: return JsonKind::null;
    default: return JsonKind::absent;  // Unreachable: no value begins with another token.
  }
}

/// A collector of the wanted members of the outermost object.
class Members {
 public:
  explicit Members(std::span<JsonMember> wanted) : wanted_(wanted) {}

  void begin(std::string_view name) {
    const auto found = std::ranges::find(wanted_, name, &JsonMember::name);
    current_ = found == wanted_.end() ? nullptr : &*found;
    value_begins_ = nullptr;
    if (current_ == nullptr) has_twin_ = has_twin_ || is_twin(name);
  }

  /// Returns whether a key was a twin of a wanted one.
  bool has_twin() const { return has_twin_; }

  /// Adds a token. `ends` means that only the outermost object is open after this token.
  void add(const JsonToken& token, bool ends) {
    if (current_ == nullptr) return;
    if (value_begins_ == nullptr) {
      value_begins_ = token.text.data();
      current_->kind = kind_of(token.kind);
    }
    if (!ends) return;
    const char* const value_ends = token.text.data() + token.text.size();
    current_->text = {value_begins_, static_cast<std::size_t>(value_ends - value_begins_)};
    current_ = nullptr;
  }

 private:
  bool is_twin(std::string_view name) const {
    return std::ranges::any_of(
        wanted_, [name](const JsonMember& member) { return is_key_twin(name, member.name); });
  }

  std::span<JsonMember> wanted_;
  JsonMember* current_ = nullptr;  ///< The member whose value is being read.
  const char* value_begins_ = nullptr;
  bool has_twin_ = false;
};

}  // namespace

JsonFault scan_object(std::string_view text, std::span<JsonMember> wanted, std::size_t max_depth) {
  JsonScanner scanner(text, max_depth);
  OpenKeys keys;
  Members members(wanted);
  bool unique = true;

  JsonToken token = scanner.next();
  if (token.kind == JsonToken::Kind::fault) return scanner.fault();
  if (token.kind != JsonToken::Kind::begin_object) return JsonFault::not_object;
  keys.open_object();
  for (;;) {
    token = scanner.next();
    switch (token.kind) {
      case JsonToken::Kind::fault: return scanner.fault();
      case JsonToken::Kind::end:
        return unique && !members.has_twin() ? JsonFault::none : JsonFault::duplicate_key;
      case JsonToken::Kind::key: {
        const std::string_view name = keys.add(token.text);
        if (scanner.depth() == 1) members.begin(name);
        continue;
      }
      case JsonToken::Kind::begin_object: keys.open_object(); break;
      case JsonToken::Kind::end_object: unique = keys.close_object() && unique; break;
      default: break;
    }
    members.add(token, scanner.depth() == 1);
  }
}

}  // namespace attestrd
