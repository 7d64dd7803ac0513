/* A failover of the database that loses commits, and retries by an operator. */

#if RETRIES
byte retries_left = RETRIES;

proctype Operator() {
end:
  do
  :: d_step { retries_left > 0 && row_state[0] == done ->
       printf("an operator retries the handshake\n");
       retries_left--;
       row_state[0] = polling;
       row_revision[0]++;
       row_spool[0] = 0;
       row_record[0] = 0 }
  od
}
#endif

#if FAILOVERS
byte failovers_left = FAILOVERS;
bool has_standby;
byte standby_node_instance[NODES];
bool standby_node_alive[NODES];
byte standby_shelf_instance[HANDSHAKES];
byte standby_shelf_epoch[HANDSHAKES];
byte standby_shelf_node[HANDSHAKES];
mtype standby_row_state[HANDSHAKES];

inline copy_to_standby() {
  i = 0;
  do
  :: i < NODES ->
     standby_node_instance[i] = node_instance[i];
     standby_node_alive[i] = node_alive[i];
     i++
  :: else -> break
  od;
  i = 0;
  do
  :: i < HANDSHAKES ->
     standby_shelf_instance[i] = shelf_instance[i];
     standby_shelf_epoch[i] = shelf_epoch[i];
     standby_shelf_node[i] = shelf_node[i];
     standby_row_state[i] = row_state[i];
     i++
  :: else -> break
  od;
  i = 0
}

/* All transactions on their way end with the primary. Answers that were sent may still arrive. */
inline end_connections() {
  i = 0;
  do
  :: i < NODES ->
     clear(late_start[i]);
     if
     :: live_start[i].state == sent -> clear(live_start[i]); phase[i] = boot
     :: else
     fi;
     i++
  :: else -> break
  od;
  i = 0;
  do
  :: i < WORKERS ->
     clear(late[i]);
     if
     :: live[i].state == sent || live[i].state == began -> clear(live[i])
     :: else
     fi;
     i++
  :: else -> break
  od;
  i = 0
}

inline promote_standby() {
  i = 0;
  do
  :: i < NODES ->
     node_instance[i] = standby_node_instance[i];
     node_alive[i] = standby_node_alive[i];
     standby_node_instance[i] = 0;
     standby_node_alive[i] = false;
     i++
  :: else -> break
  od;
  i = 0;
  do
  :: i < HANDSHAKES ->
     shelf_instance[i] = standby_shelf_instance[i];
     shelf_epoch[i] = standby_shelf_epoch[i];
     shelf_node[i] = standby_shelf_node[i];
     row_locked[i] = false;
     standby_shelf_instance[i] = 0;
     standby_shelf_epoch[i] = 0;
     standby_shelf_node[i] = 0;
     standby_row_state[i] = 0;
     i++
  :: else -> break
  od;
  i = 0
}

/* The lost commits may be any of nodes and shelves, and none of the handshake: see README.md. */
proctype Failover() {
  byte i;
end:
  do
  :: d_step { !has_standby && failovers_left > 0 ->
       printf("from here on, commits do not reach the standby\n");
       has_standby = true;
       copy_to_standby() }
  :: d_step { has_standby && row_state[0] == standby_row_state[0] ->
       printf("the primary is lost, and the standby takes over\n");
       failovers_left--;
       has_standby = false;
       end_connections();
       promote_standby() }
  od
}
#endif
