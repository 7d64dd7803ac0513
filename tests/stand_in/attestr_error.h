#pragma once

#include <string_view>

namespace attestrd::simulator {

/// An entry of Attestr's table of errors.
struct AttestrError {
  int http_status;
  std::string_view code;  ///< A number in the answer; here as text, which is also its name.
  std::string_view message;
};

inline constexpr AttestrError kMalformed{400, "4001", "Malformed data or missing parameter"};
inline constexpr AttestrError kNotFound{400, "4002", "Requested entity does not exist"};
inline constexpr AttestrError kNoSuchVersion{400, "40051",
                                             "Endpoint does not support this version"};
inline constexpr AttestrError kLowCredits{400, "4005", "Low credits balance"};
inline constexpr AttestrError kBadToken{401, "4016", "Invalid client authorization"};
inline constexpr AttestrError kUnauthorized{403, "4031", "Unauthorized"};
inline constexpr AttestrError kNotProvisioned{403, "4035", "Service not provisioned"};
inline constexpr AttestrError kAddressNotListed{403, "4039", "Client IP is not whitelisted"};
inline constexpr AttestrError kAccountRate{429, "4291", "Account rate limit exceeded"};
inline constexpr AttestrError kApiRate{429, "4292", "API rate limit exceeded"};
inline constexpr AttestrError kDailyLimit{429, "4293", "Account daily limit exceeded"};
inline constexpr AttestrError kServerError{500, "500", "Internal server error"};
inline constexpr AttestrError kBadGateway{502, "502", "Bad gateway"};
inline constexpr AttestrError kUnavailable{503, "503", "Service unavailable"};

// Answers of any server to a wrong path or method; they are not in Attestr's table.
inline constexpr AttestrError kNoSuchPath{404, "404", "No such path"};
inline constexpr AttestrError kNoSuchMethod{405, "405", "Method not allowed"};

}  // namespace attestrd::simulator
