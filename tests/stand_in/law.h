#pragma once

#include "dice.h"

#include <string_view>

namespace attestrd::simulator {

/// The distribution of the seconds from the creation of a handshake to the end of its flow.
class Law {
 public:
  /// Parses `exponential:MEAN`, `lognormal:MEDIAN,SIGMA`, `pareto:MIN,ALPHA`, `uniform:A,B` or
  /// `fixed:S`. Throws std::invalid_argument with the reason.
  static Law parse(std::string_view text);

  /// Returns seconds, >= 0.
  double draw(Rng& rng) const;

 private:
  enum class Kind { exponential, lognormal, pareto, uniform, fixed };

  Law(Kind kind, double a, double b) : kind_(kind), a_(a), b_(b) {}

  Kind kind_;
  double a_;
  double b_;
};

}  // namespace attestrd::simulator
