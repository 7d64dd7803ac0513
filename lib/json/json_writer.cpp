#include "json/json_writer.h"

namespace attestrd {

void JsonWriter::put_key(std::string_view key) {
  out_ += comma_is_due_ ? ",\"" : "\"";
  out_ += key;
  out_ += "\":";
  comma_is_due_ = true;
}

void JsonWriter::begin_object() {
  out_ += '{';
  comma_is_due_ = false;
}

void JsonWriter::begin_object(std::string_view key) {
  put_key(key);
  begin_object();
}

void JsonWriter::end_object() {
  out_ += '}';
  comma_is_due_ = true;
}

void JsonWriter::text(std::string_view key, std::string_view value) {
  put_key(key);
  out_ += '"';
  append_escaped(out_, value, escapes_);
  out_ += '"';
}

void JsonWriter::spelled_text(std::string_view key, std::string_view inside) {
  put_key(key);
  out_ += '"';
  out_ += inside;
  out_ += '"';
}

void JsonWriter::raw(std::string_view key, std::string_view value) {
  put_key(key);
  out_ += value;
}

void JsonWriter::time(std::string_view key, Wall value, TimePrecision precision) {
  put_key(key);
  out_ += '"';
  append_rfc3339(out_, value, precision);
  out_ += '"';
}

}  // namespace attestrd
