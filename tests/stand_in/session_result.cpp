#include "session_result.h"

#include <fmt/format.h>

#include <algorithm>

namespace attestrd::simulator {
namespace {

using J = SpelledJson;

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kLowerAndDigits = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view kCapitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kJpegHead = "/9j/4AAQSkZJRgABAgAAAQABAAD/2wBD";

constexpr std::string_view kSurnames[] = {"Goel", "Iyer", "Banerjee", "Reddy", "D'Souza",
                                          "Kaur", "Nair", "Patil",    "Shah",  "Chakraborty"};

/// A first name in Latin script, and in its own script as JSON with escapes and in UTF-8.
struct FirstName {
  std::string_view latin;
  std::string_view escaped;
  std::string_view native;
};
constexpr FirstName kFirstNames[] = {
    {"Prajakta", R"("\u092a\u094d\u0930ाजक्ता")", "\"प्राजक्ता\""},
    {"Aarav", R"("\u0906\u0930\u0935")", "\"आरव\""},
    {"Meenakshi", R"("\u0bae\u0BC0னாட்சி")", "\"மீனாட்சி\""},
    {"Sourav", R"("\u09b8\u09cc\u09b0\u09ad")", "\"সৌরভ\""},
    {"Gurpreet", R"("\u0a17\u0a41ਰਪ੍ਰੀਤ")", "\"ਗੁਰਪ੍ਰੀਤ\""},
};

struct Place {
  std::string_view location, district, state, state_code, zip;
};
constexpr Place kPlaces[] = {
    {"SRINAGAR COLONY PHASE 3", "Hyderabad", "Telangana", "TG", "500073"},
    {"Koramangala 5th Block", "Bengaluru Urban", "Karnataka", "KA", "560095"},
    {"Anna Nagar West", "Chennai", "Tamil Nadu", "TN", "600040"},
    {"Salt Lake, Sector II", "North 24 Parganas", "West Bengal", "WB", "700091"},
    {"Model Town \"B\" Block", "Jalandhar", "Punjab", "PB", "144003"},
};

struct Person {
  FirstName first;
  std::string_view surname;
  Place place;
  std::string birth_date;

