#include "attestr.h"
#include "files.h"
#include "ledger.h"
#include "options.h"
#include "server.h"

#include <fmt/format.h>
#include <sysexits.h>

#include <cstdio>
#include <exception>
#include <iostream>
#include <random>
#include <string>

namespace attestrd::simulator {
namespace {

/// Returns an unknown secret, for runs whose signatures are not verified.
std::string random_secret() {
  std::random_device device;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", device(), device(), device(), device());
}

void read_files(Options& options) {
  AttestrSettings& attestr = options.attestr;
  if (!options.token_file.empty()) attestr.token = read_first_line(options.token_file);
  if (!options.known_file.empty()) attestr.fates.known = read_ids(options.known_file);
  if (!options.tags_file.empty()) attestr.tags = read_tags(options.tags_file);
  attestr.style.secret =
      options.secret_file.empty() ? random_secret() : read_first_line(options.secret_file);
}

void tell_fates(const FateRules& rules) {
  for (std::string id; std::getline(std::cin, id);)
    fmt::print("{}\n", describe(id, fate_of(rules, id)));
}

void run_server(const Options& options) {
  const Moment start{std::chrono::steady_clock::now(), std::chrono::system_clock::now()};
  Attestr attestr(options.attestr, start);
  Ledger ledger;
  LineFile request_log(options.request_log);
  const auto ready = [&options](std::uint16_t port) {
    if (!options.port_file.empty()) write_file(options.port_file, fmt::format("{}\n", port));
    fmt::print("listening https://localhost:{}\n", port);
    std::fflush(stdout);
  };
  const auto log = [&request_log](const Entry& entry) { request_log.write(log_line(entry)); };
  serve(options.server, attestr, ledger, ready, log);
  if (!options.summary_file.empty()) write_file(options.summary_file, ledger.summary());
}

}  // namespace
}  // namespace attestrd::simulator

int main(int argc, char** argv) {
  using namespace attestrd::simulator;
  Options options;
  if (const auto exit_code = parse_options(argc, argv, options)) return *exit_code;
  try {
    read_files(options);
    if (options.fates)
      tell_fates(options.attestr.fates);
    else
      run_server(options);
    return EX_OK;
  } catch (const std::exception& error) {
    fmt::print(stderr, "attestr-sim: {}\n", error.what());
    return EX_IOERR;
  }
}
