#pragma once

#include <string>
#include <string_view>

#include "spool/record.h"
#include "verify/verifier.h"

namespace attestrd {

/// The place of a record: the last two parts of its path.
struct RecordPlace {
  std::string folder;
  std::string name;
};

/// The verdict on one file of the spool.
struct RecordVerdict {
  bool is_good = false;
  std::string words;  ///< Without contents of the record but its id, outcome and reason.
};

/// Judges the text of a record by everything that it says: its signature, verified anew; its
/// outcome and reason; its id, the name of the file and the number in it; the folder, if it is one
/// of the spool; and the copies of tag and request id from the answer. A record that was rejected,
/// or is in rejected/, is never good, whatever its signature.
RecordVerdict judge_record(std::string_view text, const RecordPlace& place, Verifier& verifier);

}  // namespace attestrd