  std::string name() const { return fmt::format("{} {}", first.latin, surname); }
};

Person make_person(Rng& rng) {
  const auto day = rng.below(28) + 1;
  const auto month = rng.below(12) + 1;
  const auto year = rng.below(50) + 1955;
  return {rng.pick(kFirstNames), rng.pick(kSurnames), rng.pick(kPlaces),
          fmt::format("{:02}-{:02}-{}", day, month, year)};
}

std::string stage_id(Rng& rng) { return "FS02" + rng.text(17, kLowerAndDigits); }

/// Returns `mask` with each `#` replaced by a digit and each `@` by a capital.
std::string fill(Rng& rng, std::string mask) {
  for (char& c : mask) {
    if (c == '#') c = kDigits[rng.below(kDigits.size())];
    if (c == '@') c = kCapitals[rng.below(kCapitals.size())];
  }
  return mask;
}

std::string base64(Rng& rng, std::size_t length) { return rng.text(length / 4 * 4, kBase64); }

/// Returns base64 in lines of 76 characters, as MIME encoders write it.
std::string base64_lines(Rng& rng, int lines) {
  std::string out;
  for (int i = 0; i < lines; ++i) out += rng.text(76, kBase64) + "\n";
  return out + base64(rng, 40) + "==";
}

J aadhaar_input(Rng& rng) {
  return J::object()
      .add("uuid", J::string(fill(rng, "####xxxx####")))
      .add("secret", J::string(fill(rng, "Fxx@@")))
      .add("otp", J::string(fill(rng, "#xx###")))
      .add("email", J::null())
      .add("mobile", J::null())
      .add("code", J::string("R\tx\x1f z"));
}

J aadhaar_output(const Person& person, Rng& rng, std::size_t photo_bytes) {
  const Place& place = person.place;
  J output = J::object();
  output.add("birthDate", J::string(person.birth_date))
      .add("hashedEmail", J::null())
      .add("hashedMobile", J::string(rng.text(64, kHex)))
      .add("gender", J::string(rng.chance(0.5) ? "M" : "F"))
      .add("name", J::string(person.name()))
      .add("localName",
           J::spelled(std::string(person.first.escaped), std::string(person.first.native)))
      .add("careOf", J::spelled(fmt::format("\"S\\/O Akhilesh {}\"", person.surname),
                                fmt::format("\"S/O Akhilesh {}\"", person.surname)))
      .add("country", J::string("India"))
      .add("district", J::string(place.district))
      .add("houseNumber", J::string(fill(rng, "FLAT ### SAI RESIDENCY, 2½ करोड़ ₹")))
      .add("landmark",
           J::spelled(R"("opp. \u0041shoka Caf\u00E9 \ud83c\udf82")", "\"opp. Ashoka Café 🎂\""))
      .add("location", J::string(place.location))
      .add("zip", J::string(place.zip))
      .add("state", J::string(place.state))
      .add("street", J::null())
      .add("subdistrict", J::null());
  // Added last, so that the text before it does not depend on the size of the photograph.
  output.add("signature", J::string(base64_lines(rng, 3)))
      .add("digest", J::string(base64(rng, 36) + "="))
      .add("pht", J::string(std::string(kJpegHead) + base64(rng, photo_bytes)));
  return output;
}

J pan_input(Rng& rng) { return J::object().add("pan", J::string(fill(rng, "@@@@@####K"))); }

J pan_output(const Person& person) {
  return J::object()
      .add("valid", J::boolean(true))
      .add("name", J::string(person.name()))
      .add("category", J::string("person"))
      .add("source", J::spelled(R"("https:\/\/pan.example\/v1?a=1&b=<2>")",
                                R"("https://pan.example/v1?a=1&b=<2>")"))
      .add("stateCode", J::string(person.place.state_code))
      .add("checkedAt", J::spelled("1675397411000"));
}

J face_input() {
  return J::object()
      .add("threshold", J::spelled("0.80", "0.8"))
      .add("maxAttempts", J::spelled("3.0", "3"));
}

J face_output(Rng& rng) {
  const auto percent = rng.below(9) + 90;
  J attempts = J::object();
  attempts.add("10", J::spelled("1E3", "1000"))
      .add("2", J::spelled("1.5e-7", "1.5e-7"))
      .add("-1", J::spelled("-50E-2", "-0.5"))
      .add("01", J::spelled("123456789012345.0", "123456789012345"));
  J box = J::array();
  box.push(J::spelled("0.000001", "0.000001"))
      .push(J::spelled("0.0000001", "1e-7"))
      .push(J::spelled("1e21", "1e+21"))
      .push(J::spelled("100000000000000000000"));
  return J::object()
      .add("match", J::boolean(true))
      .add("score", J::spelled(fmt::format("{}.50", percent), fmt::format("{}.5", percent)))
      .add("attempts", std::move(attempts))
      .add("boundingBox", std::move(box))
      .add("warnings", J::array())
      .add("device", J::object());
}

J stage(J input, J output) {
  return J::object().add("input", std::move(input)).add("output", std::move(output));
}

J build(const Dice& dice, std::size_t photo_bytes) {
  Rng rng = dice.stream(Purpose::person);
  const Person person = make_person(rng);
  const auto stages = rng.below(3) + 1;
  J result = J::object();
  if (stages >= 2) result.add(stage_id(rng), stage(pan_input(rng), pan_output(person)));
  if (stages >= 3) result.add(stage_id(rng), stage(face_input(), face_output(rng)));
  const std::string aadhaar = stage_id(rng);
  J input = aadhaar_input(rng);
  result.add(aadhaar, stage(std::move(input), aadhaar_output(person, rng, photo_bytes)));
  return result;
}

}  // namespace

SpelledJson make_session_result(const Dice& dice, std::size_t bytes) {
  const std::size_t without_photo = build(dice, 0).wire(Layout::compact).size();
  return build(dice, bytes - std::min(bytes, without_photo));
}

}  // namespace attestrd::simulator
