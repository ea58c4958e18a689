// The kernel's calls, one function each: kernel_x is CALL_X of call.h, which describes them. Those that carry
// messages are in ipc.h. Results are handles or numbers; negative ones are errors (-EINVAL...).
#pragma once

#include "call.h"
#include "lib/handles.h"
#include <stddef.h>

#define KERNEL_CALL_CLOBBERS "t0", "t1", "t2", "t3", "t4", "t5", "t6", "memory"

static inline int64_t kernel_call0(int64_t number) {
  register uint64_t a0 __asm__("a0");
  register int64_t a7 __asm__("a7") = number;
  __asm__ volatile("ecall" : "=r"(a0), "+r"(a7) : : "a1", "a2", "a3", "a4", "a5", "a6", KERNEL_CALL_CLOBBERS);
  return (int64_t)a0;
}

static inline int64_t kernel_call1(int64_t number, uint64_t x0) {
  register uint64_t a0 __asm__("a0") = x0;
  register int64_t a7 __asm__("a7") = number;
  __asm__ volatile("ecall" : "+r"(a0), "+r"(a7) : : "a1", "a2", "a3", "a4", "a5", "a6", KERNEL_CALL_CLOBBERS);
  return (int64_t)a0;
}

static inline int64_t kernel_call2(int64_t number, uint64_t x0, uint64_t x1) {
  register uint64_t a0 __asm__("a0") = x0;
  register uint64_t a1 __asm__("a1") = x1;
  register int64_t a7 __asm__("a7") = number;
  __asm__ volatile("ecall"
                   : "+r"(a0), "+r"(a1), "+r"(a7)
                   :
                   : "a2", "a3", "a4", "a5", "a6", KERNEL_CALL_CLOBBERS);
  return (int64_t)a0;
}

static inline int64_t kernel_call3(int64_t number, uint64_t x0, uint64_t x1, uint64_t x2) {
  register uint64_t a0 __asm__("a0") = x0;
  register uint64_t a1 __asm__("a1") = x1;
  register uint64_t a2 __asm__("a2") = x2;
  register int64_t a7 __asm__("a7") = number;
  __asm__ volatile("ecall"
                   : "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a7)
                   :
                   : "a3", "a4", "a5", "a6", KERNEL_CALL_CLOBBERS);
  return (int64_t)a0;
}

static inline int64_t kernel_call4(int64_t number, uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3) {
  register uint64_t a0 __asm__("a0") = x0;
  register uint64_t a1 __asm__("a1") = x1;
  register uint64_t a2 __asm__("a2") = x2;
  register uint64_t a3 __asm__("a3") = x3;
  register int64_t a7 __asm__("a7") = number;
  __asm__ volatile("ecall"
                   : "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a3), "+r"(a7)
                   :
                   : "a4", "a5", "a6", KERNEL_CALL_CLOBBERS);
  return (int64_t)a0;
}

static inline int64_t kernel_call6(int64_t number, uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3,
                                   uint64_t x4, uint64_t x5) {
  register uint64_t a0 __asm__("a0") = x0;
  register uint64_t a1 __asm__("a1") = x1;
  register uint64_t a2 __asm__("a2") = x2;
  register uint64_t a3 __asm__("a3") = x3;
  register uint64_t a4 __asm__("a4") = x4;
  register uint64_t a5 __asm__("a5") = x5;
  register int64_t a7 __asm__("a7") = number;
  __asm__ volatile("ecall"
                   : "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a3), "+r"(a4), "+r"(a5), "+r"(a7)
                   :
                   : "a6", KERNEL_CALL_CLOBBERS);
  return (int64_t)a0;
}

static inline void kernel_yield(void) { kernel_call0(CALL_YIELD); }

// Notifications.

static inline int64_t kernel_create_notification(void) { return kernel_call0(CALL_CREATE_NOTIFICATION); }

static inline int64_t kernel_signal(handle_t notification) { return kernel_call1(CALL_SIGNAL, notification); }

static inline int64_t kernel_wait(handle_t notification, uint64_t deadline) {
  return kernel_call2(CALL_WAIT, notification, deadline);
}

