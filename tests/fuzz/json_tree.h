#pragma once

#include <string>
#include <vector>

#include "fuzz/json_events.h"

namespace attestrd::fuzz {

/// A JSON value, as a tree.
struct JsonTree {
  struct Member;

  JsonEvent token;  ///< A value that is neither object nor array, or the beginning of one.
  std::vector<Member> members;
  std::vector<JsonTree> elements;
};

struct JsonTree::Member {
  std::string key;
  JsonTree value;
};

JsonTree json_tree(const JsonEvents& events);

/// The tokens of a tree.
JsonEvents json_events_of(const JsonTree& tree);

/// Whether an object in it, at any depth, has a key twice.
bool repeats_a_key(const JsonTree& tree);

/// ECMA-262's JSON.stringify(JSON.parse(text)), independent of lib/ and as simple as possible.
/// Numbers come from strtod and printf, not from double-conversion.
std::string stringified(const JsonTree& tree);

}  // namespace attestrd::fuzz
