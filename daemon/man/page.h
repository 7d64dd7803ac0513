#pragma once

#include <string>
#include <string_view>

namespace attestrd {

/// Returns the source of a manual page with the tables of the program in it, and with the version
/// for each `@version@`. In the source a line
///
///   @TABLE@         stands for all entries of a table (page_tables.h),
///
/// and, until a line `@end@`, which each table needs, may be followed by blocks that begin with
///
///   @after NAME@    and are put below the entry of this name.
///
/// A table or an entry that does not exist is an error.
/// @throws std::runtime_error
std::string fill_page(std::string_view source);

}  // namespace attestrd
