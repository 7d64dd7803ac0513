/* The database: how transactions take locks, land, and lose their clients. */

inline clear(t) {
  t.state = 0;
  t.kind = 0;
  t.me = 0;
  t.from = 0;
  t.epoch = 0;
  t.least = 0;
  t.revision = 0;
  t.record = 0
}

/* The connection of a transaction ends. If it is on its way it may land later; but only one late
 * transaction of each worker is kept, and a second one never lands. */
inline cut(w, h) {
  if
  :: (live[w].state == sent || live[w].state == began) && late[w].state == 0 ->
     late[w].state = live[w].state;
     late[w].kind = live[w].kind;
     late[w].me = live[w].me;
     late[w].from = live[w].from;
     late[w].epoch = live[w].epoch;
     late[w].least = live[w].least;
     late[w].revision = live[w].revision;
     late[w].record = live[w].record
  :: live[w].state == began && late[w].state != 0 -> row_locked[h] = false
  :: else
  fi;
  clear(live[w])
}

inline cut_start(n) {
  if
  :: live_start[n].state == sent && late_start[n].state == 0 ->
     late_start[n].state = sent;
     late_start[n].me = live_start[n].me;
     late_start[n].from = live_start[n].from
  :: else
  fi;
  clear(live_start[n])
}

/* A statement waits until it gets its locks: on the shelf, or on the row. */
#define CAN_SERVE(t, h)                                               \
  (t.state == began || (t.state == sent && t.kind == take && !SHELF_LOCKED(h)) || \
   (t.state == sent && t.kind != take && !row_locked[h]))

/* The next step of a transaction of node n for handshake h. A round that finds its row has two:
 * it locks shelf and row, then it commits. All others commit in the step in which they get their
 * locks, since they hold them until then. */
inline serve(t, n, h) {
  if
  :: t.kind == stage && t.state == began ->
     row_state[h] = staged;
     row_spool[h] = n;
     row_record[h] = t.record;
     row_locked[h] = false;
     t.state = yes
  :: t.kind == stage && t.state == sent && MAY_STAGE(t, h) ->
     row_locked[h] = true;
     t.state = began
  :: t.kind == stage && t.state == sent && !MAY_STAGE(t, h) ->
     t.state = (STAGED_BEFORE(t, n, h) -> yes : no)
  :: t.kind == finish ->
     if
     :: MAY_FINISH(t, n, h) -> row_state[h] = done
     :: else
     fi;
     t.state = yes
  :: t.kind == take ->
     if
     :: shelf_instance[h] == t.from && shelf_epoch[h] == t.epoch && IS_DEAD(t.from) ->
#if defined(STAGED_BY_TIME)
        row_state[h] = (row_state[h] == staged -> polling : row_state[h]);
#endif
        shelf_instance[h] = t.me;
        shelf_node[h] = n;
        shelf_epoch[h] = NEXT_EPOCH(t, h)
     :: else
     fi;
     t.state = yes
  fi;
  printf("  database: the transaction %e of node %d: %e; shelf: instance %d, epoch %d; row: %e\n",
         t.kind, n, t.state, shelf_instance[h], shelf_epoch[h], row_state[h])
}

/* Raising an epoch waits for the open rounds of that shelf. */
#define CAN_RAISE(t, n, h) (!IS_RAISED(t, n, h) || !SHELF_LOCKED(h))
#if HANDSHAKES == 1
#define CAN_SERVE_START(t, n) (t.state == sent && CAN_RAISE(t, n, 0))
#else
#define CAN_SERVE_START(t, n) (t.state == sent && CAN_RAISE(t, n, 0) && CAN_RAISE(t, n, 1))
#endif

/* One transaction: the row of the node, and the epochs of its shelves. */
inline serve_start(t, n) {
  node_instance[n] = t.me;
  node_alive[n] = true;
  i = 0;
  do
  :: i < HANDSHAKES ->
     if
     :: IS_RAISED(t, n, i) -> shelf_instance[i] = t.me; shelf_epoch[i]++
     :: else
     fi;
     i++
  :: else -> break
  od;
  i = 0;
  printf("  database: node %d lives as instance %d, and its epochs are raised\n", n, t.me);
  t.state = yes
}
