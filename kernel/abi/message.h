// Messages: what a call, send, reply or receive carries, in which registers, and what the kernel itself
// sends.
//
//   a0  handle; of what is received: the sender's badge, 0 of an answer, negative: an error
//   a1  tag: how many words and capabilities, flags, label
//   a2..a5  words 0..3; the others are in the thread's message buffer
//   a6  deadline
//
// Capabilities travel as handles in the buffer: `send` names those of the sender, `received` those the
// receiver gets, derived from them with the same rights (the sender needs RIGHT_GRANT) and badge.
#pragma once

#define MESSAGE_REGISTERS    4
#define MESSAGE_WORDS        120
#define MESSAGE_CAPABILITIES 4

#define TAG_WORDS(tag)                  ((tag)&0x7f)
#define TAG_CAPABILITIES(tag)           ((tag) >> 7 & 7)
#define TAG_URGENT                      0x400ul // overtakes messages that are not
#define TAG_LABEL(tag)                  ((uint32_t)((tag) >> 32))
#define TAG(label, words, capabilities) ((uint64_t)(label) << 32 | (uint64_t)(capabilities) << 7 | (words))

// Labels from here up are the kernel's; user mode cannot send them.
#define LABEL_KERNEL 0x80000000u

// A thread's Linux system call, to the process's system-call endpoint.
// words: thread's tag, number (a7), a0, a1; in the buffer a2, a3, a4, a5, pc, sp
#define LABEL_SYSTEM_CALL 0x80000001u
#define SYSTEM_CALL_WORDS 10

// An exception, to the process's fault endpoint.
// words: thread's tag, scause, stval, pc; in the buffer x1..x31
#define LABEL_EXCEPTION 0x80000002u
#define EXCEPTION_WORDS 35

// A page that its memory object lacks, to the object's pager; the badge is that of its pager capability.
// words: object's tag, page, access (one of MAP_*), token of the page's eviction, or 0; or ~0: the kernel has
// no memory for that page or its page tables
#define LABEL_PAGE_REQUEST 0x80000003u
#define PAGE_REQUEST_WORDS 4

// To a receiver whose thread has a bound notification with bits; badge 0. words: the bits
#define LABEL_NOTIFIED 0x80000004u
#define NOTIFIED_WORDS 1

// Answers to system calls and exceptions, as labels of the reply:
#define RESUME_RESULT    0 // a0 = word 0, and on behind the `ecall`
#define RESUME_RETRY     1 // as the registers are: by default the same instruction again
#define RESUME_REGISTERS 2 // with pc = word 3 and, in the buffer, x1..x31, as in LABEL_EXCEPTION
#define RESUME_END       3 // the thread ends, with value word 0
// An answer to a page request has any label but RESUME_END; the access is tried again. RESUME_END makes it
// an exception.

#ifndef __ASSEMBLER__

#include <stdint.h>

// At a multiple of its size in wired memory.
struct message_buffer {
  uint64_t words[MESSAGE_WORDS]; // 0..3 are in registers
  uint32_t send[MESSAGE_CAPABILITIES];
  uint32_t received[MESSAGE_CAPABILITIES];
  uint64_t unused[4];
};

_Static_assert(sizeof(struct message_buffer) == 1024, "four to a page");

#endif
