/* Several daemons on one queue: each result is published exactly once, whichever of them dies.
 *
 * README.md describes what is modelled, what is left out and why, and what was found. `run` checks
 * that the model holds as designed, and that it fails with each rule broken (-D NAME in rules.pml).
 *
 * A step of the model is a step of the real world: a call of the file system, a statement that
 * takes its locks, a commit, or the arrival of an answer. A stopped or suspended daemon is one that
 * takes no step while others do. */

/* The bounds. The check is exhaustive within them. Counts are of all nodes together. */
#ifndef NODES
#define NODES 2
#endif
#ifndef HANDSHAKES
#define HANDSHAKES 1
#endif
#ifndef DEATHS /* Of processes, at any step. */
#define DEATHS 1
#endif
#ifndef LOST /* Connections that end before the answer arrives. */
#define LOST 1
#endif
#ifndef SUSPECTED /* Nodes that are declared dead although they live. */
#define SUSPECTED 1
#endif
#ifndef BLIND /* Takeovers by a node that was declared dead and has not learnt it yet. */
#define BLIND 1
#endif
#ifndef GONE /* Nodes that never start again. Less than NODES: one lives. */
#define GONE 1
#endif
#ifndef FAILOVERS /* To a standby that lacks commits of nodes and shelves. */
#define FAILOVERS 0
#endif
#ifndef RETRIES /* By an operator, of a handshake that has ended. */
#define RETRIES 0
#endif
#define WORKERS (NODES * HANDSHAKES)

byte deaths_left = DEATHS;
byte lost_left = LOST;
byte suspected_left = SUSPECTED;
byte blind_left = BLIND;
byte gone_left = GONE;

mtype = { polling, staged, done };   /* states of a row */
mtype = { stage, finish, take };     /* kinds of transactions; that of a start has none */
mtype = { sent, began, yes, no };    /* states of transactions */
mtype = { down, gone, boot, starting, runs };  /* phases of a node */
mtype = { unread, nothing, drop, polls, written, asks, committed, renamed };  /* beliefs */

/* The database. Each handshake has a shelf of its own, which is at first that of node h % NODES. */
byte node_instance[NODES];
bool node_alive[NODES];
byte shelf_instance[HANDSHAKES];
byte shelf_epoch[HANDSHAKES];
byte shelf_node[HANDSHAKES]; /* The node of that instance. */
mtype row_state[HANDSHAKES];
byte row_revision[HANDSHAKES]; /* Raised by a retry. */
byte row_spool[HANDSHAKES];    /* The node whose staging/ has the record. */
byte row_record[HANDSHAKES];   /* Its SHA-256. */
bool row_locked[HANDSHAKES];   /* By a round that began; it has a share lock on the shelf too. */

/* The disks. Consumers remove each record at once: `published` counts the renames. */
bool staging_file[WORKERS];
byte staging_record[WORKERS]; /* The SHA-256 of that file; that of each poll differs. */
byte published[HANDSHAKES];

/* Records are numbered, and so many numbers suffice. */
#if RETRIES
#define RECORDS 8
#else
#define RECORDS 2
#endif

/* The processes; a lock on the spool allows one for each node. Instance numbers are never used
 * again: that of node n at its start s is 1 + n + NODES * s. */
mtype phase[NODES];
byte instance[NODES];
byte starts[NODES];
byte highest_epoch[NODES]; /* That this instance has claimed rows under. */

/* What a process knows about a handshake. */
mtype belief[WORKERS];
byte belief_epoch[WORKERS];
byte belief_revision[WORKERS];
byte belief_record[WORKERS]; /* The record that is committed as staged. */

typedef Transaction {
  mtype state;
  mtype kind;
  byte me;       /* The instance that sent it. */
  byte from;     /* take: the former owner. */
  byte epoch;    /* stage: that of the claim. take: that of the former owner. */
  byte least;    /* take: the new epoch is not less. */
  byte revision; /* stage: that of the row when it was claimed. */
  byte record;   /* stage, finish */
}
/* Those whose answer a process awaits, and those whose process died or lost its connection. The
 * late ones may land at any later time, or never. */
Transaction live[WORKERS];
Transaction late[WORKERS];
Transaction live_start[NODES];
Transaction late_start[NODES];

#define W (n * HANDSHAKES + h)
#define DUE(h) (1 + row_revision[h]) /* Publications of a handshake. */

#include "rules.pml"
#include "database.pml"
#include "daemon.pml"
#include "faults.pml"

/* No step is possible any more: all faults are spent, and at least one node lives. */
#define IS_SETTLED(n, h)                                  \
  (live[W].state == 0 && late[W].state == 0 &&            \
   (phase[n] == gone ||                                  \
    (phase[n] == runs && belief[W] == nothing && !staging_file[W])))

#define IS_DONE(h) (row_state[h] == done && published[h] == DUE(h))

/* The record waits in the spool of a machine that never came back, or was published there. */
#define WAITS_FOR_ITS_SPOOL(h)                              \
  (row_state[h] == staged && phase[row_spool[h]] == gone && \
   published[h] + staging_file[row_spool[h] * HANDSHAKES + h] == DUE(h))

proctype Judge() {
  byte n;
  byte h;
  timeout ->
  d_step {
    do
    :: h < HANDSHAKES ->
       assert(IS_DONE(h) || WAITS_FOR_ITS_SPOOL(h));
       n = 0;
       do
       :: n < NODES -> assert(IS_SETTLED(n, h)); n++
       :: else -> break
       od;
       h++
    :: else -> break
    od
  }
}

init {
  byte n;
  byte h;
  atomic {
    do
    :: n < NODES ->
       instance[n] = 1 + n;
       node_instance[n] = 1 + n;
       node_alive[n] = true;
       phase[n] = runs;
       run Node(n);
       h = 0;
       do
       :: h < HANDSHAKES ->
          belief[W] = unread;
          run Worker(n, h);
          h++
       :: else -> break
       od;
       n++
    :: else -> break
    od;
    h = 0;
    do
    :: h < HANDSHAKES ->
       row_state[h] = polling;
       shelf_node[h] = h % NODES;
       shelf_instance[h] = 1 + shelf_node[h];
       shelf_epoch[h] = 1;
       h++
    :: else -> break
    od;
#if RETRIES
    run Operator();
#endif
#if FAILOVERS
    run Failover();
#endif
    run Judge();
    n = 0;
    h = 0
  }
}
