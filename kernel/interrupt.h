// Interrupts: the harts' own, and devices', which drivers in user mode handle.
#pragma once

#include "notification.h"

// A device's interrupt.
struct interrupt {
  struct object object;
  uint32_t source; // of the interrupt controller
  bool claimed;    // it has come, and is masked until it is acknowledged
  struct notification *notification;
  uint64_t badge;
};

// Handles an interrupt of this hart, by its number in scause.
void interrupt_handle(uint64_t number);

// Handles those that are pending on this hart: for one that idles with interrupts off.
void interrupt_handle_pending(void);

// The object of a source; EINVAL if there is no such source, EBUSY if it has one.
int64_t interrupt_open(struct quota *quota, uint64_t source, struct interrupt **opened);

// Has it signal a notification when it comes, or nothing (NULL).
void interrupt_bind(struct interrupt *interrupt, struct notification *notification, uint64_t badge);

// Lets the next one come.
void interrupt_acknowledge(struct interrupt *interrupt);

// For object_release.
void interrupt_destroy(struct interrupt *interrupt);
