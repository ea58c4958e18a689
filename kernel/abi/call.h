// What the kernel and user mode agree on: kernel calls, the objects they act on, and their results.
//
// A kernel call is an `ecall` with a negative number in a7 and its arguments in a0..a6. The result comes back
// in a0: a handle or a number, or a negative error. Message calls return their message in a1..a5 too
// (message.h). sp, gp, tp, ra and s0..s11 are preserved, the other integer registers are not; floating-point
// registers are.
//
// An `ecall` with a7 >= 0 is a system call of another personality (Linux's numbers): the kernel makes it a
// message to the process's system-call endpoint (message.h). All registers but a0 are preserved then.
//
// A handle names a capability in the caller's own table; 0 names none. Deadlines are absolute values of the
// `time` CSR: 0 is not to wait at all, WAIT_FOREVER not to give up.
#pragma once

#define WAIT_FOREVER (~0ul)
#define PAGE_BYTES   4096ul

// What a capability lets its holder do. A derived capability has no right that its parent lacks.
#define RIGHT_SEND    1  // call, send, signal; of the machine: print
#define RIGHT_RECEIVE 2  // receive, wait
#define RIGHT_READ    4  // map for reading, copy from, read state; of the machine: inspect
#define RIGHT_WRITE   8  // map for writing, copy to, write state
#define RIGHT_EXECUTE 16 // map for executing
#define RIGHT_CONTROL 32 // everything else
#define RIGHT_GRANT   64 // pass on, to other processes
#define RIGHTS_ALL    127

#define MAP_READ    1u
#define MAP_WRITE   2u
#define MAP_EXECUTE 4u

#define MEMORY_WIRED 1u // pages are there from the start, never leave, and are contiguous in no sense

#define POWER_OFF    0u
#define POWER_REBOOT 1u

#define PRIORITIES         32 // 31 is the most urgent
#define AFFINITY_ANY       (~0ul)
#define AFFINITY_UNCHANGED 0ul
#define NAME_BYTES         32
#define UNCHANGED          (~0ul)
#define MAX_HANDLES        32768

// Negative results are these, as Linux numbers them.
#define EPERM     1
#define ENOENT    2
#define ESRCH     3
#define EINTR     4
#define E2BIG     7
#define EBADF     9
#define EAGAIN    11
#define ENOMEM    12
#define EFAULT    14
#define EBUSY     16
#define EINVAL    22
#define EPIPE     32
#define EDEADLK   35
#define ENOSYS    38
#define ETIMEDOUT 110

#ifndef __ASSEMBLER__

#include <stdint.h>

// clang-format off
// In order of ~number: the kernel's table of calls is in this order.
enum kernel_call {
  // Messages; on endpoints, ports and processes (their mailbox). Registers: message.h.
  CALL_CALL = -1,             // (endpoint, tag, words 0..3, deadline) -> the answer
  CALL_REPLY_WAIT = -2,       // (endpoint, tag, words 0..3, deadline): answer the current caller, then receive
  CALL_YIELD = -3,            // (): to the end of the queue of this priority
  CALL_SEND = -4,             // (endpoint, port or process, tag, words 0..3, deadline): no answer is expected
  CALL_RECEIVE = -5,          // (endpoint, port, or 0: the own mailbox; a6 = deadline) -> a message
  CALL_REPLY = -6,            // (reply, or 0: the current caller; tag, words 0..3)
  CALL_SAVE_REPLY = -7,       // () -> reply: the current caller may be answered later, by any thread

  // Notifications: a set of bits; a signal adds the badge's.
  CALL_SIGNAL = -8,           // (notification)
  CALL_WAIT = -9,             // (notification, deadline) -> the bits, which are cleared; ETIMEDOUT
  CALL_BIND = -10,            // (thread, notification or 0): its RECEIVEs end when the notification has bits

  // Time and threads of the caller's own process.
  CALL_SLEEP = -11,           // (deadline)
  CALL_FUTEX_WAIT = -12,      // (address, expected 32-bit value, deadline); EAGAIN if it is another
  CALL_FUTEX_WAKE = -13,      // (address, most threads to wake) -> threads woken
  CALL_EXIT = -14,            // (value): ends the thread

