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
  begin_text(key);
  append_escaped(out_, value, escapes_);
  end_text();
}

void JsonWriter::spelled_text(std::string_view key, std::string_view inside) {
  begin_text(key);
  out_ += inside;
  end_text();
}

void JsonWriter::begin_text(std::string_view key) {
  put_key(key);
  out_ += '"';
}

void JsonWriter::end_text() { out_ += '"'; }

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
