// Signal frames, laid out as Linux lays them out on riscv64: siginfo_t, then ucontext_t, at the stack
// pointer.
#include "signals.h"
#include "space.h"
#include "user.h"
#include <string.h>
#include <ucontext.h>

struct frame {
  siginfo_t info;
  ucontext_t context;
};

bool frame_push(struct task *task, struct thread_state *state, const struct signal_action *action,
                const siginfo_t *info, signal_set mask) {
  static struct frame frame; // used with the lock only
  uint64_t sp = state->x[2];
  bool on_alternate = sp - task->alternate_stack < task->alternate_stack_bytes;
  memset(&frame, 0, sizeof frame);
  frame.info = *info;
  frame.context.uc_stack = (stack_t){
      .ss_sp = (void *)task->alternate_stack,
      .ss_size = task->alternate_stack_bytes,
      .ss_flags = task->alternate_stack_bytes == 0 ? SS_DISABLE
                  : on_alternate                   ? SS_ONSTACK
                                                   : 0,
  };
  memcpy(&frame.context.uc_sigmask, &mask, sizeof mask);
  memcpy(frame.context.uc_mcontext.__gregs, state->x, sizeof state->x);
  if (state->has_float) {
    memcpy(frame.context.uc_mcontext.__fpregs.__d.__f, state->f, sizeof state->f);
    frame.context.uc_mcontext.__fpregs.__d.__fcsr = (unsigned)state->fcsr;
  }
  if ((action->flags & SA_ONSTACK) != 0 && task->alternate_stack_bytes != 0 && !on_alternate)
    sp = task->alternate_stack + task->alternate_stack_bytes;
  sp = (sp - sizeof frame) & ~15ul;
  if (copy_out(task, sp, &frame, sizeof frame) < 0)
    return false;
  state->x[0] = action->handler;
  state->x[1] = space_trampoline(task->process->space);
  state->x[2] = sp;
  state->x[10] = (uint64_t)info->si_signo;
  state->x[11] = sp + offsetof(struct frame, info);
  state->x[12] = sp + offsetof(struct frame, context);
  return true;
}

bool frame_pop(struct task *task, struct thread_state *state) {
  static struct frame frame;
  if (copy_in(task, &frame, state->x[2], sizeof frame) < 0)
    return false;
  memcpy(state->x, frame.context.uc_mcontext.__gregs, sizeof state->x);
  memcpy(state->f, frame.context.uc_mcontext.__fpregs.__d.__f, sizeof state->f);
  state->fcsr = frame.context.uc_mcontext.__fpregs.__d.__fcsr;
  state->has_float = 1;
  memcpy(&task->mask, &frame.context.uc_sigmask, sizeof task->mask);
  task->mask &= ~UNBLOCKABLE;
  return true;
}
