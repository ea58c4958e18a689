// Exceptions and system calls of another personality as messages; device interrupts in user mode.

#include "harness/workers.h"
#include <string.h>

const char subject[] = "faults";

static handle_t handler;

// Receives the next message of the kernel's; the rest of it is in the message buffer.
static struct message next_message(uint32_t label, uint64_t words) {
  struct message message = {0};
  check_equal(message_receive(handler, &message, milliseconds(1000)), 0);
  check_equal(message.tag, TAG(label, words, 0));
  return message;
}

static void resume(uint32_t label, uint64_t words, uint64_t word0, uint64_t word3) {
  struct message message = {.tag = TAG(label, words, 0), .words = {word0, 0, 0, word3}};
  check_equal(message_reply(0, &message), 0);
}

// Makes system call 1000 with a0..a5 = 1..6 and known values in all the others, and adds those up behind it.
int64_t system_call(uint64_t unused, uint64_t also);
__asm__("system_call:\n"
        "mv s11, ra; li ra, 11; li t0, 12; li t1, 13; li t2, 14; li s1, 15; li s2, 16; li s3, 17; li s4, 18\n"
        "li s5, 19; li s6, 20; li s7, 21; li s8, 22; li s9, 23; li s10, 24; li t3, 25; li t4, 26; li t5, 27; "
        "li t6, 28\n"
        "li a0, 1; li a1, 2; li a2, 3; li a3, 4; li a4, 5; li a5, 6; li a6, 7; li a7, 1000\n"
        "ecall\n"
        "add a0, a0, ra; add a0, a0, t0; add a0, a0, t1; add a0, a0, t2; add a0, a0, s1; add a0, a0, s2\n"
        "add a0, a0, s3; add a0, a0, s4; add a0, a0, s5; add a0, a0, s6; add a0, a0, s7; add a0, a0, s8\n"
        "add a0, a0, s9; add a0, a0, s10; add a0, a0, t3; add a0, a0, t4; add a0, a0, t5; add a0, a0, t6\n"
        "add a0, a0, a1; add a0, a0, a2; add a0, a0, a3; add a0, a0, a4; add a0, a0, a5; add a0, a0, a6\n"
        "add a0, a0, a7; mv ra, s11; ret");
#define SYSTEM_CALL_SUM ((11 + 28) * 18 / 2 + 2 + 3 + 4 + 5 + 6 + 7 + 1000)

static void test_system_calls(void) {
  handle_t badged = (handle_t)kernel_copy_capability(handler, RIGHT_SEND, 50);
  handle_t process = child_create(QUOTA, badged, 0);
  struct worker anchor =
      worker_start_with(process, system_call, 0, 0, (struct work_options){.suspended = true});
  struct worker worker = worker_start(process, system_call, 0, 0);
  struct message message = next_message(LABEL_SYSTEM_CALL, SYSTEM_CALL_WORDS);
  check_equal(message.badge, 50);
  check_equal(message.words[1], 1000);
  check_equal(message.words[2], 1);
  check_equal(message.words[3], 2);
  for (unsigned i = 4; i < 8; i++)
    check_equal(message_buffer->words[i], i - 1);
  check_equal(look_at(worker).waiting, WAIT_FAULT);
  // Again, the same call; then with its result.
  resume(RESUME_RETRY, 0, 0, 0);
  message = next_message(LABEL_SYSTEM_CALL, SYSTEM_CALL_WORDS);
  check_equal(message.words[2], 1);
  resume(RESUME_RESULT, 1, 500, 0);
  check_equal(worker_join(worker), SYSTEM_CALL_SUM + 500);

  // With all registers anew: the handler sees and changes them through the thread, or says them in its
  // answer.
  worker = worker_start(process, system_call, 0, 0);
  next_message(LABEL_SYSTEM_CALL, SYSTEM_CALL_WORDS);
  struct thread_state state;
  check_equal(kernel_read_thread(worker.thread, &state), 0);
  check_equal(state.waiting, WAIT_FAULT);
  check_equal(state.x[17], 1000);
  for (unsigned i = 1; i < 32; i++)
    message_buffer->words[3 + i] = state.x[i];
  message_buffer->words[3 + 10] = 7000; // a0
  resume(RESUME_REGISTERS, EXCEPTION_WORDS, 0, state.x[0] + 4);
  check_equal(worker_join(worker), SYSTEM_CALL_SUM + 7000);

  worker = worker_start(process, system_call, 0, 0);
  next_message(LABEL_SYSTEM_CALL, SYSTEM_CALL_WORDS);
  check_equal(kernel_read_thread(worker.thread, &state), 0);
  state.x[10] = 9000;
  state.x[0] += 4;
  check_equal(kernel_write_thread(worker.thread, &state), 0);
  resume(RESUME_RETRY, 0, 0, 0); // as its registers are
  check_equal(worker_join(worker), SYSTEM_CALL_SUM + 9000);

  worker = worker_start(process, system_call, 0, 0);
  next_message(LABEL_SYSTEM_CALL, SYSTEM_CALL_WORDS);
  resume(RESUME_END, 1, 66, 0);
  check_equal(worker_join(worker), 66);

  // Nobody answers.
  worker = worker_start(process, system_call, 0, 0);
  next_message(LABEL_SYSTEM_CALL, SYSTEM_CALL_WORDS);
  check_equal(kernel_delete((handle_t)message_save_reply()), 0);
  check_equal(worker_join(worker), SYSTEM_CALL_SUM - EPIPE);
  child_end(process);
  worker_forget(anchor);
  kernel_delete(badged);

  // No endpoint for them, or one that has gone.
  check_equal(child_join(child_start(system_call, 0, 0)), SYSTEM_CALL_SUM - ENOSYS);
  handle_t gone = (handle_t)kernel_create_endpoint();
  process = child_create(QUOTA, gone, 0);
  kernel_delete(gone);
  worker = worker_start(process, system_call, 0, 0);
  check_equal(worker_join(worker), SYSTEM_CALL_SUM - ENOSYS);
  kernel_await_end(process, milliseconds(1000), NULL);
  kernel_delete(process);
}

