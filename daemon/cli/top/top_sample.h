#pragma once

#include <map>
#include <string>
#include <string_view>

namespace attestrd {

/// The metrics of a daemon at one time.
class TopSample {
 public:
  TopSample() = default;
  /// Reads the text format of Prometheus. A line that is not of this format is ignored.
  explicit TopSample(std::string_view text);

  /// Returns the value of a metric with its labels, as in `attestrd_handshakes{state="pending"}`;
  /// zero if it is not there.
  double value(std::string_view metric) const;

  /// Returns the values of a metric by the value of its only label.
  std::map<std::string, double> by_label(std::string_view metric) const;

  /// Returns the sum of these values.
  double sum(std::string_view metric) const;

 private:
  std::map<std::string, double, std::less<>> values_;
};

}  // namespace attestrd
