// What differs from a Linux program's start and end: the message buffer is found, and exit is the kernel's.

#include "lib/ipc.h"
#include "lib/start_stack.h"
#include <stdlib.h>
#include <sys/auxv.h>

_Thread_local struct message_buffer *message_buffer;

__attribute__((constructor)) static void find_message_buffer(void) {
  // musl's getauxval would return a value and complain through errno; without the entry it is 0.
  message_buffer = (struct message_buffer *)getauxval(AT_MESSAGE_BUFFER);
}

_Noreturn void _Exit(int status) {
  for (;;)
    kernel_end_process(HANDLE_PROCESS, status);
}