  // Capabilities.
  CALL_COPY_CAPABILITY = -15, // (handle, rights, badge) -> handle: derived from the first; badge 0: keeps it
  CALL_GRANT = -16,           // (process, handle, rights, badge) -> handle in that process
  CALL_DELETE = -17,          // (handle)
  CALL_REVOKE = -18,          // (handle): deletes everything derived from it, in whatever process
  CALL_IDENTIFY = -19,        // (handle, struct capability_info *)

  // Objects.
  CALL_CREATE_ENDPOINT = -20,     // () -> endpoint
  CALL_CREATE_NOTIFICATION = -21, // () -> notification
  CALL_CREATE_PORT = -22,         // (messages it holds at most) -> port
  CALL_CREATE_TIMER = -23,        // () -> timer
  CALL_SET_TIMER = -24,       // (timer, notification or 0: stop, deadline, interval or 0: once); EINVAL if shorter than 100 us
  CALL_BIND_INTERRUPT = -25,  // (interrupt, notification or 0): signalled when it comes; it is masked then
  CALL_ACKNOWLEDGE_INTERRUPT = -26, // (interrupt): unmasks it

  // Memory objects and address spaces. Pages are counted from 0 in an object.
  CALL_CREATE_MEMORY = -27,   // (pages, MEMORY_* flags, pager endpoint or 0, tag) -> memory
  CALL_RESIZE_MEMORY = -28,   // (memory, pages): pages behind the new end are lost
  CALL_DUPLICATE_MEMORY = -29,// (memory, tag) -> memory: a copy, made page by page at the first write
  CALL_MAP = -30,             // (process, memory, address, first page, pages, MAP_* rights)
  CALL_UNMAP = -31,           // (process, address, pages)
  CALL_PROTECT = -32,         // (process, address, pages, MAP_* rights)
  CALL_COPY = -33,            // (from process or 0, address, to process or 0, address, bytes) -> bytes copied
  CALL_SUPPLY_PAGE = -34,     // (memory, page, address in the caller): its page there becomes the object's
  CALL_EVICT_PAGE = -35,      // (memory, page, address in the caller, token): and the other way round
  CALL_SCAN_MEMORY = -36,     // (memory, first page, struct page_info *, number) -> number; clears `accessed`
  CALL_PHYSICAL_ADDRESS = -37,// (memory, page) -> physical address of a wired page

  // Processes and threads.
  CALL_CREATE_PROCESS = -38,  // (struct process_start *) -> process, without threads
  CALL_END_PROCESS = -39,     // (process, status)
  CALL_CREATE_THREAD = -40,   // (process, struct thread_start *) -> thread
  CALL_END_THREAD = -41,      // (thread, value)
  CALL_SUSPEND = -42,         // (thread or process: all its threads)
  CALL_RESUME = -43,          // (thread or process)
  CALL_INTERRUPT_THREAD = -44,// (thread): what it waits in ends with EINTR; 0, or EAGAIN if it does not wait
  CALL_READ_THREAD = -45,     // (thread, struct thread_state *): of a thread that is suspended or faulted
  CALL_WRITE_THREAD = -46,    // (thread, const struct thread_state *)
  CALL_SCHEDULE_THREAD = -47, // (thread or 0: the caller, priority or UNCHANGED, mask of harts or AFFINITY_UNCHANGED)
  CALL_AWAIT_END = -48,       // (thread or process, deadline, struct end_info * or 0)
  CALL_NOTIFY_END = -49,      // (thread or process, notification): signalled when it has ended
  CALL_OPEN_THREAD = -50,     // (process, index) -> thread, in the order of their creation; ENOENT
  CALL_READ_REGION = -51,     // (process, index, struct region_info *) -> memory; ENOENT. By address.

  // The machine.
  CALL_PRINT = -52,           // (machine, bytes, length): to the firmware's console
  CALL_OPEN_INTERRUPT = -53,  // (machine, source) -> interrupt
  CALL_OPEN_DEVICE = -54,     // (machine, physical address, bytes) -> memory: of device registers
  CALL_POWER = -55,           // (machine, POWER_*, status)
  CALL_INSPECT = -56,         // (machine, enum inspection, index, buffer, bytes) -> bytes written; ENOENT
  CALL_COUNT = 56,
};
// clang-format on

