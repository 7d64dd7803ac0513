#pragma once

#include <string_view>

namespace attestrd {

/// Returns whether a lax program may read the key `name`, which is not `known`, as `known`: one
/// that ignores case (U+017F is an s, U+212A a k, U+0130 and U+0131 are an i) or width, that ends a
/// text at a NUL, or that drops blanks, controls and invisible characters. Both are unescaped;
/// `known` is not empty and ASCII.
bool is_key_twin(std::string_view name, std::string_view known);

}  // namespace attestrd
