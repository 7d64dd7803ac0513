#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace attestrd::simulator {

/// A seeded stream of random numbers (SplitMix64, Steele, Lea and Flood 2014).
class Rng {
 public:
  explicit Rng(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  /// Returns a number uniform in [0, 1).
  double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

  /// Returns a number uniform in [0, bound), with a bias that is too small to matter here.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }

  bool chance(double probability) { return unit() < probability; }

  template <class List>
  const auto& pick(const List& list) {
    return list[below(std::size(list))];
  }

  std::string text(std::size_t length, std::string_view alphabet) {
    std::string out(length, '\0');
    for (char& c : out) c = alphabet[below(alphabet.size())];
    return out;
  }

  std::string digits(std::size_t length) { return text(length, "0123456789"); }

 private:
  std::uint64_t state_;
};

/// The purpose of a draw. Each purpose has its own stream, so that a change of one (a longer
/// photograph, another fault) does not change the others.
enum class Purpose : std::uint64_t {
  completion,
  never,
  forged,
  unknown,
  late,
  archive,
  fault,
  request_id,
  number,
  tag,
  person,
  latency,
};

/// Random numbers as a function of seed, id and purpose: a draw for one handshake does not depend
/// on requests for others, or on their order.
class Dice {
 public:
  Dice(std::uint64_t seed, std::string_view id) : root_(Rng(seed).next() ^ fnv1a(id)) {}

  /// Returns the stream of one purpose. `turn` distinguishes its draws: the n-th request for the
  /// handshake.
  Rng stream(Purpose purpose, std::uint64_t turn = 0) const {
    Rng mixed(root_ + static_cast<std::uint64_t>(purpose));
    return Rng(mixed.next() ^ Rng(turn).next());
  }

 private:
  static std::uint64_t fnv1a(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return hash;
  }

  std::uint64_t root_;
};

}  // namespace attestrd::simulator
