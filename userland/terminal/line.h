// The line discipline: what is typed becomes lines, signals and echo; what programs write gets its carriage
// returns. As Linux's N_TTY, in the small.
#pragma once

#include "protocol/terminal.h"
#include <stdbool.h>
#include <stddef.h>

void line_open(void);

// A byte from the device.
void line_input(uint8_t byte);

// What a read(2) of that many bytes returns: bytes stored, 0 at an end of file, -EAGAIN.
int64_t line_read(uint8_t *to, size_t most);

// Takes what there is room for. Returns how many bytes, or -EAGAIN.
int64_t line_write(const uint8_t *from, size_t count);

size_t line_readable_bytes(void);
bool line_is_readable(void);
bool line_is_writable(void);

const struct kernel_termios *line_attributes(void);
void line_set_attributes(const struct kernel_termios *attributes);

void line_flush_input(void);

// TERMINAL_EVENT_*s since the last call.
uint32_t line_take_events(void);
