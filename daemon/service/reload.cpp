#include "daemon/service/reload.h"

#include <utility>

#include "daemon/config/secrets.h"
#include "daemon/service/part_settings.h"

namespace attestrd {

ReloadOutcome Reload::run(Wall now) {
  parts_.notifier.reloading();
  const auto before = parts_.config;
  const auto config = load_config(file_);
  const Result<void> applied = config ? apply(*config) : Result<void>(config.error());
  ReloadOutcome outcome;
  if (applied) {
    parts_.notices.say(Notice(Event::config_reloaded, "the configuration is read again"));
    outcome.changed = changed_settings(before, *config);
    outcome.has_credentials = has_credentials(*config);
    state_ = {false, now};
  } else {
    outcome.refusal = applied.error().message;
    parts_.notices.say(
        Notice(Event::config_rejected, "the configuration stays as it was: " + *outcome.refusal));
    state_.is_refused = true;
  }
  parts_.notifier.ready();
  return outcome;
}

// All steps that can fail come before the first change, so that a failed reload changes nothing.
Result<void> Reload::apply(const Config& config) {
  if (auto checked = check_reload(parts_.config, config); !checked) return checked;
  auto secrets = read_secrets(config);
  if (!secrets) return secrets.error();
  auto to_attestr = poller_settings(config, std::move(secrets->auth_token));
  if (auto applied = parts_.poller.reconfigure(std::move(to_attestr)); !applied) return applied;
  parts_.verifier = Verifier(std::move(secrets->client_secrets), config.signature.form);
  parts_.notices.configure(config.log);
  parts_.config = config;
  parts_.conductor.step(Reconfigured{engine_settings(config)});
  return {};
}

}  // namespace attestrd
