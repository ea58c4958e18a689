#include "interrupt.h"
#include "call.h"
#include "hart.h"
#include "plic.h"
#include "print.h"
#include "riscv.h"
#include "sched.h"

static struct interrupt *interrupts[PLIC_SOURCES];

static void device_interrupts(void) {
  for (uint32_t source = plic_claim(); source != 0; source = plic_claim()) {
    struct interrupt *interrupt = interrupts[source];
    if (interrupt == NULL || interrupt->notification == NULL) {
      plic_complete(source); // first: of a source that is disabled it would not be accepted
      plic_disable(source);  // nobody would quieten the device
      continue;
    }
    interrupt->claimed = true; // until it is completed, it does not come again
    notification_signal(interrupt->notification, interrupt->badge);
  }
}

void interrupt_handle(uint64_t number) {
  switch (number) {
  case INTERRUPT_SOFTWARE:
    // Another hart wants this one to look again at what it runs.
    csr_clear_bits(sip, 1ul << INTERRUPT_SOFTWARE);
    this_hart()->reschedule = true;
    break;
  case INTERRUPT_TIMER:
    sched_tick();
    break;
  case INTERRUPT_EXTERNAL:
    device_interrupts();
    break;
  default:
    panic("interrupt %lu, which was never enabled", number);
  }
}

void interrupt_handle_pending(void) {
  static const uint8_t numbers[] = {INTERRUPT_SOFTWARE, INTERRUPT_TIMER, INTERRUPT_EXTERNAL};
  for (unsigned i = 0; i < sizeof numbers; i++) {
    if ((csr_read(sip) >> numbers[i] & 1) != 0)
      interrupt_handle(numbers[i]);
  }
}

int64_t interrupt_open(struct quota *quota, uint64_t source, struct interrupt **opened) {
  if (source == 0 || source >= PLIC_SOURCES || !plic_is_present())
    return -EINVAL;
  if (interrupts[source] != NULL)
    return -EBUSY;
  struct interrupt *interrupt = object_create(OBJECT_INTERRUPT, quota);
  if (interrupt == NULL)
    return -ENOMEM;
  interrupt->source = (uint32_t)source;
  interrupts[source] = interrupt;
  *opened = interrupt;
  return 0;
}

void interrupt_acknowledge(struct interrupt *interrupt) {
  if (interrupt->claimed)
    plic_complete(interrupt->source);
  interrupt->claimed = false;
}

void interrupt_bind(struct interrupt *interrupt, struct notification *notification, uint64_t badge) {
  struct notification *before = interrupt->notification;
  interrupt->notification = notification;
  interrupt->badge = badge;
  if (notification != NULL) {
    object_retain(&notification->object);
    plic_enable(interrupt->source);
  } else {
    interrupt_acknowledge(interrupt);
    plic_disable(interrupt->source);
  }
  if (before != NULL)
    object_release(&before->object);
}

void interrupt_destroy(struct interrupt *interrupt) {
  interrupt_bind(interrupt, NULL, 0);
  interrupts[interrupt->source] = NULL;
}
