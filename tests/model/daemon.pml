/* The daemon: Worker is what a node does for one handshake, Node is its life. The steps of the
 * database for their transactions are beside theirs. */

/* The instant of publication. */
inline publish(w, h) {
  assert(staging_file[w]);
  staging_file[w] = false;
  published[h]++;
  assert(published[h] <= DUE(h)) /* At most once over all spools. */
}

inline forget_belief(w) {
  belief_epoch[w] = 0;
  belief_revision[w] = 0;
  belief_record[w] = 0
}

#define IS_IDLE (phase[n] == runs && live[W].state == 0)

proctype Worker(byte n; byte h) {
end:
  do
  /* Recovery, after the barrier: the row is read first, then files are touched. */
  :: d_step { phase[n] == runs && belief[W] == unread ->
       if
       :: IS_TO_RECOVER(n, h) ->
          belief[W] = (staging_file[W] -> committed : renamed);
          belief_record[W] = row_record[h]
       :: else -> belief[W] = (staging_file[W] -> drop : nothing)
       fi;
       printf("node %d reads the row after its start: %e\n", n, belief[W]) }
  :: d_step { phase[n] == runs && belief[W] == drop ->
       printf("node %d removes the file from its staging/\n", n);
       staging_file[W] = false;
       belief[W] = nothing }

  /* One statement reads the shelf and the row. */
  :: d_step { IS_IDLE && belief[W] == nothing && shelf_instance[h] == instance[n] &&
              row_state[h] == polling ->
       printf("node %d claims the row: instance %d, epoch %d\n", n, instance[n], shelf_epoch[h]);
       belief[W] = polls;
       belief_epoch[W] = shelf_epoch[h];
       belief_revision[W] = row_revision[h];
#if FAILOVERS
       highest_epoch[n] =
         (highest_epoch[n] > shelf_epoch[h] -> highest_epoch[n] : shelf_epoch[h])
#endif
     }
  :: d_step { phase[n] == runs && belief[W] == polls ->
       printf("node %d polls the result, and writes it to its staging/\n", n);
       staging_file[W] = true;
       staging_record[W] = (staging_record[W] + 1) % RECORDS;
       belief[W] = written;
#if defined(RENAME_BEFORE_COMMIT)
       publish(W, h)
#endif
     }

  /* Commit staged, rename, commit done. */
  :: d_step { IS_IDLE && belief[W] == written ->
       printf("node %d sends stage: instance %d, epoch %d\n", n, instance[n], belief_epoch[W]);
       live[W].state = sent;
       live[W].kind = stage;
       live[W].me = instance[n];
       live[W].epoch = belief_epoch[W];
       live[W].revision = belief_revision[W];
       live[W].record = staging_record[W] }
#if defined(DONE_BEFORE_RENAME)
#define FINISHES committed
#define PUBLISHES renamed
#else
#define FINISHES renamed
#define PUBLISHES committed
#endif
  :: d_step { phase[n] == runs && belief[W] == PUBLISHES ->
#if !defined(RENAME_BEFORE_COMMIT)
       printf("node %d renames the record: it is published\n", n);
       assert(row_record[h] == staging_record[W]); /* That which is committed. */
       publish(W, h);
#endif
#if defined(DONE_BEFORE_RENAME)
       forget_belief(W);
       belief[W] = nothing
#else
       belief[W] = renamed
#endif
     }
  :: d_step { IS_IDLE && belief[W] == FINISHES ->
       printf("node %d sends finish\n", n);
       live[W].state = sent;
       live[W].kind = finish;
#if defined(FENCE_ON_DONE)
       live[W].me = instance[n];
       live[W].epoch = belief_epoch[W];
#endif
       live[W].record = belief_record[W] }

  /* A takeover. Its answer does not matter: the shelf is read again before the row is claimed. */
  :: d_step { IS_IDLE && belief[W] == nothing && shelf_instance[h] != instance[n] &&
              IS_DEAD(shelf_instance[h]) && row_state[h] != done &&
              (LIVES(instance[n]) || blind_left > 0) ->
       printf("node %d sends take: from instance %d, epoch %d, for instance %d\n", n,
              shelf_instance[h], shelf_epoch[h], instance[n]);
       blind_left = (LIVES(instance[n]) -> blind_left : blind_left - 1);
       live[W].state = sent;
       live[W].kind = take;
       live[W].me = instance[n];
       live[W].from = shelf_instance[h];
       live[W].epoch = shelf_epoch[h];
#if FAILOVERS
       live[W].least = highest_epoch[n] + 1
#endif
     }

  /* The answer arrives. Zero rows: the row belongs to another owner, and no try can land. */
  :: d_step { live[W].state == yes || live[W].state == no ->
       printf("node %d receives the answer to %e: %e\n", n, live[W].kind, live[W].state);
       if
       :: live[W].kind == stage && live[W].state == yes ->
          forget_belief(W);
#if defined(FENCE_ON_DONE)
          belief_epoch[W] = live[W].epoch;
#endif
          belief_record[W] = live[W].record;
          belief[W] = committed
       :: live[W].kind == stage && live[W].state == no ->
          forget_belief(W);
          belief[W] = (staging_file[W] -> drop : nothing)
       :: live[W].kind == finish ->
#if defined(DONE_BEFORE_RENAME)
          belief[W] = renamed
#else
          forget_belief(W);
          belief[W] = nothing
#endif
       :: live[W].kind == take
       fi;
       clear(live[W]) }

  /* The answer is lost, and with it whether the commit landed: the round is written again. */
  :: d_step { live[W].state != 0 && lost_left > 0 ->
       printf("node %d loses the connection of %e, which is %e\n", n, live[W].kind, live[W].state);
       lost_left--;
#if defined(UNKNOWN_BY_READ)
       belief[W] = (live[W].kind == stage -> asks : belief[W]);
#endif
#if defined(UNKNOWN_IS_YES)
       belief_record[W] = (live[W].kind == stage -> live[W].record : belief_record[W]);
       belief[W] = (live[W].kind == stage -> committed : belief[W]);
#endif
       cut(W, h) }
#if defined(UNKNOWN_BY_READ)
  :: d_step { phase[n] == runs && belief[W] == asks ->
       printf("node %d reads the row: %e\n", n, row_state[h]);
       forget_belief(W);
       belief_record[W] = row_record[h];
       belief[W] = (IS_MINE(n, h) -> committed : drop) }
#endif

  /* The database. */
  :: d_step { CAN_SERVE(live[W], h) -> serve(live[W], n, h) }
  :: d_step { CAN_SERVE(late[W], h) ->
       serve(late[W], n, h);
       if
       :: late[W].state != began -> clear(late[W])
       :: else
       fi }
  :: d_step { late[W].state != 0 ->
       printf("  database: the late transaction %e of node %d never lands\n", late[W].kind, n);
       if
       :: late[W].state == began -> row_locked[h] = false
       :: else
       fi;
       clear(late[W]) }
  od
}