enum object_type {
  OBJECT_NONE,
  OBJECT_PROCESS,
  OBJECT_THREAD,
  OBJECT_ENDPOINT,
  OBJECT_NOTIFICATION,
  OBJECT_PORT,
  OBJECT_MEMORY,
  OBJECT_INTERRUPT,
  OBJECT_TIMER,
  OBJECT_REPLY,
  OBJECT_MACHINE,
};

struct capability_info {
  uint32_t type; // enum object_type
  uint32_t rights;
  uint64_t badge;
};

struct process_start {
  char name[NAME_BYTES]; // for those who inspect
  uint64_t quota; // bytes of memory for its kernel objects and memory objects, taken from the creator's;
                  // 0: it shares the creator's
  uint64_t system_call_endpoint; // receives its threads' Linux system calls; 0: ENOSYS
  uint64_t fault_endpoint;       // receives its threads' exceptions; 0: they end the process
  uint64_t tag;                  // for whoever inspects or is told of the process
};

// Registers in the order of their numbers; x[0] is pc.
struct thread_state {
  uint64_t x[32];
  uint64_t f[32];
  uint64_t fcsr;
  uint32_t has_float; // f and fcsr mean something
  uint32_t waiting;   // enum wait_reason; when written, ignored: a thread begins again what it waited in
};

struct thread_start {
  uint64_t pc, sp, gp, tp;
  uint64_t arguments[4]; // a0..a3
  uint64_t buffer;       // address of its message buffer in wired memory, or 0
  uint64_t tag;          // comes with its faults and system calls
  uint32_t priority;     // at most the creator's own; (uint32_t)UNCHANGED: just that
  uint32_t suspended;    // do not start before it is resumed
  uint64_t affinity;     // mask of harts by index, or AFFINITY_ANY
};

enum end_reason {
  END_EXITED,  // CALL_END_PROCESS, or the last thread's CALL_EXIT; `code` is the status
  END_FAULTED, // an exception nobody handled; `code` is its scause
};

struct end_info {
  uint64_t reason; // enum end_reason
  int64_t code;
  uint64_t ticks; // processor time
};

struct region_info {
  uint64_t address, pages, first_page, rights;
};

struct page_info {
  uint64_t page;
  uint32_t accessed, modified; // since the last scan; since it was supplied
};

enum wait_reason {
  WAIT_NOT,
  WAIT_SEND,
  WAIT_RECEIVE,
  WAIT_REPLY,
  WAIT_FAULT, // a handler or a pager has its fault
  WAIT_NOTIFICATION,
  WAIT_FUTEX,
  WAIT_SLEEP,
  WAIT_END,
};

enum inspection {
  INSPECT_SYSTEM,  // struct system_info
  INSPECT_PROCESS, // struct process_info, by index; ENOENT past the last
  INSPECT_THREAD,  // struct thread_info, likewise
  INSPECT_TREE,    // the device tree's bytes; index is the offset
};

struct system_info {
  uint64_t total_bytes, free_bytes; // of memory
  uint64_t harts, timebase;         // ticks of `time` in a second
  uint64_t processes, threads, capabilities, endpoints, notifications, ports, memories, timers;
  uint64_t switches; // by the scheduler, without those on the fast path
  uint64_t shootdowns, page_faults;
  uint64_t idle_ticks[8];
  uint64_t initrd_address, initrd_bytes; // physical
};

struct process_info {
  uint64_t id; // never used twice
  uint64_t tag;
  uint64_t pages, quota_used, quota_limit; // resident pages; bytes
  uint64_t ticks;
  uint64_t calls, received, faults;
  uint32_t threads, capabilities;
  char name[NAME_BYTES];
};

struct thread_info {
  uint64_t id, process_id, tag;
  uint64_t ticks;
  uint64_t calls, received, faults;
  uint32_t hart, priority, effective_priority;
  uint32_t runs; // ready or running
  uint32_t suspended;
  uint32_t waiting;   // enum wait_reason
  uint64_t waits_for; // id of the thread it waits for, 0 if that is nobody in particular
  uint64_t pc;
};

#endif
