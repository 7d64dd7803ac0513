#pragma once

#include <functional>
#include <string_view>

#include "http/router.h"

namespace attestrd {

/// Returns a response of which the client waits for the status and the body however long they take:
/// until the disk has space, or until many records are verified. `begin` starts the work, once the
/// response is sent; what it passes on must have the same type of content.
ServerResponse late_answer(std::string_view content_type, std::function<void(Responder)> begin);

}  // namespace attestrd
