// Sets of signals, and signals that wait to be delivered.
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#define SIGNALS 64 // numbered from 1

typedef uint64_t signal_set; // signal n is bit n - 1

static inline signal_set signal_bit(int signal) { return 1ul << (signal - 1); }

#define UNBLOCKABLE (signal_bit(SIGKILL) | signal_bit(SIGSTOP))

struct pending_signal {
  siginfo_t info;
  struct pending_signal *next;
};

// A standard signal is in it at most once, a real-time signal as often as it was sent. In the set without a
// record: there was no memory for one.
struct signal_queue {
  signal_set set;
  struct pending_signal *first;
};
