#pragma once

#include <cstddef>
#include <deque>
#include <functional>

namespace attestrd {

/// The memory for all answers together: those that are being read, and those that are kept. An
/// answer that may become large claims at once all that it may take, before it takes anything.
/// Therefore no two answers that are read in part can wait for each other. Claims are granted in
/// the order in which they were made. Pure.
///
/// A claim may exceed the limit only if there is no other and at most half of the limit is kept:
/// small answers, of which some are always kept, never exclude the largest one.
class AnswerMemory {
 public:
  using Owner = const void*;
  using OnGranted = std::function<void()>;

  void set_limit(std::size_t bytes);
  /// Sets the bytes of the answers that are kept.
  void set_kept(std::size_t bytes);

  /// Makes a claim. `on_granted` is called once: now, or from within a later call of this object.
  void claim(Owner owner, std::size_t bytes, OnGranted on_granted);

  /// Returns whether the owner has a claim, granted or not.
  bool has(Owner owner) const { return !claims_.empty() && find(owner) != claims_.end(); }
  /// Gives back what the owner has claimed, granted or not. It must have one claim.
  void give_back(Owner owner);

  /// Drops all claims.
  void clear();

 private:
  struct Claim {
    Owner owner;
    std::size_t bytes;
    OnGranted on_granted;  ///< Null once it was called.
  };

  std::deque<Claim>::const_iterator find(Owner owner) const;
  bool fits(std::size_t bytes) const;
  void grant();

  std::size_t limit_ = 0;
  std::size_t kept_ = 0;
  std::size_t granted_ = 0;
  std::deque<Claim> claims_;  ///< The granted ones first, then the others in their order.
};

}  // namespace attestrd