// Raises an exception of each kind, and returns what a0 is behind it.
int64_t raise_exception(uint64_t kind, uint64_t address);
__asm__("raise_exception: li t0, 1; mv t1, a0; li a0, 5\n"
        "beqz t1, 1f; beq t1, t0, 2f; li t0, 2; beq t1, t0, 3f; li t0, 3; beq t1, t0, 4f; jr a1\n"
        "1: ld a0, (a1); ret\n"
        "2: sd a0, (a1); ret\n"
        "3: .word 0xffffffff; ret\n"
        "4: .word 0x00100073; ret"); // ebreak, not compressed

static void test_exceptions(void) {
  handle_t process = child_create(QUOTA, 0, handler);
  struct worker anchor =
      worker_start_with(process, raise_exception, 0, 0, (struct work_options){.suspended = true});
  static const struct {
    uint64_t kind, address, cause;
  } cases[] = {{0, 0x20, 13},
               {1, 0x20, 15},
               {1, (uint64_t)raise_exception, 15},
               {0, 0xffffffc080200000, 13},
               {2, 0, 2},
               {3, 0, 3},
               {4, 0x20, 12},
               {4, 0x2000000000, 12}};
  for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct worker worker = worker_start(process, raise_exception, cases[i].kind, cases[i].address);
    struct message message = next_message(LABEL_EXCEPTION, EXCEPTION_WORDS);
    check_equal(message.words[1], cases[i].cause);
    if (cases[i].cause > 11)
      check_equal(message.words[2], cases[i].address);
    uint64_t pc =
        cases[i].kind == 4 ? message_buffer->words[3 + 1] : message.words[3] + 4; // or back to the caller
    if (cases[i].kind < 2)
      pc = message.words[3] + (*(const uint16_t *)message.words[3] % 4 == 3 ? 4 : 2);
    check_equal(message_buffer->words[3 + 10], 5);
    message_buffer->words[3 + 10] = 700 + i;
    resume(RESUME_REGISTERS, EXCEPTION_WORDS, 0, pc);
    check_equal(worker_join(worker), 700 + i);
  }
  // Tried again after it has become possible.
  struct worker worker = worker_start(process, raise_exception, 0, 0x3000000000);
  next_message(LABEL_EXCEPTION, EXCEPTION_WORDS);
  handle_t memory = (handle_t)kernel_create_memory(1, 0, 0, 0);
  check_equal(kernel_map(process, memory, 0x3000000000, 0, 1, MAP_READ), 0);
  resume(RESUME_RETRY, 0, 0, 0);
  check_equal(worker_join(worker), 0);
  kernel_delete(memory);
  // Ended by its handler; abandoned by it: that ends the process.
  worker = worker_start(process, raise_exception, 2, 0);
  next_message(LABEL_EXCEPTION, EXCEPTION_WORDS);
  check_equal(kernel_interrupt_thread(worker.thread), -EAGAIN);
  resume(RESUME_END, 1, 77, 0);
  check_equal(worker_join(worker), 77);
  worker = worker_start(process, raise_exception, 2, 0);
  next_message(LABEL_EXCEPTION, EXCEPTION_WORDS);
  struct message none;
  check_equal(message_receive(handler, &none, 0), -EAGAIN);
  struct end_info end;
  check_equal(kernel_await_end(process, milliseconds(1000), &end), 0);
  check_equal(end.reason, END_FAULTED);
  check_equal(end.code, 2);
  kernel_delete(process);
  worker_forget(worker);
  worker_forget(anchor);
}

