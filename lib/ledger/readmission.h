#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/time.h"
#include "handshake/finish.h"
#include "verify/verifier.h"

namespace attestrd {

/// A result that was rejected and holds now, to be published in the place of its record in
/// rejected/.
struct Readmission {
  std::uint64_t ticket = 0;  ///< Returned with the answer.
  std::string file;          ///< The name of the record in rejected/.
  Finish finish;             ///< The new end: completed.
  std::string tag;           ///< The tag of the answer; empty: none.
  Wall submitted_at{};
  bool takes_replayed = false;  ///< See ReadmissionRules.
};

/// The answer to the wish to readmit a record.
enum class Readmitted : std::uint8_t {
  readmitted,  ///< Its result is published, or will be whatever happens: this is durable.
  // What the record says:
  no_record,          ///< It is no record that attestrd can have written under this name.
  not_rejected,       ///< Its outcome is another one.
  tag_mismatch,       ///< The answer has another tag than the submission.
  wrong_id,           ///< The answer has the id of another handshake.
  duplicate_key,      ///< The answer has a key twice.
  no_result,          ///< The answer has no result.
  invalid_signature,  ///< No secret and no form matches the signature.
  unusual_form,       ///< It holds in the form `stringify` alone, which is not the usual one.
  replayed,           ///< Its signature is that of another handshake, and no person named it.
  // What the queue says:
  completed,  ///< A result of its handshake was published.
  pending,    ///< Its handshake is polled again.
  ending,     ///< A record of its handshake is being published.
  unknown,    ///< Its handshake ended too long ago.
  // What the file system says:
  no_file,     ///< There is no such file.
  foreign,     ///< The file belongs to another user, is no plain file, or is mounted on.
  unreadable,  ///< The read failed.
  no_room,     ///< The disk has no space for another record.
};

struct ReadmissionAnswer {
  std::uint64_t ticket = 0;
  Readmitted readmitted{};
};

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