static inline int64_t kernel_bind(handle_t thread, handle_t notification) {
  return kernel_call2(CALL_BIND, thread, notification);
}

// Time, and threads of this process.

static inline int64_t kernel_sleep(uint64_t deadline) { return kernel_call1(CALL_SLEEP, deadline); }

static inline int64_t kernel_futex_wait(const void *word, uint32_t expected, uint64_t deadline) {
  return kernel_call3(CALL_FUTEX_WAIT, (uint64_t)word, expected, deadline);
}

static inline int64_t kernel_futex_wake(const void *word, uint64_t most) {
  return kernel_call2(CALL_FUTEX_WAKE, (uint64_t)word, most);
}

static inline _Noreturn void kernel_exit(uint64_t value) {
  for (;;)
    kernel_call1(CALL_EXIT, value);
}

// Capabilities.

static inline int64_t kernel_copy_capability(handle_t handle, uint32_t rights, uint64_t badge) {
  return kernel_call3(CALL_COPY_CAPABILITY, handle, rights, badge);
}

static inline int64_t kernel_grant(handle_t process, handle_t handle, uint32_t rights, uint64_t badge) {
  return kernel_call4(CALL_GRANT, process, handle, rights, badge);
}

static inline int64_t kernel_delete(handle_t handle) { return kernel_call1(CALL_DELETE, handle); }

static inline int64_t kernel_revoke(handle_t handle) { return kernel_call1(CALL_REVOKE, handle); }

static inline int64_t kernel_identify(handle_t handle, struct capability_info *info) {
  return kernel_call2(CALL_IDENTIFY, handle, (uint64_t)info);
}

// Endpoints, ports, timers, interrupts.

static inline int64_t kernel_create_endpoint(void) { return kernel_call0(CALL_CREATE_ENDPOINT); }

static inline int64_t kernel_create_port(uint64_t messages) {
  return kernel_call1(CALL_CREATE_PORT, messages);
}

static inline int64_t kernel_create_timer(void) { return kernel_call0(CALL_CREATE_TIMER); }

static inline int64_t kernel_set_timer(handle_t timer, handle_t notification, uint64_t deadline,
                                       uint64_t interval) {
  return kernel_call4(CALL_SET_TIMER, timer, notification, deadline, interval);
}

static inline int64_t kernel_bind_interrupt(handle_t interrupt, handle_t notification) {
  return kernel_call2(CALL_BIND_INTERRUPT, interrupt, notification);
}

static inline int64_t kernel_acknowledge_interrupt(handle_t interrupt) {
  return kernel_call1(CALL_ACKNOWLEDGE_INTERRUPT, interrupt);
}

// Memory.

static inline int64_t kernel_create_memory(uint64_t pages, uint32_t flags, handle_t pager, uint64_t tag) {
  return kernel_call4(CALL_CREATE_MEMORY, pages, flags, pager, tag);
}

static inline int64_t kernel_resize_memory(handle_t memory, uint64_t pages) {
  return kernel_call2(CALL_RESIZE_MEMORY, memory, pages);
}

static inline int64_t kernel_duplicate_memory(handle_t memory, uint64_t tag) {
  return kernel_call2(CALL_DUPLICATE_MEMORY, memory, tag);
}

static inline int64_t kernel_map(handle_t process, handle_t memory, uint64_t address, uint64_t first_page,
                                 uint64_t pages, uint32_t rights) {
  return kernel_call6(CALL_MAP, process, memory, address, first_page, pages, rights);
}

static inline int64_t kernel_unmap(handle_t process, uint64_t address, uint64_t pages) {
  return kernel_call3(CALL_UNMAP, process, address, pages);
}

static inline int64_t kernel_protect(handle_t process, uint64_t address, uint64_t pages, uint32_t rights) {
  return kernel_call4(CALL_PROTECT, process, address, pages, rights);
}

static inline int64_t kernel_copy(handle_t from_process, uint64_t from, handle_t to_process, uint64_t to,
                                  uint64_t bytes) {
  return kernel_call6(CALL_COPY, from_process, from, to_process, to, bytes, 0);
}

static inline int64_t kernel_supply_page(handle_t memory, uint64_t page, void *from) {
  return kernel_call3(CALL_SUPPLY_PAGE, memory, page, (uint64_t)from);
}

