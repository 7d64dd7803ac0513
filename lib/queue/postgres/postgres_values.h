#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

struct pg_result;

namespace attestrd {

/// A parameter of a statement in PostgreSQL's text form; nothing is NULL.
using PostgresValue = std::optional<std::string>;

/// A statement with its parameters. `sql` must outlive it.
struct PostgresStatement {
  const char* sql = nullptr;
  std::vector<PostgresValue> parameters{};
};

using PostgresPipeline = std::vector<PostgresStatement>;

/// An array parameter, built element by element.
class PostgresArray {
 public:
  PostgresArray& add(std::string_view text);  ///< Without quotes, backslashes and NULs.
  PostgresArray& add(std::int64_t number);
  PostgresArray& add(bool flag);
  PostgresArray& add(std::optional<Wall> time);  ///< In milliseconds; nothing is NULL.
  PostgresArray& add_hex(std::string_view bytes);
  PostgresArray& add_null();

  /// Returns the text of the array, which is empty then.
  std::string take();

 private:
  std::string& next();

  std::string text_ = "{";
};

/// Returns the lower case hexadecimal digits of bytes.
std::string hex_of(std::string_view bytes);
/// Returns the time in whole milliseconds since the Unix epoch, rounded down.
std::int64_t milliseconds_of(Wall time);
std::int64_t milliseconds_of(Duration duration);

/// The rows that a statement returned, or the number of rows that it changed.
class PostgresResult {
 public:
  /// Owns a result of libpq.
  explicit PostgresResult(pg_result* result) : result_(result) {}

  std::size_t rows() const;
  std::size_t changed() const;
  bool is_null(std::size_t row, int column) const;
  std::string_view text(std::size_t row, int column) const;
  std::int64_t number(std::size_t row, int column) const;  ///< 0 if the column is NULL.
  bool flag(std::size_t row, int column) const;
  std::optional<Wall> time(std::size_t row, int column) const;  ///< Of a column in milliseconds.
  /// Returns the bytes of a column that the statement encoded in hex; nothing if it has other text.
  std::optional<std::string> bytes(std::size_t row, int column) const;

 private:
  struct Clear {
    void operator()(pg_result* result) const;
  };

  std::unique_ptr<pg_result, Clear> result_;
};

}  // namespace attestrd
