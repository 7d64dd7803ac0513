#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/check.h"
#include "poll/answer.h"
#include "verify/verifier.h"

namespace attestrd {
namespace {

const std::string kSecret = "client-secret";

/// Returns a result as in Attestr's documentation: a score of short fields, and a picture that
/// makes up the remaining size.
std::string result_of(std::size_t bytes) {
  std::string fields;
  for (int i = 0; i < 20; ++i) fields += fmt::format(R"("field{}":"value {}",)", i, i);
  const std::string picture(bytes - std::min(bytes, fields.size() + 40), 'A');
  return fmt::format(R"({{"FS1":{{"input":{{}},"output":{{{}"pht":"{}"}}}}}})", fields, picture);
}

std::string sign(std::string_view result) {
  HmacSha256 hmac{Secret(kSecret)};
  hmac.update(result);
  std::string hex;
  for (const unsigned char byte : hmac.finish()) hex += fmt::format("{:02x}", byte);
  return hex;
}

std::string body_of(std::size_t result_bytes) {
  const std::string result = result_of(result_bytes);
  return fmt::format(R"({{"_id":"DS1","consumed":true,"result":{},"resultSignature":"{}"}})",
                     result, sign(result));
}

/// Measures the search for a result in its answer, of which every byte is checked.
void slice_result(benchmark::State& state) {
  const auto id = *HandshakeId::parse("DS1");
  const std::string body = body_of(static_cast<std::size_t>(state.range(0)) * 1000);
  HttpResponse response;
  response.status = 200;
  response.body = body;
  for (auto _ : state) benchmark::DoNotOptimize(read_answer(response, id));
  state.SetBytesProcessed(static_cast<std::int64_t>(body.size()) * state.iterations());
}
BENCHMARK(slice_result)->ArgName("kB")->Arg(1)->Arg(20)->Arg(1000);

/// Measures the search for a result and the verification of its signature.
void verify_result(benchmark::State& state) {
  const auto id = *HandshakeId::parse("DS1");
  const std::string body = body_of(static_cast<std::size_t>(state.range(0)) * 1000);
  std::vector<Secret> secrets;
  secrets.emplace_back(std::string(kSecret));
  Verifier verifier(std::move(secrets), SigningFormPolicy::automatic);
  HttpResponse response;
  response.status = 200;
  response.body = body;
  for (auto _ : state) {
    const Answer answer = read_answer(response, id);
    const auto& ended = std::get<Ended>(answer);
    ATTESTRD_CHECK(verifier.verify(ended.result, ended.signature).has_value());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(body.size()) * state.iterations());
}
BENCHMARK(verify_result)->ArgName("kB")->Arg(1)->Arg(20)->Arg(1000);

}  // namespace
}  // namespace attestrd
