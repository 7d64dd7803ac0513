#pragma once

#include <string>
#include <vector>

#include "fuzz/json_events.h"

namespace attestrd::fuzz {

/// A JSON value, as a tree.
struct JsonTree {
  struct Member;

  JsonEvent token;  ///< A scalar, or the beginning of an object or array.
  std::vector<Member> members;
  std::vector<JsonTree> elements;
};

struct JsonTree::Member {
  std::string key;
  JsonTree value;
};

JsonTree json_tree(const JsonEvents& events);

/// Returns the tokens of a tree.
JsonEvents json_events_of(const JsonTree& tree);

/// Returns whether an object in the tree, at any depth, has a duplicate key.
bool repeats_a_key(const JsonTree& tree);

/// Returns ECMA-262's JSON.stringify(JSON.parse(text)), independent of lib/ and as simple as
/// possible. Numbers come from strtod and printf, not from double-conversion.
std::string stringified(const JsonTree& tree);

}  // namespace attestrd::fuzz
