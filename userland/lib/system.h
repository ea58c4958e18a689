// The kernel's services. A negative result is an error (enum call_error).
#pragma once

#include "system_call.h"
#include <stddef.h>
#include <stdint.h>

// Any system call at all, with whatever arguments.
int64_t system_call(uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2);

// What an error means, in words.
const char *error_text(int64_t error);

_Noreturn void exit(int status);

// Writes all of `bytes` to the console. Returns 0 or an error.
int64_t console_write(const char *bytes, size_t length);

// Waits until something has been typed. Returns how many bytes of it were stored.
int64_t console_read(char *bytes, size_t length);

// Lets a child read the console, and Ctrl-C kill it, until it ends.
int64_t console_focus(int64_t process_id);

// Starts the program `arguments[0]`; the array ends with a null pointer. Returns the new process's id.
int64_t spawn(const char *const arguments[]);

// Waits for a child to end, or for any with ANY_CHILD. Returns its id.
int64_t wait(int64_t process_id, struct exit_report *report);

// An ended child's id, or 0 if there is none yet.
int64_t wait_if_ended(int64_t process_id, struct exit_report *report);

int64_t kill(int64_t process_id);
void sleep_microseconds(uint64_t microseconds);
void yield(void);
int64_t process_id(void);

// Moves the end of the heap by `bytes`. Returns where it was.
int64_t grow_heap(int64_t bytes);

// Fills up to `count` entries. Returns how many.
int64_t list_processes(struct process_info *processes, size_t count);

uint64_t uptime_microseconds(void);
int64_t memory(struct memory_info *info);

// The name of the archive's `index`th program. Returns its length, or ERROR_NOT_FOUND behind the last one.
int64_t program_name(uint64_t index, char name[NAME_BYTES]);

int64_t power_off(int status);
int64_t reboot(void);
