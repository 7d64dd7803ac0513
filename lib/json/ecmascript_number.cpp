#include "json/ecmascript_number.h"

#include <double-conversion/double-conversion.h>

#include <cmath>

#include "base/check.h"

namespace attestrd {
namespace {

using double_conversion::DoubleToStringConverter;
using double_conversion::StringBuilder;
using double_conversion::StringToDoubleConverter;

double to_double(std::string_view token) {
  static const StringToDoubleConverter converter(StringToDoubleConverter::NO_FLAGS, 0, 0, nullptr,
                                                 nullptr);
  const int length = static_cast<int>(token.size());
  int read = 0;
  const double value = converter.StringToDouble(token.data(), length, &read);
  ATTESTRD_CHECK(read == length);
  return value;
}

}  // namespace

// double-conversion is the library of the JavaScript engine of Node, so that both agree. Charconv
// with our own layout of the digits would be faster (0.25 instead of 0.4 us a number), but needs
// three times the code, and only a signature of the form `stringify` uses this class at all.
EcmascriptNumber::EcmascriptNumber(std::string_view token) {
  StringBuilder text(text_.data(), static_cast<int>(text_.size()));
  const double value = to_double(token);
  if (std::isinf(value)) {
    text.AddString("null");
  } else {
    DoubleToStringConverter::EcmaScriptConverter().ToShortest(value, &text);
  }
  length_ = static_cast<std::size_t>(text.position());
  text.Finalize();
}

}  // namespace attestrd
