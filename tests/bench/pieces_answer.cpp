#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "http/https_response_reader.h"
#include "io/pending_answer.h"
#include "poll/answer.h"
#include "poll/request.h"

namespace attestrd {
namespace {

constexpr std::string_view kId = "DS02zfeuv6n4gkq51hvw6";

void request_text(benchmark::State& state) {
  auto request = Request::make({"api.attestr.com", 443, Endpoint::Kind::name}, "v1",
                               Secret("aHVudGVyMg=="), "attestrd/0.1.0");
  const auto id = *HandshakeId::parse(kId);
  for (auto _ : state) benchmark::DoNotOptimize(request->text_for(id));
}
BENCHMARK(request_text);

/// Measures the parsing of a decrypted response.
void read_message(benchmark::State& state) {
  const std::string bytes = pending_answer(kId);
  HttpsResponseReader reader;
  for (auto _ : state) {
    reader.begin(1'000'000);
    std::ranges::copy(bytes, reader.room().begin());
    benchmark::DoNotOptimize(reader.commit(bytes.size()));
  }
}
BENCHMARK(read_message);

/// Measures the interpretation of the body of a pending answer.
void read_pending_answer(benchmark::State& state) {
  const auto id = *HandshakeId::parse(kId);
  const std::string body = pending_body(kId);
  HttpResponse response;
  response.status = 200;
  response.body = body;
  for (auto _ : state) benchmark::DoNotOptimize(read_answer(response, id));
}
BENCHMARK(read_pending_answer);

}  // namespace
}  // namespace attestrd
