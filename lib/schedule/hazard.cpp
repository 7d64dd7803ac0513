#include "schedule/hazard.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>

#include "base/check.h"

namespace attestrd {
namespace {

constexpr double kBucketsPerOctave = 4;

// The weight of an observation falls to 1/e after this many handshakes.
constexpr double kMemory = 2000;

// The prior is the hazard 0.3 / (1 s + age), a law without a scale. It is lowered at ages of hours,
// since a handshake that is not done within some hours may never be. It weighs as much as a tenth
// of a completion in each bucket.
constexpr double kPriorHazard = 0.3;
constexpr double kPriorHopefulS = 3600;
constexpr double kPriorDone = 0.1;

// Neighbouring buckets share their observations, since the true law has no steps at bucket edges.
constexpr std::array kSmoothing = {0.25, 0.5, 0.25};

// No bucket reaches this value: it allows for a billion handshakes that wait for three months.
constexpr double kMostLearnt = 1e16;

constexpr std::string_view kFormat = "attestrd.hazard/1";

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

Duration from_seconds(double s) { return Duration(static_cast<Duration::rep>(s * 1e6)); }

double prior_hazard(double from_s, double to_s) {
  const double middle_s = std::sqrt((1 + from_s) * (1 + to_s));
  return kPriorHazard / middle_s / (1 + middle_s / kPriorHopefulS);
}

/// Returns the weight of an old observation after this many new ones.
double faded(std::uint64_t observations) {
  return std::pow(1 + 1 / kMemory, -static_cast<double>(observations));
}

/// Returns the seconds that a result is expected to wait until the end of a piece of `length_s`
/// with a constant hazard, if a handshake is pending at the piece's start with this probability.
double staleness_of(double hazard, double pending, double length_s) {
  return length_s + pending * std::expm1(-hazard * length_s) / hazard;
}

/// Returns the mean time until an end that comes within `length_s`, at a constant hazard.
double mean_time_to_end(double hazard, double length_s) {
  const double x = hazard * length_s;
  if (x < 1e-3) return length_s * (0.5 - x / 12);
  return 1 / hazard - length_s / std::expm1(x);
}

}  // namespace

const Hazard::Edges& Hazard::edges() {
  static const Edges edges = [] {
    Edges made{};
    for (std::size_t i = 1; i < kBuckets; ++i)
      made[i] = std::exp2(static_cast<double>(i - 1) / kBucketsPerOctave);
    made[kBuckets] = std::numeric_limits<double>::infinity();
    return made;
  }();
  return edges;
}

std::size_t Hazard::bucket_of(double age_s) {
  if (age_s < 1) return 0;
  const auto guess = static_cast<std::size_t>(std::log2(age_s) * kBucketsPerOctave) + 1;
  std::size_t bucket = std::min(guess, kBuckets - 1);
  if (age_s < edges()[bucket]) --bucket;  // The logarithm is rounded.
  if (age_s >= edges()[bucket + 1]) ++bucket;
  return bucket;
}

/// An iterator over the pieces of buckets between two ages.
class Hazard::Walk {
 public:
  Walk(double from_s, double to_s) : at_s_(from_s), to_s_(to_s), bucket_(bucket_of(from_s)) {}

  std::optional<Piece> next() {
    if (at_s_ >= to_s_) return std::nullopt;
    const double end_s = std::min(edges()[bucket_ + 1], to_s_);
    const Piece piece{bucket_++, end_s - at_s_};
    at_s_ = end_s;
    return piece;
  }

