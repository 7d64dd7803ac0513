#include "daemon/service/reload.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "daemon/config/secrets.h"
#include "daemon/log/log_file.h"
#include "daemon/service/part_settings.h"
#include "http/https_target.h"
#include "runtime/system_clock.h"

namespace attestrd {

void Reload::run(Questions::OnReloaded on_reloaded) {
  parts_.notifier.reloading();
  auto files = std::make_shared<Result<Files>>(Error{});
  reader_.run([files, file = file_, before = parts_.config] { *files = read(file, before); },
              [this, files, on_reloaded = std::move(on_reloaded)] {
                finish(std::move(*files), on_reloaded);
              });
}

Result<Reload::Files> Reload::read(const std::filesystem::path& file, const Config& before) {
  auto config = load_config(file, {}, FileKinds::plain);
  if (!config) return config.error();
  if (auto checked = check_reload(before, *config); !checked) return checked.error();
  auto secrets = read_secrets(*config);
  if (!secrets) return secrets.error();
  auto poller =
      poller_settings(*config, std::move(secrets->auth_token), std::move(secrets->proxy_auth));
  auto trust = read_trust(poller.ca_file);
  if (!trust) return trust.error();
  poller.trust = *std::move(trust);
  auto recipients = read_recipients(*config, read_clocks().wall);
  if (!recipients) return recipients.error();
  auto doubtful = std::move(secrets->doubtful);
  std::ranges::move(recipients->doubtful, std::back_inserter(doubtful));
  auto log = open_log(config->log.file);
  if (!log) return log.error();
  auto names = secret_names(*config);
  return Files{*std::move(config),    std::move(poller),
               *std::move(log),       std::move(secrets->client_secrets),
               std::move(doubtful),   std::move(names),
               *std::move(recipients)};
}

void Reload::finish(Result<Files> files, const Questions::OnReloaded& on_reloaded) {
  const auto before = parts_.config;
  ReloadOutcome outcome;
  SecretNames names;
  if (files) {
    outcome.doubtful = std::move(files->doubtful);
    names = std::move(files->names);
    outcome.recipients = files->recipients.count;
  }
  const Result<void> applied = files ? apply(*std::move(files)) : Result<void>(files.error());
  if (applied) {
    parts_.notices.say(Notice(Event::config_reloaded, "the configuration is read again"));
    outcome.changed = changed_settings(before, parts_.config);
    outcome.secrets = std::move(names);
    parts_.notices.say_doubtful(outcome.doubtful);
    state_ = {false, read_clocks().wall};
  } else {
    outcome.refusal = applied.error().message;
    parts_.notices.say(
        Notice(Event::config_rejected, "the configuration stays as it was: " + *outcome.refusal));
    state_.is_refused = true;
  }
  parts_.notifier.ready();
  on_reloaded(outcome);
}

// The one step that can fail comes before the first change, so that a failed reload changes
// nothing.
Result<void> Reload::apply(Files files) {
  if (auto applied = parts_.poller.reconfigure(std::move(files.poller)); !applied) return applied;
  const Config& config = files.config;
  parts_.verifier.replace(std::move(files.client_secrets), config.signature.form);
  parts_.notices.configure(config.log, std::move(files.log));
  parts_.config = config;
  // Before the step, so that it holds for each result that is verified from now on.
  parts_.disk.run_between_rounds([&ledger = parts_.ledger, repeats = config.signature.repeats,
                                  give_up_after = config.poll.give_up_after,
                                  sealer = std::move(files.recipients.sealer)] {
    ledger.set_repeats(repeats);
    ledger.set_give_up_after(give_up_after);
    ledger.set_sealer(sealer);
  });
  parts_.conductor.step(Reconfigured{engine_settings(config)});
  return {};
}

}  // namespace attestrd
