#include "options.h"

#include "numbers.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <sysexits.h>

#include <functional>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

namespace attestrd::simulator {
namespace {

constexpr const char* kAbout =
    R"(attestr-sim: a stand-in for Attestr, to test and demonstrate attestrd.

An HTTPS server with Attestr's Execution Result API,
  GET /api/v1/public/flowx/handshake/{id}
and invented people: the time at which a handshake completes has the distribution --law, and each
result is signed. It is not Attestr, has no real handshakes, and verifies no person. The fate of a
handshake depends on --seed and its id alone; --fates prints it without a server.)";

constexpr const char* kExamples = R"(Examples:
  openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 \
      -subj /CN=localhost -addext subjectAltName=DNS:localhost
  attestr-sim --secret-file client-secret --law lognormal:60,1 --never 0.1
  attestr-sim --listen 127.0.0.1:8443 --fault 4016=0.05 --fault reset=0.01 --rate-limit 20
  printf 'DS01\nDS02\n' | attestr-sim --fates --seed 7 --law exponential:10)";

/// Adds an option that a function parses. Its exceptions become errors of the command line.
CLI::Option* add_parsed(CLI::App& app, const std::string& name,
                        const std::function<void(std::string_view)>& take,
                        const std::string& description) {
  const auto guarded = [name, take](const std::string& text) {
    try {
      take(text);
    } catch (const std::invalid_argument& error) {
      throw CLI::ValidationError(name, error.what());
    }
  };
  return app.add_option_function<std::string>(name, guarded, description);
}

CLI::Option* add_probability(CLI::App& app, const std::string& name, double& value,
                             const std::string& description) {
  return add_parsed(
             app, name, [&value](auto text) { value = parse_probability(text); }, description)
      ->type_name("P")
      ->default_str(fmt::to_string(value));
}

CLI::Option* add_seconds(CLI::App& app, const std::string& name, double& value,
                         const std::string& description) {
  return add_parsed(
             app, name, [&value](auto text) { value = parse_number(text); }, description)
      ->type_name("SECONDS")
      ->default_str(fmt::to_string(value));
}

CLI::Option* add_file(CLI::App& app, const std::string& name, std::string& value,
                      const std::string& description) {
  return app.add_option(name, value, description)->type_name("FILE");
}

/// Parses `host:port`, with an IPv4 address or an IPv6 address in brackets as the host.
void take_listen(std::string_view text, ServerSettings& server) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) throw std::invalid_argument("expected ADDRESS:PORT");
  const double port = parse_number(text.substr(colon + 1));
  if (port > 65535) throw std::invalid_argument("the port is above 65535");
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  server.host = host;
  server.port = static_cast<std::uint16_t>(port);
}

void take_latency(std::string_view text, ServerSettings& server) {
  const std::vector<double> values = parse_numbers(text);
  if (values.size() > 2) throw std::invalid_argument("expected MEAN or MEAN,JITTER");
  server.latency_ms = values[0];
  server.latency_jitter_ms = values.size() == 2 ? values[1] : 0;
  if (server.latency_jitter_ms > server.latency_ms)
    throw std::invalid_argument("the jitter is above the mean");
}

/// Parses `NAME=P`: a fault by request or by handshake.
void take_fault(std::string_view text, AttestrSettings& attestr) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos)
    throw std::invalid_argument(fmt::format("'{}' is not NAME=P", text));
  const std::string_view name = text.substr(0, equals);
  const double probability = parse_probability(text.substr(equals + 1));
  FateRules& fates = attestr.fates;
  if (name == "forged")
    fates.forged_share = probability;
  else if (name == "unknown")
    fates.unknown_share = probability;
  else if (name == "late-visible")
    fates.late_visible_share = probability;
  else
    attestr.faults.set(name, probability);
}

void take_all_faults(std::string_view text, AttestrSettings& attestr) {
  const double probability = parse_probability(text);
  attestr.faults.set_all(probability);
  attestr.fates.forged_share = probability;
  attestr.fates.unknown_share = probability;
  attestr.fates.late_visible_share = probability;
}

