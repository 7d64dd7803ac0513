#pragma once

namespace attestrd {

/// OpenSSL 3.0 takes four blocks of some forty bytes from the heap for each request and its answer,
/// and gives them back at once. From now on each thread keeps a few small blocks for it, so that a
/// poll on a standing connection takes nothing from the heap. For the whole process, once, before
/// OpenSSL's first allocation; false: that has been, and all stays as it was.
bool keep_small_blocks_for_openssl();

}  // namespace attestrd
