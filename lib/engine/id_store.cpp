#include "engine/id_store.h"

#include <algorithm>
#include <string_view>

#include "base/check.h"

namespace attestrd {
namespace {

constexpr std::string_view kLetters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t kBitsPerLetter = 6;

constexpr std::array<unsigned char, 128> numbers_of_letters() {
  std::array<unsigned char, 128> numbers{};
  for (std::size_t i = 0; i < kLetters.size(); ++i)
    numbers[static_cast<std::size_t>(kLetters[i])] = static_cast<unsigned char>(i);
  return numbers;
}
constexpr auto kNumbers = numbers_of_letters();

constexpr std::size_t bytes_for(std::size_t length) {
  return 1 + (length * kBitsPerLetter + 7) / 8;
}

}  // namespace

unsigned char* IdStore::entry(Place place) const {
  return blocks_[place / kBlockBytes]->data() + place % kBlockBytes;
}

IdStore::Place IdStore::place_for(std::size_t length) {
  auto& vacant = vacant_[length];
  if (!vacant.empty()) {
    const Place place = vacant.back();
    vacant.pop_back();
    return place;
  }
  const std::size_t left = blocks_.size() * kBlockBytes - end_;
  if (left < bytes_for(length)) {
    ATTESTRD_CHECK((blocks_.size() + 1) * kBlockBytes <= std::size_t{1} << 32);
    end_ = static_cast<Place>(blocks_.size() * kBlockBytes);
    blocks_.push_back(std::make_unique<Block>());
  }
  const Place place = end_;
  end_ += static_cast<Place>(bytes_for(length));
  return place;
}

IdStore::Place IdStore::add(const HandshakeId& id) {
  const std::string_view text = id.view();
  const Place place = place_for(text.size());
  unsigned char* to = entry(place);
  *to++ = static_cast<unsigned char>(text.size());
  unsigned bits = 0;
  std::size_t held = 0;
  for (const char letter : text) {
    bits = bits << kBitsPerLetter | kNumbers[static_cast<std::size_t>(letter)];
    held += kBitsPerLetter;
    if (held < 8) continue;
    held -= 8;
    *to++ = static_cast<unsigned char>(bits >> held);
  }
  if (held > 0) *to = static_cast<unsigned char>(bits << (8 - held));
  return place;
}

void IdStore::remove(Place place) { vacant_[*entry(place)].push_back(place); }

HandshakeId IdStore::at(Place place) const {
  const unsigned char* from = entry(place);
  std::array<char, HandshakeId::kMaxLength> text;
  const std::size_t length = *from++;
  unsigned bits = 0;
  std::size_t held = 0;
  for (std::size_t i = 0; i < length; ++i) {
    if (held < kBitsPerLetter) {
      bits = bits << 8 | *from++;
      held += 8;
    }
    held -= kBitsPerLetter;
    text[i] = kLetters[bits >> held & 63];
  }
  return *HandshakeId::parse({text.data(), length});
}

}  // namespace attestrd
