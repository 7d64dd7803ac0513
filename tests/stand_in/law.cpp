#include "law.h"

#include "numbers.h"

#include <fmt/format.h>

#include <cmath>
#include <numbers>
#include <stdexcept>
#include <vector>

namespace attestrd::simulator {

Law Law::parse(std::string_view text) {
  struct Form {
    std::string_view name;
    Kind kind;
    std::size_t arguments;
  };
  static constexpr Form kForms[] = {{"exponential", Kind::exponential, 1},
                                    {"lognormal", Kind::lognormal, 2},
                                    {"pareto", Kind::pareto, 2},
                                    {"uniform", Kind::uniform, 2},
                                    {"fixed", Kind::fixed, 1}};

  const auto colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  for (const Form& form : kForms) {
    if (form.name != name || colon == std::string_view::npos) continue;
    const std::vector<double> values = parse_numbers(text.substr(colon + 1));
    if (values.size() != form.arguments)
      throw std::invalid_argument(fmt::format("law '{}': {} takes {} number(s), {} given", text,
                                              name, form.arguments, values.size()));
    const double second = values.size() > 1 ? values[1] : 0;
    if (form.kind == Kind::uniform && second < values[0])
      throw std::invalid_argument(fmt::format("law '{}': the bounds are in the wrong order", text));
    if (form.kind == Kind::pareto && second == 0)
      throw std::invalid_argument(fmt::format("law '{}': ALPHA must be above 0", text));
    return Law(form.kind, values[0], second);
  }
  throw std::invalid_argument(
      fmt::format("law '{}': expected exponential:MEAN, lognormal:MEDIAN,SIGMA, pareto:MIN,ALPHA, "
                  "uniform:A,B or fixed:S",
                  text));
}

double Law::draw(Rng& rng) const {
  const double survival = 1 - rng.unit();  // (0, 1]: valid for log and as a divisor.
  switch (kind_) {
    case Kind::exponential: return -a_ * std::log(survival);
    case Kind::lognormal: {
      const double angle = 2 * std::numbers::pi * rng.unit();
      const double normal = std::sqrt(-2 * std::log(survival)) * std::cos(angle);  // Box-Muller.
      return a_ * std::exp(b_ * normal);
    }
    case Kind::pareto: return a_ * std::pow(survival, -1 / b_);
    case Kind::uniform: return b_ - (b_ - a_) * survival;
    case Kind::fixed: return a_;
  }
  return a_;
}

}  // namespace attestrd::simulator
