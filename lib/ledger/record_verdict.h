#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "ledger/round.h"
#include "spool/record.h"
#include "verify/verifier.h"

namespace attestrd {

class Unsealer;

/// The place of a record: the last two parts of its path.
struct RecordPlace {
  std::string folder;
  std::string name;
};

/// The verdict on one file of the spool.
struct RecordVerdict {
  bool is_good = false;
  std::string words;      ///< Without contents of the record but its id, outcome and reason.
  bool is_short = false;  ///< Memory was short, so that nothing is known of a sealed answer.
};

/// Judges the text of a record by everything that it says: its signature, verified anew; its
/// outcome and reason; its id, the name of the file and the number in it; the folder, if it is one
/// of the spool; and the copies of tag and request id from the answer. A record that was rejected,
/// or is in rejected/, is never good, whatever its signature. A sealed answer is opened with
/// `unsealer`; a record whose answer can't be opened is not good.
RecordVerdict judge_record(std::string_view text, const RecordPlace& place, Verifier& verifier,
                           const Unsealer* unsealer = nullptr);

/// The rules of the day by which records are judged.
struct ReadmissionRules {
  std::optional<SigningForm> usual_form;  ///< See FormMemory.
  bool takes_replayed = false;            ///< A person named the record.
  Wall now{};
};

/// Judges the text of a record again that is in rejected/ under the name `file`. Only its data
/// count: a reason that forbids a readmission is respected, and never believed to allow one.
std::variant<Readmission, Readmitted> judge_rejected(std::string_view text, std::string_view file,
                                                     Verifier& verifier,
                                                     const ReadmissionRules& rules);

}  // namespace attestrd
