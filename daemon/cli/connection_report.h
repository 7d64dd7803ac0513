#pragma once

#include <string>

#include "base/time.h"
#include "daemon/config/config.h"
#include "handshake/handshake_id.h"
#include "http/probe/https_probe.h"

namespace attestrd {

/// The findings of one request to Attestr about the configuration.
struct ConnectionReport {
  std::string found;    ///< Lines for people: what was found, step by step.
  std::string warning;  ///< One line without a line feed; empty: none.
  std::string failure;  ///< Likewise: the step that failed, and what to do.
  int exit_code = 0;    ///< EX_OK without a failure.
};

/// Judges the answer to a poll of `asked`, an id that Attestr can't know. `now` is the time of the
/// answer. Neither the report nor its failure quotes a byte of the answer or of a secret.
ConnectionReport report_connection(const ProbeReport& probe, const Config& config,
                                   const HandshakeId& asked, Wall now);

}  // namespace attestrd
