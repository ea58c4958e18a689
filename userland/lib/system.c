#include "system.h"

int64_t system_call(uint64_t number, uint64_t argument0, uint64_t argument1, uint64_t argument2) {
  register uint64_t a0 __asm__("a0") = argument0;
  register uint64_t a1 __asm__("a1") = argument1;
  register uint64_t a2 __asm__("a2") = argument2;
  register uint64_t a7 __asm__("a7") = number;
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a7) : "memory");
  return (int64_t)a0;
}

const char *error_text(int64_t error) {
  switch (error) {
  case ERROR_NO_SUCH_CALL:
    return "no such system call";
  case ERROR_BAD_ADDRESS:
    return "bad address";
  case ERROR_INVALID:
    return "invalid argument";
  case ERROR_NOT_FOUND:
    return "not found";
  case ERROR_NO_MEMORY:
    return "out of memory";
  case ERROR_NOT_EXECUTABLE:
    return "not an executable";
  case ERROR_NOT_PERMITTED:
    return "not permitted";
  case ERROR_TOO_MANY:
    return "too many, or too long";
  default:
    return error < 0 ? "unknown error" : "no error";
  }
}

void exit(int status) {
  for (;;)
    system_call(CALL_EXIT, (uint64_t)status, 0, 0);
}

int64_t console_write(const char *bytes, size_t length) {
  while (length > 0) {
    int64_t written = system_call(CALL_WRITE, (uint64_t)bytes, length, 0);
    if (written < 0)
      return written;
    bytes += written;
    length -= (size_t)written;
  }
  return 0;
}

int64_t console_read(char *bytes, size_t length) {
  return system_call(CALL_READ, (uint64_t)bytes, length, 0);
}

int64_t console_focus(int64_t id) { return system_call(CALL_CONSOLE_FOCUS, (uint64_t)id, 0, 0); }

int64_t spawn(const char *const arguments[]) {
  return system_call(CALL_SPAWN, (uint64_t)arguments[0], (uint64_t)arguments, 0);
}

int64_t wait(int64_t id, struct exit_report *report) {
  return system_call(CALL_WAIT, (uint64_t)id, (uint64_t)report, 0);
}

int64_t wait_if_ended(int64_t id, struct exit_report *report) {
  return system_call(CALL_WAIT, (uint64_t)id, (uint64_t)report, WAIT_DO_NOT_BLOCK);
}

int64_t kill(int64_t id) { return system_call(CALL_KILL, (uint64_t)id, 0, 0); }

void sleep_microseconds(uint64_t microseconds) { system_call(CALL_SLEEP, microseconds, 0, 0); }

void yield(void) { system_call(CALL_YIELD, 0, 0, 0); }

int64_t process_id(void) { return system_call(CALL_PROCESS_ID, 0, 0, 0); }

int64_t grow_heap(int64_t bytes) { return system_call(CALL_GROW_HEAP, (uint64_t)bytes, 0, 0); }

int64_t list_processes(struct process_info *processes, size_t count) {
  return system_call(CALL_LIST_PROCESSES, (uint64_t)processes, count, 0);
}

uint64_t uptime_microseconds(void) { return (uint64_t)system_call(CALL_UPTIME, 0, 0, 0); }

int64_t memory(struct memory_info *info) { return system_call(CALL_MEMORY, (uint64_t)info, 0, 0); }

int64_t program_name(uint64_t index, char name[NAME_BYTES]) {
  return system_call(CALL_PROGRAM_NAME, index, (uint64_t)name, NAME_BYTES);
}

int64_t power_off(int status) { return system_call(CALL_POWER_OFF, (uint64_t)status, 0, 0); }

int64_t reboot(void) { return system_call(CALL_REBOOT, 0, 0, 0); }
