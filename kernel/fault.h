// Faults as messages: a thread's exceptions, its system calls of another personality, and the pages it lacks.
#pragma once

#include "address_space.h"
#include "thread.h"

// An exception that the thread has run into: resolved, or sent to whom it concerns, or the end of its
// process.
void fault_exception(struct thread *thread);

// A system call of another personality.
void fault_system_call(struct thread *thread);

// Asks a page's pager. Returns false if nobody can be asked.
bool fault_request_page(struct thread *thread, const struct page_request *request);

// Composes what a thread sends that waits with a message of a kind: sets words[0..], returns the tag.
uint64_t fault_message(const struct thread *thread, uint64_t words[EXCEPTION_WORDS]);

// Applies an answer to a thread that waits for it: `words` are 0..3, `more` is indexed by word number or
// NULL.
void fault_resume(struct thread *thread, uint64_t tag, const uint64_t words[4], const uint64_t *more);

// There will be no answer: the thread's call fails, its exception ends its process.
void fault_abandoned(struct thread *thread);

// What scause says, in words.
const char *exception_name(uint64_t cause);

// Page faults so far that were no programs' mistakes.
uint64_t fault_count(void);