 private:
  double at_s_;
  double to_s_;
  std::size_t bucket_;
};

Hazard::Hazard() { estimate(0, kBuckets - 1); }

void Hazard::begin_observation(Duration from) {
  if (from > Duration(0)) return;  // Each handshake fades older observations once.
  constexpr double kLargestUnit = 1e9;
  ++begun_;
  unit_ *= 1 + 1 / kMemory;
  if (unit_ < kLargestUnit) return;
  normalise();
  estimate(0, kBuckets - 1);
}

/// Rescales all observations so that the unit is 1.
void Hazard::normalise() {
  for (auto& [done, at_risk_s] : seen_) {
    done /= unit_;
    at_risk_s /= unit_;
  }
  unit_ = 1;
}

void Hazard::saw_pending(Duration from, Duration to) {
  if (from >= to) return;
  begin_observation(from);
  Walk walk(seconds(from), seconds(to));
  while (const auto piece = walk.next()) seen_[piece->bucket].at_risk_s += unit_ * piece->length_s;
  estimate(bucket_of(seconds(from)), bucket_of(seconds(to)));
}

void Hazard::saw_done(Duration from, Duration to) {
  if (from >= to) return;
  begin_observation(from);
  // expm1 is used throughout: where hardly any handshake is done, 1 - exp() would round to zero.
  const double done_by_then = -std::expm1(-expected(from, to));
  ATTESTRD_CHECK(done_by_then > 0);
  double pending = 1;  // Probability at the beginning of a piece.
  double later = 1;    // Probability of an end in this piece or later; updated, after it.
  Walk walk(seconds(from), seconds(to));
  while (const auto piece = walk.next()) {
    const double hazard = hazard_per_s_[piece->bucket];
    const double ended = -std::expm1(-hazard * piece->length_s);
    const double share = pending * ended / done_by_then;  // Probability of an end in this piece.
    later = std::max(later - share, 0.0);
    seen_[piece->bucket].done += unit_ * share;
    seen_[piece->bucket].at_risk_s +=
        unit_ * (later * piece->length_s + share * mean_time_to_end(hazard, piece->length_s));
    pending *= 1 - ended;
  }
  estimate(bucket_of(seconds(from)), bucket_of(seconds(to)));
}

/// Recomputes the hazard after a change of the buckets from `first` to `last`.
void Hazard::estimate(std::size_t first, std::size_t last) {
  constexpr std::size_t kReach = kSmoothing.size() / 2;
  const std::size_t end = std::min(last + kReach + 1, kBuckets);
  for (std::size_t i = first - std::min(first, kReach); i < end; ++i) {
    const double to_s = i + 1 < kBuckets ? edges()[i + 1] : 2 * edges()[i];
    double done = kPriorDone * unit_;
    double at_risk_s = done / prior_hazard(edges()[i], to_s);
    for (std::size_t k = 0; k < kSmoothing.size(); ++k) {
      if (i + k < kReach || i + k - kReach >= kBuckets) continue;
      const auto& [near_done, near_at_risk_s] = seen_[i + k - kReach];
      done += kSmoothing[k] * near_done;
      at_risk_s += kSmoothing[k] * near_at_risk_s;
    }
    hazard_per_s_[i] = done / at_risk_s;
  }
}

double Hazard::expected(Duration from, Duration to) const {
  double sum = 0;
  Walk walk(seconds(from), seconds(to));
  while (const auto piece = walk.next()) sum += hazard_per_s_[piece->bucket] * piece->length_s;
  return sum;
}

double Hazard::survival(Duration from, Duration to) const { return std::exp(-expected(from, to)); }

double Hazard::staleness_s(Duration from, Duration to, double share) const {
  double pending = 1;
  double sum_s = 0;
  Walk walk(seconds(from), seconds(to));
  while (const auto piece = walk.next()) {
    const double hazard = hazard_per_s_[piece->bucket] * share;
    sum_s += staleness_of(hazard, pending, piece->length_s);
    pending *= std::exp(-hazard * piece->length_s);
  }
  return sum_s;
}

Duration Hazard::gap_at(Duration age, Duration price, Duration longest, double share) const {
  double left_s = seconds(price);  // The rest of the price after the pieces so far.
  double pending = 1;
  double gap_s = 0;
  Walk walk(seconds(age), seconds(age + longest));
  while (const auto piece = walk.next()) {
    const double hazard = hazard_per_s_[piece->bucket] * share;
    // The function is convex, so that Newton's steps from the right end descend to the root and
    // stay above it.
    const auto staleness = [&](double x) { return staleness_of(hazard, pending, x); };
    double x = piece->length_s;
    if (staleness(x) < left_s) {
      left_s -= staleness(x);
      pending *= std::exp(-hazard * x);
      gap_s += x;
      continue;
    }
    for (double step = x; step > 1e-3 * x;) {
      const double slope = 1 - pending * std::exp(-hazard * x);
      if (slope <= 0) break;
      step = (staleness(x) - left_s) / slope;
      x -= step;
    }
    return std::min(from_seconds(gap_s + x), longest);
  }
  return longest;
}

Duration Hazard::learnt_until() const {
  for (std::size_t i = kBuckets - 1; i-- > 0;) {
    const double prior_at_risk_s = kPriorDone / prior_hazard(edges()[i], edges()[i + 1]);
    if (seen_[i].at_risk_s / unit_ >= prior_at_risk_s) return from_seconds(edges()[i + 1]);
  }
  return Duration(0);
}

double Hazard::completions() const {
  double sum = 0;
  for (const auto& bucket : seen_) sum += bucket.done;
  return sum / unit_;
}

void HazardDelta::join(const HazardDelta& later) {
  const double left = faded(later.begun);
  learnt.resize(std::max(learnt.size(), later.learnt.size()));
  for (std::size_t i = 0; i < learnt.size(); ++i) {
    const Bucket added = i < later.learnt.size() ? later.learnt[i] : Bucket{};
    learnt[i].done = learnt[i].done * left + added.done;
    learnt[i].at_risk_s = learnt[i].at_risk_s * left + added.at_risk_s;
  }
  begun += later.begun;
}

HazardDelta Hazard::delta_since(const Hazard& saved) const {
  HazardDelta delta{begun_ - saved.begun_, std::vector<Bucket>(kBuckets)};
  const double left = faded(delta.begun) / saved.unit_;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    // Rounding may make a difference slightly negative.
    const double done = seen_[i].done / unit_ - saved.seen_[i].done * left;
    const double at_risk_s = seen_[i].at_risk_s / unit_ - saved.seen_[i].at_risk_s * left;
    delta.learnt[i] = {std::max(done, 0.0), std::max(at_risk_s, 0.0)};
  }
  return delta;
}

