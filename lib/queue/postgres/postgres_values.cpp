#include "queue/postgres/postgres_values.h"

#include <libpq-fe.h>

#include <charconv>
#include <chrono>
#include <span>

#include "base/text.h"

namespace attestrd {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

void append_hex(std::string& out, std::string_view bytes) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kHexDigits[byte >> 4U];
    out += kHexDigits[byte & 0xfU];
  }
}

}  // namespace

std::string& PostgresArray::next() {
  if (text_.size() > 1) text_ += ',';
  return text_;
}

PostgresArray& PostgresArray::add(std::string_view text) {
  next() += '"';
  text_ += text;
  text_ += '"';
  return *this;
}

PostgresArray& PostgresArray::add(std::int64_t number) {
  next() += std::to_string(number);
  return *this;
}

PostgresArray& PostgresArray::add(bool flag) {
  next() += flag ? 't' : 'f';
  return *this;
}

PostgresArray& PostgresArray::add(std::optional<Wall> time) {
  return time ? add(milliseconds_of(*time)) : add_null();
}

PostgresArray& PostgresArray::add_hex(std::string_view bytes) {
  next() += '"';
  append_hex(text_, bytes);
  text_ += '"';
  return *this;
}

PostgresArray& PostgresArray::add_null() {
  next() += "NULL";
  return *this;
}

std::string PostgresArray::take() {
  std::string array(1, '{');
  array.swap(text_);
  return array += '}';
}

std::string hex_of(std::string_view bytes) {
  std::string hex;
  append_hex(hex, bytes);
  return hex;
}

std::int64_t milliseconds_of(Wall time) { return milliseconds_of(time.time_since_epoch()); }

std::int64_t milliseconds_of(Duration duration) {
  return std::chrono::floor<std::chrono::milliseconds>(duration).count();
}

void PostgresResult::Clear::operator()(pg_result* result) const { PQclear(result); }

std::size_t PostgresResult::rows() const {
  return static_cast<std::size_t>(PQntuples(result_.get()));
}

std::size_t PostgresResult::changed() const {
  const std::string_view text = PQcmdTuples(result_.get());
  std::size_t count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

bool PostgresResult::is_null(std::size_t row, int column) const {
  return PQgetisnull(result_.get(), static_cast<int>(row), column) != 0;
}

std::string_view PostgresResult::text(std::size_t row, int column) const {
  const auto index = static_cast<int>(row);
  return {PQgetvalue(result_.get(), index, column),
          static_cast<std::size_t>(PQgetlength(result_.get(), index, column))};
}

std::int64_t PostgresResult::number(std::size_t row, int column) const {
  const auto digits = text(row, column);
  std::int64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

bool PostgresResult::flag(std::size_t row, int column) const { return text(row, column) == "t"; }

std::optional<Wall> PostgresResult::time(std::size_t row, int column) const {
  if (is_null(row, column)) return std::nullopt;
  return Wall(std::chrono::milliseconds(number(row, column)));
}

std::optional<std::string> PostgresResult::bytes(std::size_t row, int column) const {
  const auto hex = text(row, column);
  std::string bytes(hex.size() / 2, '\0');
  auto* const first = reinterpret_cast<unsigned char*>(bytes.data());
  if (!decode_hex(hex, std::span(first, bytes.size()))) return std::nullopt;
  return bytes;
}

}  // namespace attestrd