/* The process ends, or begins anew: all but the disk is forgotten. */
inline forget(n) {
  cut_start(n);
  i = 0;
  do
  :: i < HANDSHAKES ->
     cut(n * HANDSHAKES + i, i);
     forget_belief(n * HANDSHAKES + i);
     belief[n * HANDSHAKES + i] = unread;
     i++
  :: else -> break
  od;
  i = 0;
  highest_epoch[n] = 0;
  instance[n] = 0
}

inline begin_anew(n) {
  starts[n]++;
  instance[n] = 1 + n + NODES * starts[n];
  phase[n] = boot;
  printf("node %d begins anew, as instance %d\n", n, instance[n])
}

inline send_start(n) {
  printf("node %d sends its start\n", n);
  live_start[n].state = sent;
  live_start[n].me = instance[n];
#if defined(BARRIER_BY_INSTANCE)
  live_start[n].from = node_instance[n]
#endif
}

#define IS_PROCESS(n) (phase[n] != down && phase[n] != gone)

proctype Node(byte n) {
  byte i;
end:
  do
  :: d_step { IS_PROCESS(n) && deaths_left > 0 ->
       printf("node %d dies\n", n);
       deaths_left--;
       forget(n);
       phase[n] = down }
  :: d_step { phase[n] == down -> begin_anew(n) }
  :: d_step { phase[n] == down && gone_left > 0 ->
       printf("node %d never starts again\n", n);
       gone_left--;
       phase[n] = gone }

  /* Its next beat finds no row of this instance that lives. */
  :: d_step { phase[n] == runs && !LIVES_AS(n, instance[n]) ->
       printf("node %d finds no living row of its instance\n", n);
       forget(n);
       begin_anew(n) }

  /* The start: the barrier, and only then rows and files. */
#if defined(NO_BARRIER)
  :: d_step { phase[n] == boot && live_start[n].state == 0 ->
       send_start(n);
       phase[n] = runs }
#else
  :: d_step { phase[n] == boot ->
       send_start(n);
       phase[n] = starting }
#endif
  :: d_step { live_start[n].state == yes ->
       printf("node %d receives the answer to its start\n", n);
       clear(live_start[n]);
       phase[n] = runs }
  :: d_step { live_start[n].state != 0 && lost_left > 0 ->
       printf("node %d loses the connection of its start\n", n);
       lost_left--;
       cut_start(n);
       phase[n] = boot }
  :: d_step { CAN_SERVE_START(live_start[n], n) -> serve_start(live_start[n], n) }
  :: d_step { CAN_SERVE_START(late_start[n], n) ->
       serve_start(late_start[n], n);
       clear(late_start[n]) }
  :: d_step { late_start[n].state != 0 ->
       printf("  database: the late start of node %d never lands\n", n);
       clear(late_start[n]) }

  /* Others declare it dead: rightly, or because they have not seen its beat. */
  :: d_step { node_alive[n] && !IS_PROCESS(n) ->
       printf("node %d is declared dead\n", n);
       node_alive[n] = false }
  :: d_step { node_alive[n] && IS_PROCESS(n) && suspected_left > 0 ->
       printf("node %d is declared dead, although it lives\n", n);
       suspected_left--;
       node_alive[n] = false }
  od
}
