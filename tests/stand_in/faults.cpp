#include "faults.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

namespace attestrd::simulator {
namespace {

struct Row {
  Fault fault;
  std::string_view name;
  const AttestrError* error = nullptr;
  bool spoils = true;
  bool is_of_account = false;
};

constexpr std::array<Row, kFaultCount> kRows{{
    {Fault::none, "", nullptr, false},
    {Fault::malformed, kMalformed.code, &kMalformed},
    {Fault::not_found, kNotFound.code, &kNotFound},
    {Fault::no_such_version, kNoSuchVersion.code, &kNoSuchVersion, true, true},
    {Fault::low_credits, kLowCredits.code, &kLowCredits, true, true},
    {Fault::bad_token, kBadToken.code, &kBadToken, true, true},
    {Fault::unauthorized, kUnauthorized.code, &kUnauthorized, true, true},
    {Fault::not_provisioned, kNotProvisioned.code, &kNotProvisioned, true, true},
    {Fault::address_not_listed, kAddressNotListed.code, &kAddressNotListed, true, true},
    {Fault::account_rate, kAccountRate.code, &kAccountRate, true, true},
    {Fault::api_rate, kApiRate.code, &kApiRate, true, true},
    {Fault::daily_limit, kDailyLimit.code, &kDailyLimit, true, true},
    {Fault::server_error, kServerError.code, &kServerError},
    {Fault::bad_gateway, kBadGateway.code, &kBadGateway},
    {Fault::unavailable, kUnavailable.code, &kUnavailable},
    {Fault::reset, "reset"},
    {Fault::hang, "hang"},
    {Fault::truncate, "truncate"},
    {Fault::close, "close", nullptr, false},
    {Fault::garbage, "garbage"},
    {Fault::slow, "slow", nullptr, false},
    {Fault::chunked, "chunked", nullptr, false},
    {Fault::wrong_id, "wrong-id"},
    {Fault::duplicate_keys, "duplicate-keys"},
    {Fault::bad_signature, "bad-signature"},
}};

constexpr bool rows_follow_the_enum() {
  for (std::size_t i = 0; i < kRows.size(); ++i)
    if (kRows[i].fault != static_cast<Fault>(i)) return false;
  return true;
}
static_assert(rows_follow_the_enum());

const Row& row_of(Fault fault) { return kRows[static_cast<std::size_t>(fault)]; }

bool has_effect(Fault fault, Standing standing) {
  if (fault == Fault::bad_signature) return standing == Standing::completed;
  if (fault == Fault::wrong_id || fault == Fault::duplicate_keys)
    return standing != Standing::unknown;
  return true;
}

}  // namespace

std::string_view name_of(Fault fault) { return row_of(fault).name; }

const AttestrError* error_of(Fault fault) { return row_of(fault).error; }

bool spoils_answer(Fault fault) { return row_of(fault).spoils; }

void FaultRates::set(std::string_view name, double probability) {
  std::string names;
  for (const Row& row : kRows) {
    if (row.fault == Fault::none) continue;
    if (row.name == name) {
      probability_[static_cast<std::size_t>(row.fault)] = probability;
      return;
    }
    names += fmt::format(" {}", row.name);
  }
  throw std::invalid_argument(
      fmt::format("there is no fault '{}'; by request there are{}", name, names));
}

void FaultRates::set_all(double probability) {
  probability_.fill(probability);
  probability_[static_cast<std::size_t>(Fault::none)] = 0;
}

Fault FaultRates::of_account(std::uint64_t seed, std::uint64_t spell) const {
  constexpr double kGoldenRatio = 0.6180339887498949;  // Weyl's additive recurrence.
  double whole = 0;
  double place = std::modf(Rng(seed).unit() + static_cast<double>(spell) * kGoldenRatio, &whole);
  for (const Row& row : kRows) {
    if (!row.is_of_account) continue;
    place -= probability_[static_cast<std::size_t>(row.fault)];
    if (place < 0) return row.fault;
  }
  return Fault::none;
}

Fault FaultRates::draw(Rng rng, Standing standing) const {
  std::array<Fault, kFaultCount> up;
  std::size_t count = 0;
  for (const Row& row : kRows) {
    const double probability = probability_[static_cast<std::size_t>(row.fault)];
    if (probability > 0 && !row.is_of_account && has_effect(row.fault, standing) &&
        rng.chance(probability))
      up[count++] = row.fault;
  }
  return count == 0 ? Fault::none : up[rng.below(count)];
}

}  // namespace attestrd::simulator