void add_server(CLI::App& app, Options& options) {
  ServerSettings& server = options.server;
  app.option_defaults()->group("Server");
  add_parsed(
      app, "--listen", [&server](auto text) { take_listen(text, server); },
      "Address to listen on. Port 0: any free port; printed on stdout once ready")
      ->type_name("ADDRESS:PORT")
      ->default_str("127.0.0.1:0");
  add_file(app, "--port-file", options.port_file, "Write the port to this file once ready");
  add_file(app, "--cert", server.cert_file, "Certificate chain, PEM")->capture_default_str();
  add_file(app, "--key", server.key_file, "Private key, PEM")->capture_default_str();
  app.add_option_function<std::string>(
         "--tls-max", [&server](const std::string& top) { server.tls_1_2_only = top == "1.2"; },
         "Maximum version of TLS; the minimum is 1.2")
      ->check(CLI::IsMember({"1.2", "1.3"}))
      ->default_str("1.3");
  add_parsed(
      app, "--latency", [&server](auto text) { take_latency(text, server); },
      "Wait before each answer: MEAN +- JITTER milliseconds, uniform")
      ->type_name("MEAN[,JITTER]")
      ->default_str("0");
  add_file(app, "--token-file", options.token_file,
           "First line: the token of 'Authorization: Basic TOKEN'. Default: accept every token");
}

void add_handshakes(CLI::App& app, Options& options) {
  FateRules& fates = options.attestr.fates;
  app.option_defaults()->group("Handshakes");
  app.add_option("--seed", fates.seed, "Seed of all random numbers")
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--known", options.known_file,
                 "'any': every well-formed id exists. Else a file with one id on each line")
      ->type_name("any|FILE")
      ->default_str("any");
  add_parsed(
      app, "--law", [&fates](auto text) { fates.law = Law::parse(text); },
      "Seconds from creation to completion: exponential:MEAN, lognormal:MEDIAN,SIGMA, "
      "pareto:MIN,ALPHA, uniform:A,B or fixed:S")
      ->type_name("LAW")
      ->default_str("exponential:30");
  app.add_flag("--created-at-start", options.attestr.created_at_start,
               "Handshakes are created at the start of the simulator, not by their first request");
  add_probability(app, "--never", fates.never_share, "Share of people who never finish");
  add_parsed(
      app, "--expire-after", [&fates](auto text) { fates.expire_after_s = parse_number(text); },
      "Handshakes that are not completed at this age expire")
      ->type_name("SECONDS");
  add_parsed(
      app, "--archive-after", [&fates](auto text) { fates.archive_after_s = parse_number(text); },
      "Results are archived (removed) this long after completion; 0: at once")
      ->type_name("SECONDS");
  add_probability(app, "--archive-share", fates.archive_share,
                  "Share of completed handshakes to which --archive-after applies");
  add_file(app, "--tags", options.tags_file,
           "'ID TAG' on each line. Default: six digits that depend on the id");
}

void add_answers(CLI::App& app, Options& options) {
  AnswerStyle& style = options.attestr.style;
  app.option_defaults()->group("Answers");
  add_file(app, "--secret-file", options.secret_file,
           "First line: the client secret that signs results. Default: a random one");
  add_parsed(
      app, "--signing", [&style](auto text) { style.form = parse_signing_form(text); },
      "The signed text of the result: as sent (raw), without white space (compact), "
      "or the output of JSON.stringify(JSON.parse(text)) (stringify)")
      ->type_name("raw|compact|stringify")
      ->default_str("raw");
  app.add_flag_callback(
      "--pretty", [&style] { style.layout = Layout::pretty; },
      "Indent the answers, so that the signing forms differ more");
  app.add_option("--result-bytes", style.result_bytes,
                 "Approximate size of a result, by the size of its photograph")
      ->type_name("BYTES")
      ->capture_default_str();
  app.add_option_function<std::string>(
         "--archived-unit",
         [&style](const std::string& unit) { style.archived_in_seconds = unit == "s"; },
         "Unit of the time stamp 'archived'")
      ->check(CLI::IsMember({"s", "ms"}))
      ->default_str("ms");
}

