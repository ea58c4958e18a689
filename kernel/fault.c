#include "fault.h"
#include "call.h"
#include "channel.h"
#include "print.h"
#include "process.h"
#include "riscv.h"
#include "sched.h"
#include "string.h"

static uint64_t page_faults;

uint64_t fault_count(void) { return page_faults; }

uint64_t fault_message(const struct thread *thread, uint64_t words[EXCEPTION_WORDS]) {
  const struct trapframe *frame = &thread->trapframe;
  switch (thread->sending) {
  case MESSAGE_SYSTEM_CALL: {
    const uint64_t values[SYSTEM_CALL_WORDS] = {thread->tag, frame->a7, frame->a0, frame->a1, frame->a2,
                                                frame->a3,   frame->a4, frame->a5, frame->pc, frame->sp};
    memcpy(words, values, sizeof values);
    return TAG(LABEL_SYSTEM_CALL, SYSTEM_CALL_WORDS, 0);
  }
  case MESSAGE_EXCEPTION:
    words[0] = thread->tag;
    words[1] = frame->scause;
    words[2] = frame->stval;
    words[3] = frame->pc;
    memcpy(&words[4], &frame->ra, sizeof(uint64_t) * 31);
    return TAG(LABEL_EXCEPTION, EXCEPTION_WORDS, 0);
  default:
    memcpy(words, thread->request, sizeof thread->request);
    return TAG(LABEL_PAGE_REQUEST, PAGE_REQUEST_WORDS, 0);
  }
}

static const char *const exception_names[] = {
    [0] = "instruction address misaligned",
    [1] = "instruction access fault",
    [2] = "illegal instruction",
    [3] = "breakpoint",
    [4] = "load address misaligned",
    [5] = "load access fault",
    [6] = "store address misaligned",
    [7] = "store access fault",
    [12] = "instruction page fault",
    [13] = "load page fault",
    [15] = "store page fault",
};

const char *exception_name(uint64_t cause) {
  bool is_known =
      cause < sizeof exception_names / sizeof exception_names[0] && exception_names[cause] != NULL;
  return is_known ? exception_names[cause] : "unknown exception";
}

// Nobody handles the thread's exception.
static void end_process(struct thread *thread) {
  const struct trapframe *frame = &thread->trapframe;
  struct process *process = thread->process;
  print("process %lu (%s) ended: %s at pc %p, stval %p\n", process->id, process->name,
        exception_name(frame->scause), (void *)frame->pc, (void *)frame->stval);
  process_end(process, (struct end_info){.reason = END_FAULTED, .code = (int64_t)frame->scause});
}

// The thread stands at the instruction that raised it, and runs, or waits for nobody any more.
static void raise(struct thread *thread) {
  struct process *process = thread->process;
  thread->faults++;
  if (!channel_send_fault(thread, process->faults, process->faults_badge, MESSAGE_EXCEPTION))
    end_process(thread);
}

void fault_abandoned(struct thread *thread) {
  switch (thread->sending) {
  case MESSAGE_SYSTEM_CALL:
    thread_complete(thread, -EPIPE);
    break;
  case MESSAGE_EXCEPTION:
    end_process(thread);
    break;
  default:
    if (thread->trapframe.scause == CAUSE_USER_CALL) // a kernel call touched the page for the thread
      thread_complete(thread, -EFAULT);
    else
      raise(thread);
  }
}

bool fault_request_page(struct thread *thread, const struct page_request *request) {
  struct memory *memory = request->memory;
  if (memory == NULL || memory->pager == NULL)
    return false;
  page_faults++;
  thread->faults++;
  const uint64_t words[PAGE_REQUEST_WORDS] = {memory->tag, request->page, request->access, request->token};
  memcpy(thread->request, words, sizeof words);
  return channel_send_fault(thread, memory->pager, memory->pager_badge, MESSAGE_PAGE_REQUEST);
}

static void page_fault(struct thread *thread, uint64_t access) {
  struct page_request request = {0};
  switch (address_space_touch(&thread->process->space, thread->trapframe.stval, access, &request)) {
  case PAGE_PRESENT:
    page_faults++;
    thread->faults++;
    return;
  case PAGE_REQUESTED:
  case PAGE_NO_MEMORY:
    if (!fault_request_page(thread, &request))
      raise(thread);
    return;
  default:
    raise(thread);
  }
}

void fault_exception(struct thread *thread) {
  switch (thread->trapframe.scause) {
  case CAUSE_INSTRUCTION_PAGE_FAULT:
    page_fault(thread, MAP_EXECUTE);
    break;
  case CAUSE_LOAD_PAGE_FAULT:
    page_fault(thread, MAP_READ);
    break;
  case CAUSE_STORE_PAGE_FAULT:
    page_fault(thread, MAP_WRITE);
    break;
  case CAUSE_ILLEGAL_INSTRUCTION:
    // It may be a floating-point instruction of a thread whose registers are elsewhere. If not, it traps
    // again.
    if ((thread->trapframe.sstatus & SSTATUS_FS) == 0 && sched_start_float(thread))
      return;
    raise(thread);
    break;
  default:
    raise(thread);
  }
}

void fault_system_call(struct thread *thread) {
  struct process *process = thread->process;
  thread->calls_made++;
  if (!channel_send_fault(thread, process->system_calls, process->system_calls_badge, MESSAGE_SYSTEM_CALL))
    thread_return(thread, -ENOSYS);
}

static void load_registers(struct thread *thread, uint64_t tag, const uint64_t words[4],
                           const uint64_t *more) {
  if (TAG_WORDS(tag) < EXCEPTION_WORDS || more == NULL)
    return;
  thread->trapframe.pc = words[3];
  memcpy(&thread->trapframe.ra, &more[4], sizeof(uint64_t) * 31);
}

void fault_resume(struct thread *thread, uint64_t tag, const uint64_t words[4], const uint64_t *more) {
  uint32_t label = TAG_LABEL(tag);
  if (thread->sending == MESSAGE_PAGE_REQUEST) {
    if (label == RESUME_END)
      fault_abandoned(thread);
    else
      thread_wake(thread);
    return;
  }
  switch (label) {
  case RESUME_END:
    thread_end(thread, words[0]);
    return;
  case RESUME_RESULT:
    if (thread->sending == MESSAGE_SYSTEM_CALL) {
      thread_complete(thread, (int64_t)words[0]);
      return;
    }
    break;
  case RESUME_REGISTERS:
    load_registers(thread, tag, words, more);
    break;
  }
  thread_wake(thread);
}