// A handler whose answer ends the process that it is itself a part of: its creator's last thread.
#define OUTER_ENDPOINT 3u // the handles of both
#define INNER_ENDPOINT 2u

static int64_t end_my_creator(uint64_t saved, uint64_t unused) {
  (void)unused;
  struct message message;
  check_equal(message_receive(INNER_ENDPOINT, &message, WAIT_FOREVER), 0);
  check_equal(TAG_LABEL(message.tag), LABEL_EXCEPTION);
  handle_t reply = saved ? (handle_t)message_save_reply() : 0;
  message = message_result(0);
  message.tag |= TAG(RESUME_END, 0, 0);
  if (saved)
    message_reply(reply, &message);
  else
    message_reply_receive(INNER_ENDPOINT, &message, WAIT_FOREVER);
  check_equal(1, 0); // it has ended
  return 0;
}

// Has a child receive its own exception, and raises one.
static int64_t create_my_end(uint64_t saved, uint64_t stack) {
  struct process_start start = {.name = "inner"};
  int64_t process = kernel_create_process(&start), memory;
  struct region_info info;
  for (uint64_t i = 0; (memory = kernel_read_region(HANDLE_PROCESS, i, &info)) > 0; i++) {
    kernel_map((handle_t)process, (handle_t)memory, info.address, info.first_page, info.pages,
               (uint32_t)info.rights);
    kernel_delete((handle_t)memory);
  }
  check_equal(kernel_grant((handle_t)process, (handle_t)process, RIGHTS_ALL, 0), 1);
  check_equal(kernel_grant((handle_t)process, OUTER_ENDPOINT, RIGHT_RECEIVE, 0), INNER_ENDPOINT);
  uint64_t gp, tp;
  __asm__("mv %0, gp; mv %1, tp" : "=r"(gp), "=r"(tp));
  struct thread_start thread = {.pc = (uint64_t)end_my_creator,
                                .sp = stack,
                                .gp = gp,
                                .tp = tp,
                                .arguments = {saved},
                                .priority = (uint32_t)UNCHANGED,
                                .affinity = AFFINITY_ANY};
  check(kernel_create_thread((handle_t)process, &thread) > 0);
  return raise_exception(2, 0);
}

static uint8_t inner_stack[4096] __attribute__((aligned(16)));

static void test_handler_that_ends_itself(void) {
  for (uint64_t saved = 0; saved < 2; saved++) {
    handle_t endpoint = (handle_t)kernel_create_endpoint();
    handle_t process = child_create(4 * QUOTA, 0, endpoint);
    check_equal(kernel_grant(process, endpoint, RIGHTS_ALL, 0), OUTER_ENDPOINT);
    kernel_delete(endpoint);
    struct worker worker =
        worker_start(process, create_my_end, saved, (uint64_t)inner_stack + sizeof inner_stack);
    check_equal(kernel_await_end(process, milliseconds(2000), NULL), 0);
    kernel_delete(process);
    worker_forget(worker);
  }
}

// A row of processes, each the handler of the next one's exception, falls when the first ends.
#define ROW 300
void raise_it(void);
__asm__("raise_it: .word 0xffffffff");

