#pragma once

#include <chrono>
#include <ctime>
#include <string>
#include <string_view>

#include "base/time.h"

namespace attestrd {

/// Returns Attestr's answer for a handshake whose user has not finished.
inline std::string pending_body(std::string_view id) {
  return R"({"_id":")" + std::string(id) +
         R"(","number":"3804-324489-8469","tag":"290846",)"
         R"("requestId":"c500f555-0dd3-4368-b5e3-c039ddb144ee","consumed":false,"archived":null,)"
         R"("result":null,"resultSignature":null})";
}

/// Returns an IMF-fixdate (RFC 9110, 5.6.7).
inline std::string http_date(Wall time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  const std::time_t unix_time{seconds};
  std::tm parts{};
  ::gmtime_r(&unix_time, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

/// Returns the HTTP-date at which the process began to answer: the clock of the server is right.
inline const std::string& date_of_start() {
  static const std::string kDate =
      http_date(std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()));
  return kDate;
}

/// Returns the same with a head of the usual form.
inline std::string pending_answer(std::string_view id) {
  const std::string body = pending_body(id);
  return "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: " + date_of_start() +
         "\r\n"
         "Content-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\nConnection: keep-alive\r\n\r\n" + body;
}

/// Returns the id that a request polls.
inline std::string_view asked_id(std::string_view request) {
  const auto path = request.substr(0, request.find(" HTTP/"));
  return path.substr(path.rfind('/') + 1);
}

}  // namespace attestrd