void Hazard::merge(const HazardDelta& delta) {
  ATTESTRD_CHECK(delta.learnt.empty() || delta.learnt.size() == kBuckets);
  normalise();
  const double left = faded(delta.begun);
  for (std::size_t i = 0; i < kBuckets; ++i) {
    const Bucket added = delta.learnt.empty() ? Bucket{} : delta.learnt[i];
    seen_[i].done = std::min(seen_[i].done * left + added.done, kMostLearnt);
    seen_[i].at_risk_s = std::min(seen_[i].at_risk_s * left + added.at_risk_s, kMostLearnt);
  }
  begun_ += delta.begun;
  estimate(0, kBuckets - 1);
}

std::string Hazard::write() const {
  std::string text = fmt::format("{} {}", kFormat, kBuckets);
  for (const auto& [done, at_risk_s] : seen_)
    fmt::format_to(std::back_inserter(text), " {:.9g} {:.9g}", done / unit_, at_risk_s / unit_);
  return text;
}

std::optional<Hazard> Hazard::read(std::string_view text) {
  const auto head = fmt::format("{} {}", kFormat, kBuckets);
  if (!text.starts_with(head)) return std::nullopt;
  text.remove_prefix(head.size());
  const auto take = [&text](double& value) {
    if (!text.starts_with(' ')) return false;
    const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), value);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return error == std::errc() && value >= 0 && value <= kMostLearnt;
  };
  Hazard hazard;
  for (auto& [done, at_risk_s] : hazard.seen_)
    if (!take(done) || !take(at_risk_s)) return std::nullopt;
  if (!text.empty()) return std::nullopt;
  hazard.estimate(0, kBuckets - 1);
  return hazard;
}

}  // namespace attestrd