void add_limits(CLI::App& app, Options& options) {
  AttestrSettings& attestr = options.attestr;
  app.option_defaults()->group("Limits");
  app.add_option("--rate-limit", attestr.rate_limit,
                 "Requests admitted in any one second, else 429/4292 (0: no limit)")
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--daily-limit", attestr.daily_limit,
                 "Requests admitted in a day of Asia/Kolkata, else 429/4293 (0: no limit)")
      ->type_name("N")
      ->capture_default_str();
  add_parsed(
      app, "--retry-after",
      [&attestr](auto text) { attestr.retry_after = parse_retry_after(text); },
      "Retry-After of 4291, 4292 and 503: seconds, or a date after so many seconds in the "
      "form imf, rfc850 or asctime")
      ->type_name("SECONDS[,FORM]")
      ->default_str("1");
}

void add_faults(CLI::App& app, Options& options, std::vector<std::string>& faults) {
  AttestrSettings& attestr = options.attestr;
  app.option_defaults()->group("Faults");
  app.add_option("--fault", faults,
                 "Repeatable. Faults of the account, in spells that affect all requests, for\n"
                 "a share P of the time:\n"
                 "  40051 4005 4016 4031 4035 4039 4291 4292 4293\n"
                 "By request, with probability P:\n"
                 "  4001 4002 500 502 503\n"
                 "  reset (RST in the answer), hang (no answer), truncate (ends in the body),\n"
                 "  close (ends after the answer, without notice), garbage (not JSON), slow,\n"
                 "  chunked, wrong-id, duplicate-keys, bad-signature\n"
                 "By handshake, for a share P:\n"
                 "  forged (invalid signature), unknown (400/4002),\n"
                 "  late-visible (400/4002 at first)")
      ->type_name("NAME=P")
      ->take_all()
      ->allow_extra_args(false);
  add_parsed(
      app, "--faults", [&attestr](auto text) { take_all_faults(text, attestr); },
      "Every fault with its share or probability P; --fault overrides it. A request "
      "has at most one fault")
      ->type_name("P");
  add_seconds(app, "--spell", attestr.spell_s, "Duration of a spell of a fault of the account")
      ->check(CLI::PositiveNumber);
  add_seconds(app, "--late-by", attestr.fates.late_visible_s,
              "Time for which late-visible handshakes are unknown");
  add_seconds(app, "--slow-for", options.server.slow_s, "Duration of a slow answer");
  add_seconds(app, "--hang-for", options.server.hang_s,
              "Time for which a hanging connection is held");
}

void add_records(CLI::App& app, Options& options) {
  app.option_defaults()->group("Records");
  add_file(app, "--request-log", options.request_log,
           "Append one line of JSON for each request: time_us (unix), id, status, answer, fault, "
           "connection");
  add_file(app, "--summary", options.summary_file,
           "On SIGTERM or SIGINT, write counts as JSON and exit with 0");
  app.add_flag("--fates", options.fates,
               "No server: read ids on stdin, print 'id outcome seconds archived_seconds' for "
               "each; outcome: completes, archived, forged, never, expired, unknown");
}

}  // namespace

std::optional<int> parse_options(int argc, const char* const* argv, Options& options) {
  CLI::App app(kAbout, "attestr-sim");
  app.footer(kExamples);
  std::vector<std::string> faults;
  add_server(app, options);
  add_handshakes(app, options);
  add_answers(app, options);
  add_limits(app, options);
  add_faults(app, options, faults);
  add_records(app, options);
  try {
    app.parse(argc, argv);
    for (const std::string& fault : faults) take_fault(fault, options.attestr);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EX_OK : EX_USAGE;
  } catch (const std::invalid_argument& error) {
    fmt::print(stderr, "--fault: {}\n", error.what());
    return EX_USAGE;
  }
  options.server.seed = options.attestr.fates.seed;
  if (options.known_file == "any") options.known_file.clear();
  return std::nullopt;
}

}  // namespace attestrd::simulator
