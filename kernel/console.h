// The console: bytes out, bytes in, and which process the bytes that come in are for. Editing lines is the
// reader's.
#pragma once

#include "process.h"
#include "types.h"

// Takes up the serial port of the device tree. Until then, and when there is none, the firmware's console
// serves.
void console_init(void);

void console_write(const char *bytes, uint64_t count);

// Takes up to `count` bytes that have come in; 0 if there are none.
uint64_t console_read(char *bytes, uint64_t count);

// Has the next byte that comes in wake `process`, which may read now only if it has the focus. Returns
// whether it has to wait.
bool console_must_wait(struct process *process);

// Gives `process` the focus: only it reads, and Ctrl-C kills it. When it ends its parent gets the focus back.
void console_focus(struct process *process);
void console_take_focus_from(struct process *process);
struct process *console_focused(void);

// Without a serial port that interrupts, somebody has to look from time to time: when (TIMER_NEVER if not),
// and to look.
uint64_t console_poll_time(void);
void console_poll(void);