static inline int64_t kernel_evict_page(handle_t memory, uint64_t page, void *to, uint64_t token) {
  return kernel_call4(CALL_EVICT_PAGE, memory, page, (uint64_t)to, token);
}

static inline int64_t kernel_scan_memory(handle_t memory, uint64_t first_page, struct page_info *info,
                                         uint64_t count) {
  return kernel_call4(CALL_SCAN_MEMORY, memory, first_page, (uint64_t)info, count);
}

static inline int64_t kernel_physical_address(handle_t memory, uint64_t page) {
  return kernel_call2(CALL_PHYSICAL_ADDRESS, memory, page);
}

// Processes and threads.

static inline int64_t kernel_create_process(const struct process_start *start) {
  return kernel_call1(CALL_CREATE_PROCESS, (uint64_t)start);
}

static inline int64_t kernel_end_process(handle_t process, int64_t status) {
  return kernel_call2(CALL_END_PROCESS, process, (uint64_t)status);
}

static inline int64_t kernel_create_thread(handle_t process, const struct thread_start *start) {
  return kernel_call2(CALL_CREATE_THREAD, process, (uint64_t)start);
}

static inline int64_t kernel_end_thread(handle_t thread, uint64_t value) {
  return kernel_call2(CALL_END_THREAD, thread, value);
}

static inline int64_t kernel_suspend(handle_t thread_or_process) {
  return kernel_call1(CALL_SUSPEND, thread_or_process);
}

static inline int64_t kernel_resume(handle_t thread_or_process) {
  return kernel_call1(CALL_RESUME, thread_or_process);
}

static inline int64_t kernel_interrupt_thread(handle_t thread) {
  return kernel_call1(CALL_INTERRUPT_THREAD, thread);
}

static inline int64_t kernel_read_thread(handle_t thread, struct thread_state *state) {
  return kernel_call2(CALL_READ_THREAD, thread, (uint64_t)state);
}

static inline int64_t kernel_write_thread(handle_t thread, const struct thread_state *state) {
  return kernel_call2(CALL_WRITE_THREAD, thread, (uint64_t)state);
}

static inline int64_t kernel_schedule_thread(handle_t thread, uint64_t priority, uint64_t affinity) {
  return kernel_call3(CALL_SCHEDULE_THREAD, thread, priority, affinity);
}

static inline int64_t kernel_await_end(handle_t thread_or_process, uint64_t deadline, struct end_info *info) {
  return kernel_call3(CALL_AWAIT_END, thread_or_process, deadline, (uint64_t)info);
}

static inline int64_t kernel_notify_end(handle_t thread_or_process, handle_t notification) {
  return kernel_call2(CALL_NOTIFY_END, thread_or_process, notification);
}

static inline int64_t kernel_open_thread(handle_t process, uint64_t index) {
  return kernel_call2(CALL_OPEN_THREAD, process, index);
}

static inline int64_t kernel_read_region(handle_t process, uint64_t index, struct region_info *info) {
  return kernel_call3(CALL_READ_REGION, process, index, (uint64_t)info);
}

// The machine.

static inline int64_t kernel_print(handle_t machine, const char *bytes, size_t length) {
  return kernel_call3(CALL_PRINT, machine, (uint64_t)bytes, length);
}

static inline int64_t kernel_open_interrupt(handle_t machine, uint64_t source) {
  return kernel_call2(CALL_OPEN_INTERRUPT, machine, source);
}

static inline int64_t kernel_open_device(handle_t machine, uint64_t physical_address, uint64_t bytes) {
  return kernel_call3(CALL_OPEN_DEVICE, machine, physical_address, bytes);
}

static inline int64_t kernel_power(handle_t machine, uint64_t action, int64_t status) {
  return kernel_call3(CALL_POWER, machine, action, (uint64_t)status);
}

static inline int64_t kernel_inspect(handle_t machine, enum inspection what, uint64_t index, void *buffer,
                                     uint64_t bytes) {
  return kernel_call6(CALL_INSPECT, machine, what, index, (uint64_t)buffer, bytes, 0);
}
