// Signals: sending, and delivering to handlers on the user's stack.
#pragma once

#include "process.h"

// Sends a signal to a process (any thread that does not block it takes it) or to one thread.
void process_signal(struct process *process, const siginfo_t *info);
void task_signal(struct task *task, const siginfo_t *info);

// A signal of the kernel's own making, such as SIGPIPE.
void process_raise(struct process *process, int signal);
void task_raise(struct task *task, int signal);

// A signal that an exception of the thread stands for: one that is blocked or ignored kills.
void task_force_signal(struct task *task, const siginfo_t *info);

// Whether there is a signal that the thread would take now.
bool signal_waits(const struct task *task);

// Whether it waits without an action that could interrupt a call.
bool signal_is_blocked_or_ignored(const struct task *task, int signal);

// Answers a thread that has to go on, with `result` or from the registers as they are (CALL_REGISTERS),
// behind the handlers of its signals if there are any to be taken.
void signal_answer(struct task *task, int64_t result);

// Lets a thread that runs, or waits, see its signals.
void signal_nudge(struct task *task);

// Replaces the mask until the call is over, or a handler that interrupts it has returned.
void task_mask_for_call(struct task *task, signal_set mask);

// At exec: handlers become default actions.
void signals_reset(struct process *process);
void signal_queue_clear(struct signal_queue *queue);

// frame.c: puts a frame for the handler on the stack and turns `state` to the handler. False: no stack.
bool frame_push(struct task *task, struct thread_state *state, const struct signal_action *action,
                const siginfo_t *info, signal_set mask);
// The reverse; the mask it held is the thread's again. False: no frame there.
bool frame_pop(struct task *task, struct thread_state *state);
