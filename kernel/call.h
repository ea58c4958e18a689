// Kernel calls: what an `ecall` with a negative number does.
#pragma once

#include "address_space.h"
#include "capability.h"
#include "thread.h"

// What a call returns when there is nothing to return yet: the thread waits, or its registers are in order.
#define CALL_PENDING INT64_MIN

// Performs the call that the thread's registers name, and gives it its result.
void kernel_call(struct thread *thread);

// A call takes its arguments from the registers of the thread that makes it, and returns a result or
// CALL_PENDING. What fails has changed nothing.
typedef int64_t call_function(struct thread *thread);

// In call_object.c: capabilities and the objects that have no room of their own.
call_function call_copy_capability, call_grant, call_delete, call_revoke, call_identify, call_create_endpoint,
    call_create_notification, call_create_port, call_create_timer, call_set_timer, call_bind_interrupt,
    call_acknowledge_interrupt;

// In call_memory.c.
call_function call_create_memory, call_resize_memory, call_duplicate_memory, call_map, call_unmap,
    call_protect, call_copy, call_supply_page, call_evict_page, call_scan_memory, call_physical_address;

// In call_process.c.
call_function call_create_process, call_end_process, call_create_thread, call_end_thread, call_suspend,
    call_resume, call_interrupt_thread, call_read_thread, call_write_thread, call_schedule_thread,
    call_await_end, call_notify_end, call_open_thread, call_read_region;

// In call_machine.c.
call_function call_print, call_open_interrupt, call_open_device, call_power, call_inspect;

// What messages or signals may be sent to.
struct call_target {
  void *object;
  uint64_t badge;
};

// The object a handle names, or NULL unless it has the type and the caller the rights.
void *call_object(const struct thread *thread, uint64_t handle, enum object_type type, uint32_t rights);

// The object a handle names and the capability's badge, for a call that keeps it. Handle 0: NULL, and still
// true. False unless the handle has the type and the caller RIGHT_SEND.
bool call_target(const struct thread *thread, uint64_t handle, enum object_type type,
                 struct call_target *target);

// A new capability to an object just created, in the caller's table. Takes over the object's one reference:
// without room for the capability the object is gone. Returns its handle, or ENOMEM, also for NULL.
int64_t call_publish(struct thread *thread, void *object, uint32_t rights);

// For calls that touched user memory in vain: what they return. The thread may have to wait for a page, and
// then makes its call again.
int64_t page_error(struct thread *thread, enum page_outcome outcome, struct page_request *request);

// Copy a structure from and to the caller's memory. Return 0, or what the call is to return.
int64_t call_copy_in(struct thread *thread, void *to, user_address from, uint64_t bytes);
int64_t call_copy_out(struct thread *thread, user_address to, const void *from, uint64_t bytes);
