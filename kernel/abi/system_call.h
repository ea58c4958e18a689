// What the kernel and its user programs agree on. A system call is an `ecall` with its number in a7 and its
// arguments in a0..a5; the result comes back in a0, negative when it is an error. All other registers are
// preserved.
#pragma once

#include <stdint.h>

enum system_call {
  CALL_EXIT = 1,       // (status)
  CALL_WRITE,          // (bytes, length) -> bytes written to the console, at least 1 unless length is 0
  CALL_READ,           // (bytes, length) -> bytes read from the console; blocks until there is one
  CALL_SPAWN,          // (name, arguments: array of strings ended by a null pointer) -> process id
  CALL_WAIT,           // (process id or ANY_CHILD, struct exit_report *, WAIT_* flags) -> process id, or 0
  CALL_KILL,           // (process id)
  CALL_SLEEP,          // (microseconds)
  CALL_YIELD,          // ()
  CALL_PROCESS_ID,     // () -> the caller's
  CALL_GROW_HEAP,      // (bytes, may be negative) -> where the heap ended before
  CALL_LIST_PROCESSES, // (struct process_info *, count) -> number of processes written
  CALL_UPTIME,         // () -> microseconds since the kernel started
  CALL_MEMORY,         // (struct memory_info *)
  CALL_PROGRAM_NAME,   // (index, bytes, length) -> length of the name of that program in the archive
  CALL_CONSOLE_FOCUS,  // (process id of a child): it reads the console, and Ctrl-C kills it, until it ends
  CALL_POWER_OFF,      // (status); init only
  CALL_REBOOT,         // (); init only
};

enum call_error {
  ERROR_NO_SUCH_CALL = -1,
  ERROR_BAD_ADDRESS = -2,
  ERROR_INVALID = -3,
  ERROR_NOT_FOUND = -4,
  ERROR_NO_MEMORY = -5,
  ERROR_NOT_EXECUTABLE = -6,
  ERROR_NOT_PERMITTED = -7,
  ERROR_TOO_MANY = -8,
};

#define ANY_CHILD         (-1)
#define WAIT_DO_NOT_BLOCK 1 // return 0 when no child has ended yet

enum exit_reason {
  EXIT_CALLED,  // the program called exit; `code` is its status
  EXIT_KILLED,  // killed by CALL_KILL or Ctrl-C
  EXIT_FAULTED, // killed for an exception; `code` is its scause
};

struct exit_report {
  uint64_t reason; // enum exit_reason
  int64_t code;
};

enum process_state {
  PROCESS_READY,
  PROCESS_RUNNING,
  PROCESS_BLOCKED,
  PROCESS_ENDED, // and not waited for yet
};

#define NAME_BYTES 32

struct process_info {
  int32_t process_id;
  int32_t parent_id;
  uint32_t state; // enum process_state
  uint32_t pages; // of memory, not counting page tables
  uint64_t processor_microseconds;
  char name[NAME_BYTES];
};

struct memory_info {
  uint64_t total_bytes; // of RAM, as the device tree has it
  uint64_t free_bytes;
};
