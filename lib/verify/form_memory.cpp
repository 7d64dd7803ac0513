#include "verify/form_memory.h"

#include <cstddef>

namespace attestrd {

FormMemory::Finding FormMemory::add(SigningForm form, std::optional<SigningForm> configured) {
  if (configured || !usual_) usual_ = configured.value_or(form);
  if (form == *usual_) return {};
  const auto index = static_cast<std::size_t>(form);
  const bool is_news = !seen_.test(index);
  seen_.set(index);
  return {form != SigningForm::stringify, is_news};
}

}  // namespace attestrd
