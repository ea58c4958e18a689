// The system calls about memory.
#include "calls.h"
#include "file.h"
#include "process.h"
#include "space.h"
#include "user.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#define MAX_BYTES (1ul << 36)

static uint64_t round_up(uint64_t bytes) { return (bytes + PAGE - 1) & ~(PAGE - 1); }

HANDLER(sys_brk) { return (int64_t)space_break(task, arguments[0]); }

// Reads what a private mapping of a file shows; behind the file's end it is zero.
static int64_t fill(struct task *task, struct file *file, uint64_t address, uint64_t bytes,
                    uint64_t position) {
  struct transfer transfer;
  transfer_single(&transfer, task, address, bytes);
  int64_t done = file->operations->read(task, file, &transfer, &position);
  return done < 0 ? done : 0;
}

HANDLER(sys_mmap) {
  uint64_t address = arguments[0], bytes = arguments[1], flags = arguments[3];
  uint32_t protection = (uint32_t)arguments[2] & (PROT_READ | PROT_WRITE | PROT_EXEC);
  bool shared = (flags & MAP_TYPE) != MAP_PRIVATE;
  struct file *file = NULL;
  if (bytes == 0 || arguments[5] % PAGE != 0 || (flags & MAP_TYPE) == 0)
    return -EINVAL;
  if (bytes > MAX_BYTES)
    return -ENOMEM;
  if ((flags & MAP_ANONYMOUS) == 0) {
    file = descriptor_file(task, arguments[4]);
    if (file == NULL)
      return -EBADF;
    if (!file_readable(file))
      return -EACCES;
    // What is written would have to go back to the file; a read-only view is a snapshot.
    if (!file->operations->seeks || file->operations->read == NULL ||
        (shared && (protection & PROT_WRITE) != 0))
      return -ENODEV;
  }
  if ((protection & PROT_WRITE) != 0 && (protection & PROT_EXEC) != 0)
    return -EACCES; // the kernel maps nothing for both
  enum placement placement = (flags & MAP_FIXED_NOREPLACE) == MAP_FIXED_NOREPLACE ? FIXED_IF_FREE
                             : (flags & MAP_FIXED) != 0                           ? FIXED
                                                                                  : ANYWHERE;
  bytes = round_up(bytes);
  uint32_t first_protection = file != NULL ? PROT_READ | PROT_WRITE : protection;
  int64_t mapped = space_map_anonymous(task, address, bytes / PAGE, first_protection, shared, placement);
  if (mapped < 0 || file == NULL)
    return mapped;
  file_retain(file);
  int64_t error = fill(task, file, (uint64_t)mapped, bytes, arguments[5]);
  file_release(file);
  uint64_t end = (uint64_t)mapped + bytes;
  if (error == 0 && protection != first_protection)
    error = space_protect(task->process->space, (uint64_t)mapped, end, protection);
  if (error < 0) {
    space_unmap_range(task->process->space, (uint64_t)mapped, end);
    return error;
  }
  return mapped;
}

static bool is_range(uint64_t address, uint64_t bytes) {
  return address % PAGE == 0 && address >= PAGE && bytes <= SPACE_LIMIT && address + bytes <= SPACE_LIMIT;
}

HANDLER(sys_munmap) {
  uint64_t bytes = round_up(arguments[1]);
  if (bytes == 0 || !is_range(arguments[0], bytes))
    return -EINVAL;
  return space_unmap_range(task->process->space, arguments[0], arguments[0] + bytes);
}

HANDLER(sys_mprotect) {
  uint64_t bytes = round_up(arguments[1]);
  uint32_t protection = (uint32_t)arguments[2] & (PROT_READ | PROT_WRITE | PROT_EXEC);
  if (arguments[0] % PAGE != 0)
    return -EINVAL;
  if (bytes == 0)
    return 0;
  if (!is_range(arguments[0], bytes))
    return -ENOMEM;
  if ((protection & PROT_WRITE) != 0 && (protection & PROT_EXEC) != 0)
    return -EACCES;
  return space_protect(task->process->space, arguments[0], arguments[0] + bytes, protection);
}

// Moves by copying: small mappings are pages of one object, in place.
HANDLER(sys_mremap) {
  struct space *space = task->process->space;
  uint64_t old = arguments[0], old_bytes = round_up(arguments[1]), bytes = round_up(arguments[2]);
  uint64_t flags = arguments[3];
  const struct area *area = space_find(space, old);
  if (old % PAGE != 0 || bytes == 0 || (flags & ~(uint64_t)(MREMAP_MAYMOVE | MREMAP_FIXED)) != 0 ||
      (flags & (MREMAP_MAYMOVE | MREMAP_FIXED)) == MREMAP_FIXED)
    return -EINVAL;
  if (area == NULL || old_bytes == 0 || old + old_bytes > area->end)
    return -EFAULT;
  if (bytes > MAX_BYTES)
    return -ENOMEM;
  bool fixed = (flags & MREMAP_FIXED) != 0;
  if (!fixed && bytes <= old_bytes) {
    int64_t error = bytes < old_bytes ? space_unmap_range(space, old + bytes, old + old_bytes) : 0;
    return error < 0 ? error : (int64_t)old;
  }
  if ((flags & MREMAP_MAYMOVE) == 0 || area->shared)
    return -ENOMEM;
  uint32_t protection = area->protection;
  if (fixed && arguments[4] < old + old_bytes && old < arguments[4] + bytes)
    return -EINVAL;
  int64_t moved = space_map_anonymous(task, arguments[4], bytes / PAGE, PROT_READ | PROT_WRITE, false,
                                      fixed ? FIXED : ANYWHERE);
  if (moved < 0)
    return moved;
  uint64_t kept = bytes < old_bytes ? bytes : old_bytes;
  int64_t error = space_copy((handle_t)space->handle, old, (handle_t)space->handle, (uint64_t)moved, kept);
  if (error == 0 && protection != (PROT_READ | PROT_WRITE))
    error = space_protect(space, (uint64_t)moved, (uint64_t)moved + bytes, protection);
  if (error < 0) {
    space_unmap_range(space, (uint64_t)moved, (uint64_t)moved + bytes);
    return error;
  }
  space_unmap_range(space, old, old + old_bytes);
  return moved;
}

HANDLER(sys_madvise) {
  (void)task;
  return arguments[0] % PAGE != 0 ? -EINVAL : 0;
}

HANDLER(sys_msync) {
  (void)task;
  return arguments[0] % PAGE != 0 ? -EINVAL : 0;
}
