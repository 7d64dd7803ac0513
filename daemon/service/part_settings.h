#pragma once

#include "crypto/secret.h"
#include "daemon/config/config.h"
#include "engine/settings.h"
#include "poll/https_poller.h"

namespace attestrd {

// Conversions of the configuration to the settings of the engine and of the poller.

EngineSettings engine_settings(const Config& config);
HttpsPollerSettings poller_settings(const Config& config, Secret auth_token,
                                    std::optional<Secret> proxy_auth);

}  // namespace attestrd
