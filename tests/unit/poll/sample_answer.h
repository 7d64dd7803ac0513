#pragma once

#include <string_view>

namespace attestrd {

/// The sample response of Attestr's "Execution Result API" page. It is elided there, so that its
/// signature can't hold.
inline constexpr std::string_view kSampleAnswer =
    R"({)" "\n"
    R"("_id": "DS02zfeuv6n4gkq51hvw6",)" "\n"
    R"("number": "3804-324489-8469",)" "\n"
    R"("tag": "290846",)" "\n"
    R"("requestId": "c500f555-0dd3-4368-b5e3-c039ddb144ee",)" "\n"
    R"("consumed": true,)" "\n"
    R"("result": {)" "\n"
    R"("FS02zfeuv3tcnkq2mond2": {)" "\n"
    R"("input": {)" "\n"
    R"("uuid": "4802xxxx9083",)" "\n"
    R"("secret": "FxxBb",)" "\n"
    R"("otp": "3xx839",)" "\n"
    R"("email": null,)" "\n"
    R"("mobile": null,)" "\n"
    R"("code": "Rxxz")" "\n"
    R"(},)" "\n"
    R"("output": {)" "\n"
    R"("birthDate": "26-12-1985",)" "\n"
    R"("hashedEmail": null,)" "\n"
    R"("hashedMobile": "c579da924e97da8605782210ff68a631ae94114f0a48115e353f2e2c47e95669",)" "\n"
    R"("gender": "M",)" "\n"
    R"("name": "Prajakt Goel",)" "\n"
    R"("careOf": "S/O Akhilesh Goel",)" "\n"
    R"("country": "India",)" "\n"
    R"("district": "Hyderabad",)" "\n"
    R"("houseNumber": "FLAT 101 SAI RESIDENCY",)" "\n"
    R"("landmark": null,)" "\n"
    R"("location": "SRINAGAR COLONY PHASE 3",)" "\n"
    R"("zip": "500073",)" "\n"
    R"("postOffice": "Srinagar Colony",)" "\n"
    R"("state": "Telangana",)" "\n"
    R"("street": null,)" "\n"
    R"("subdistrict": null,)" "\n"
    R"("vtc": "Khairatabad",)" "\n"
    R"("pht": "/9j/4AAQSkZJRgABAgAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0a)"
    R"(HBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4zNDL/2wBDAQkJCQwLDBgNDRgyIRwhMjIyMjIyMj......)"
    R"(..",)" "\n"
    R"("signature": "XiHv/Bi6InvaLEulxX7e2Fb6V1o76y88TyRcW/iErzGD14+J63B5zmvh5utmRDWR4yvdQ+)"
    R"(p2T66c\nV55OCLZ8ih4z/yWfJbPAEvKWU0/RV2yZMXt1BWSdyKmMLARWJdN3Gx+7waT6Cx7/MJ9yZZoWrfmj)"
    R"(W8lRHVvMKJY0ahNnVNGgC0nxzzNF99dw\nbpbAQY7S0PV4m4xvj+RWlg+AGO5R2ShSstPV8vefF9CT7BNeAg)"
    R"(e3B74kg1eEjWm9UiY5tZhU5iDt\nwy8NFyjONTgf0oWfGGWKLKKSDtj57/3syuAu7g==",)" "\n"
    R"("digest": "8ZFZSoSOA4sOyqsjJhPeX70aBFWEy9BBU5LeE=")" "\n"
    R"(})" "\n"
    R"(})" "\n"
    R"(},)" "\n"
    R"("resultSignature": "28220f548b7ea59b25525da901d026573bccffb3692ec04fa125aeec9f7fbe42)"
    R"(")" "\n"
    R"(})";

inline constexpr std::string_view kSampleId = "DS02zfeuv6n4gkq51hvw6";

}  // namespace attestrd
