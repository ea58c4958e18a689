// From a device to its driver: the serial port of the `virt` board, which is asked to say when there is room
// to transmit, and says so at once. So the device raises its interrupt at a store that is ours.

#include "lib/space.h"
#include "measure.h"
#include "partner.h"
#include "suites.h"

#define UART_ADDRESS   0x10000000ul
#define UART_INTERRUPT 10

enum { INTERRUPT_ENABLE = 1, INTERRUPT_TRANSMITTED = 2 };

#define WARM_UP 10
#define ROUNDS  200

static volatile uint8_t *registers;
static handle_t interrupt, notification; // by the driver's names
static struct moment raised, sums;
static unsigned came;

static void drive(uint64_t unused) {
  (void)unused;
  for (;;) {
    require(kernel_wait(notification, WAIT_FOREVER), "an interrupt");
    struct moment now = moment_now();
    if (came++ >= WARM_UP) {
      sums.instructions += now.instructions - raised.instructions;
      sums.ticks += now.ticks - raised.ticks;
    }
    registers[INTERRUPT_ENABLE] = 0;
    require(kernel_acknowledge_interrupt(interrupt), "an acknowledgement");
  }
}

void measure_interrupts(void) {
  handle_t device =
      (handle_t)require(kernel_open_device(HANDLE_MACHINE, UART_ADDRESS, PAGE_BYTES), "the uart");
  registers = (volatile uint8_t *)require(space_map(device, 0, 1, MAP_READ | MAP_WRITE), "the uart");
  partners_open(); // the driver sees it, too
  handle_t process = partner_process();
  handle_t source = (handle_t)require(kernel_open_interrupt(HANDLE_MACHINE, UART_INTERRUPT), "its interrupt");
  handle_t signalled = (handle_t)require(kernel_create_notification(), "a notification");
  handle_t bit = (handle_t)require(kernel_copy_capability(signalled, RIGHTS_ALL, 1), "a copy");
  require(kernel_bind_interrupt(source, bit), "a binding");
  interrupt = (handle_t)require(kernel_grant(process, source, RIGHTS_ALL, 0), "a grant");
  notification = (handle_t)require(kernel_grant(process, signalled, RIGHTS_ALL, 0), "a grant");
  struct partner driver = partner_start(process, drive, 0);
  // Drivers are more urgent than those whom they interrupt.
  require(kernel_schedule_thread(0, 1, AFFINITY_UNCHANGED), "a priority");
  for (unsigned i = 0; i < WARM_UP + ROUNDS; i++) {
    raised = moment_now();
    registers[INTERRUPT_ENABLE] = INTERRUPT_TRANSMITTED;
  }
  require(came == WARM_UP + ROUNDS ? 0 : -EINVAL, "an interrupt each time");
  measured_sums("interrupt", sums, ROUNDS);
  partner_end(driver);
}
