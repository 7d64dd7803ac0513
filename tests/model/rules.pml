/* The rules of the protocol. Each -D NAME breaks one of them; `run` describes them all. */

/* A round may stage a row only under the claim that it polled it under. */
#if defined(NO_FENCE_ON_STAGE)
#define FENCE(t, h) (true)
#elif defined(NO_EPOCH)
#define FENCE(t, h) (shelf_instance[h] == t.me)
#elif defined(NO_INSTANCE)
#define FENCE(t, h) (shelf_epoch[h] == t.epoch)
#else
#define FENCE(t, h) (shelf_instance[h] == t.me && shelf_epoch[h] == t.epoch)
#endif

/* The fence is a share lock: while the round is open, nobody changes the shelf. */
#if defined(NO_FENCE_ON_STAGE) || defined(FENCE_WITHOUT_LOCK)
#define SHELF_LOCKED(h) (false)
#else
#define SHELF_LOCKED(h) (row_locked[h])
#endif

/* A retry raises the revision, and a round stages only the revision that it polled. */
#if defined(NO_REVISION)
#define MAY_STAGE(t, h) (row_state[h] == polling && FENCE(t, h))
#else
#define MAY_STAGE(t, h) (row_state[h] == polling && FENCE(t, h) && row_revision[h] == t.revision)
#endif

#define IS_MINE(n, h) (row_state[h] == staged && row_spool[h] == n)

/* A round that is written again finds that its first try has staged the row, whoever has the shelf
 * by then: a staged row belongs to its spool. */
#if defined(RERUN_UNDER_FENCE)
#define STAGED_BEFORE(t, n, h) (IS_MINE(n, h) && row_record[h] == t.record && FENCE(t, h))
#else
#define STAGED_BEFORE(t, n, h) (IS_MINE(n, h) && row_record[h] == t.record)
#endif

/* Only the node of the spool ends a staged row, and only for the record that it published. */
#if defined(FENCE_ON_DONE)
#define MAY_FINISH(t, n, h) (IS_MINE(n, h) && row_record[h] == t.record && FENCE(t, h))
#elif defined(NO_RECORD_ON_DONE)
#define MAY_FINISH(t, n, h) (IS_MINE(n, h))
#else
#define MAY_FINISH(t, n, h) (IS_MINE(n, h) && row_record[h] == t.record)
#endif

/* Recovery is for the staged rows of this node's spool. */
#if defined(RECOVER_ALL)
#define IS_TO_RECOVER(n, h) (row_state[h] == staged)
#elif defined(EMPTY_STAGING)
#define IS_TO_RECOVER(n, h) (IS_MINE(n, h) && !staging_file[n * HANDSHAKES + h])
#else
#define IS_TO_RECOVER(n, h) (IS_MINE(n, h))
#endif

/* An instance is dead unless the row of its node says that it lives: once its node has begun anew,
 * no row names it any more. */
#define LIVES_AS(k, i) (node_instance[k] == i && node_alive[k])
#define DIED_AS(k, i) (node_instance[k] == i && !node_alive[k])
#if NODES == 2
#define LIVES(i) (LIVES_AS(0, i) || LIVES_AS(1, i))
#define HAS_DEAD_ROW(i) (DIED_AS(0, i) || DIED_AS(1, i))
#else
#define LIVES(i) (LIVES_AS(0, i) || LIVES_AS(1, i) || LIVES_AS(2, i))
#define HAS_DEAD_ROW(i) (DIED_AS(0, i) || DIED_AS(1, i) || DIED_AS(2, i))
#endif
#if defined(DEAD_BY_ROW)
#define IS_DEAD(i) (HAS_DEAD_ROW(i))
#else
#define IS_DEAD(i) (!LIVES(i))
#endif

/* An instance never claims a shelf under the same epoch twice, even if the database went back. */
#if defined(EPOCH_BY_ONE)
#define NEXT_EPOCH(t, h) (shelf_epoch[h] + 1)
#else
#define NEXT_EPOCH(t, h) (shelf_epoch[h] + 1 >= t.least -> shelf_epoch[h] + 1 : t.least)
#endif

/* A start raises the epochs of all shelves of its node, whichever instance of it has them. */
#if defined(BARRIER_BY_INSTANCE)
#define IS_RAISED(t, n, h) (shelf_instance[h] == t.from)
#else
#define IS_RAISED(t, n, h) (shelf_node[h] == n)
#endif
