#pragma once

#include "crypto/secret.h"
#include "daemon/config/config.h"
#include "engine/settings.h"
#include "poll/https_poller.h"

namespace attestrd {

// The settings of the configuration, as the parts of the program want them.

EngineSettings engine_settings(const Config& config);
HttpsPollerSettings poller_settings(const Config& config, Secret auth_token);

}  // namespace attestrd
