// One request of a client, from its message to its answer: a state machine. It never waits. Where it lacks
// something it says so, and is run again from where it was; the three builds of the server differ in what
// they do meanwhile.
#pragma once

#include "session.h"
#include "walk.h"

enum { JOB_SCRATCH_BYTES = 4096 };

struct job {
  struct message message; // the request
  struct session *session;
  handle_t reply; // to be answered here; 0: who is being served
  enum {
    JOB_WALK_FIRST,
    JOB_WALK_SECOND,
    JOB_STEP,    // decides what comes next
    JOB_REQUEST, // a request is under way
    JOB_RECLAIM, // the client has its answer: what it left is freed
    JOB_DONE
  } stage;
  unsigned steps;        // how often JOB_STEP was there
  struct volume *volume; // of the request
  struct files_call request;
  struct files_handle file; // what the request is about in the end
  struct walk walks[2];
  struct job *next; // for lists of the server
  _Alignas(8) uint8_t scratch[JOB_SCRATCH_BYTES];
};

// Begins the request of a message. False if that is refused at once, with `message` made the answer.
bool job_begin(struct job *job, struct message *message);

// Goes on. True when it is finished; it has answered then.
bool job_run(struct job *job);

// Whether it is worth while to go on.
bool job_can_run(const struct job *job);
