#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace attestrd {

/// The parameters in the query of a request target, in their order.
using QueryParameters = std::vector<std::pair<std::string, std::string>>;

/// Decodes the query of a request target, `name=value&name=value`, with %XX for any byte. A `+`
/// stands for itself. Error (`invalid_input`): a `%` without two hexadecimal digits, a parameter
/// without `=`, or one that is there twice.
Result<QueryParameters> parse_query(std::string_view target);

/// Returns the text with each byte that has a meaning in a query as %XX.
std::string query_encoded(std::string_view text);

}  // namespace attestrd