static void test_row_of_handlers(void) {
  static handle_t processes[ROW];
  handle_t endpoint = 0;
  struct region_info text;
  handle_t memory = memory_at((void *)raise_it, &text);
  for (unsigned i = 0; i < ROW; i++) {
    struct process_start start = {.name = "domino", .quota = 65536, .fault_endpoint = endpoint};
    processes[i] = (handle_t)kernel_create_process(&start);
    kernel_map(processes[i], memory, text.address, text.first_page, text.pages, MAP_READ | MAP_EXECUTE);
    if (i > 0) {
      struct thread_start thread = {
          .pc = (uint64_t)raise_it, .affinity = AFFINITY_ANY, .priority = (uint32_t)UNCHANGED};
      kernel_delete((handle_t)kernel_create_thread(processes[i], &thread));
      kernel_delete(endpoint);
    }
    endpoint = (handle_t)kernel_create_endpoint();
    check(kernel_grant(processes[i], endpoint, RIGHT_RECEIVE, 0) > 0);
    handle_t send_only = (handle_t)kernel_copy_capability(endpoint, RIGHT_SEND, 0);
    kernel_delete(endpoint);
    endpoint = send_only;
  }
  settle();
  check_equal(kernel_end_process(processes[0], 0), 0);
  for (unsigned i = 0; i < ROW; i++) {
    struct end_info end;
    check_equal(kernel_await_end(processes[i], milliseconds(5000), &end), 0);
    check_equal(end.reason, i == 0 ? END_EXITED : END_FAULTED);
    kernel_delete(processes[i]);
  }
  kernel_delete(endpoint);
  kernel_delete(memory);
}

// The serial port's transmitter, which is empty, interrupts as soon as that is enabled (16550, IER bit 1).
#define UART           0x10000000ul
#define UART_SOURCE    10
#define UART_MAPPED    0x3000000000ul
#define UART_INTERRUPT (*(volatile uint8_t *)(UART_MAPPED + 1))
#define UART_CAUSE     (*(volatile uint8_t *)(UART_MAPPED + 2))

static void test_interrupts(void) {
  handle_t notification = (handle_t)kernel_create_notification();
  handle_t bit = (handle_t)kernel_copy_capability(notification, RIGHT_SEND, 16);
  handle_t registers = (handle_t)kernel_open_device(HANDLE_MACHINE, UART, PAGE_BYTES);
  check_equal(kernel_map(HANDLE_PROCESS, registers, UART_MAPPED, 0, 1, MAP_READ | MAP_WRITE), 0);
  handle_t interrupt = (handle_t)kernel_open_interrupt(HANDLE_MACHINE, UART_SOURCE);
  check_equal(kernel_open_interrupt(HANDLE_MACHINE, UART_SOURCE), -EBUSY);
  check_equal(kernel_open_interrupt(HANDLE_MACHINE, 0), -EINVAL);
  check_equal(kernel_open_interrupt(HANDLE_MACHINE, 100000), -EINVAL);
  check_equal(kernel_bind_interrupt(interrupt, bit), 0);
  check_equal(kernel_wait(notification, milliseconds(2)), -ETIMEDOUT);
  for (unsigned i = 0; i < 3; i++) {
    UART_INTERRUPT = 2;
    check_equal(kernel_wait(notification, milliseconds(100)), 16);
    check_equal(kernel_wait(notification, milliseconds(2)), -ETIMEDOUT); // masked until it is acknowledged
    UART_INTERRUPT = 0;
    (void)UART_CAUSE;
    check_equal(kernel_acknowledge_interrupt(interrupt), 0);
    check_equal(kernel_wait(notification, milliseconds(2)), -ETIMEDOUT);
  }
  check_equal(kernel_bind_interrupt(interrupt, 0), 0);
  kernel_delete(interrupt);
  interrupt = (handle_t)kernel_open_interrupt(HANDLE_MACHINE, UART_SOURCE); // it is free again
  check((int32_t)interrupt > 0);
  kernel_delete(interrupt);
  check_equal(kernel_unmap(HANDLE_PROCESS, UART_MAPPED, 1), 0);
  kernel_delete(registers);
  kernel_delete(bit);
  kernel_delete(notification);
}

void test(void) {
  handler = (handle_t)kernel_create_endpoint();
  test_row_of_handlers(); // the first gives everything its size
  test_interrupts();
  memset(inner_stack, 0, sizeof inner_stack);
  struct system_info before = inventory();
  test_system_calls();
  test_exceptions();
  test_handler_that_ends_itself();
  test_row_of_handlers();
  test_interrupts();
  check_inventory(&before);
}
