#include "tlb.h"
#include "address_space.h"
#include "hart.h"
#include "print.h"
#include "process.h"
#include "riscv.h"
#include "sbi.h"

// To forget more pages than this one by one takes longer than to fill the TLB again.
#define MOST_PAGES 16

// ASIDs are handed out in order and never taken back. When they run out a new generation begins: every
// address space gets a new one when it is next entered, and every hart flushes its TLB before. Until it does
// (must_flush_tlb), it may still be in an address space under an ASID of an earlier generation.
static uint64_t generation = 1;
static uint64_t asid_limit;
static uint64_t last_asid;
static uint64_t shootdowns;

void tlb_init(uint64_t most) {
  // Privileged specification 1.12, 4.1.11: bits of the field that are not implemented stay zero.
  uint64_t before = csr_read(satp);
  csr_write(satp, before | SATP_ASID_MASK << SATP_ASID_SHIFT);
  asid_limit = csr_read(satp) >> SATP_ASID_SHIFT & SATP_ASID_MASK;
  csr_write(satp, before);
  sfence_everything();
  if (asid_limit > most)
    asid_limit = most;
}

uint64_t tlb_asid_limit(void) { return asid_limit; }

uint64_t tlb_shootdowns(void) { return shootdowns; }

static uint64_t asid_of(const struct address_space *space) {
  return space->satp >> SATP_ASID_SHIFT & SATP_ASID_MASK;
}

static void assign_asid(struct address_space *space) {
  if (last_asid >= asid_limit && asid_limit > 0) {
    generation++;
    last_asid = 0;
    for (unsigned i = 0; i < hart_count; i++)
      harts[i].must_flush_tlb = true;
    for (struct process *process = first_process; process != NULL; process = process->next)
      process->space.current_harts = 0;
  }
  space->satp = vm_satp(space->root, asid_limit == 0 ? 0 : ++last_asid);
  space->asid_generation = generation;
  // The page table was written by stores that no hart's walks are ordered after yet (4.2.1).
  space->current_harts = 0;
}

void tlb_enter(struct address_space *space) {
  struct hart *hart = this_hart();
  if (space->asid_generation != generation)
    assign_asid(space);
  csr_write(satp, space->satp);
  if (hart->must_flush_tlb)
    sfence_everything();
  else if ((space->current_harts & hart->bit) == 0)
    sfence_asid(asid_of(space));
  if (hart->must_fence_instructions)
    fence_instructions();
  hart->must_flush_tlb = false;
  hart->must_fence_instructions = false;
  if (asid_limit > 0) // otherwise each entrance flushes
    space->current_harts |= hart->bit;
}

static bool is_active_here(const struct address_space *space) { return this_hart()->space == space; }

// The harts whose satp is the space's.
static uint64_t active_harts(const struct address_space *space) {
  uint64_t active = 0;
  for (unsigned i = 0; i < hart_count; i++)
    active |= harts[i].space == space ? harts[i].bit : 0;
  return active;
}

// On this hart, for as many bytes from `start` on as a remote fence would take; UINT64_MAX: all.
static void fence_here(const struct address_space *space, user_address start, uint64_t bytes) {
  if (this_hart()->must_flush_tlb) {
    sfence_everything(); // the ASID in use here may be an earlier one
  } else if (bytes == UINT64_MAX) {
    sfence_asid(asid_of(space));
  } else {
    for (uint64_t offset = 0; offset < bytes; offset += PAGE_SIZE)
      sfence_page(start + offset, asid_of(space));
  }
}

// Takes out of *indexes those harts that one call of the firmware can reach together.
static struct sbi_harts take_harts(uint64_t *indexes) {
  struct sbi_harts taken = {.base = UINT64_MAX};
  for (unsigned i = 0; i < hart_count; i++) {
    if ((*indexes >> i & 1) != 0 && harts[i].hart_id < taken.base)
      taken.base = harts[i].hart_id;
  }
  for (unsigned i = 0; i < hart_count; i++) {
    if ((*indexes >> i & 1) == 0 || harts[i].hart_id - taken.base >= 64)
      continue;
    taken.mask |= 1ul << (harts[i].hart_id - taken.base);
    *indexes &= ~(1ul << i);
  }
  return taken;
}

static void check_fenced(bool fenced) {
  if (!fenced)
    panic("the firmware does not fence other harts");
}

// On other harts, whether they are in user mode, idle or waiting for the kernel's lock: the firmware
// interrupts them, and they have fenced when this returns.
static void fence_others(const struct address_space *space, uint64_t others, user_address start,
                         uint64_t bytes) {
  if (others == 0)
    return;
  bool any_asid = false;
  for (unsigned i = 0; i < hart_count; i++)
    any_asid |= (others >> i & 1) != 0 && harts[i].must_flush_tlb;
  shootdowns++;
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  while (others != 0) {
    struct sbi_harts targets = take_harts(&others);
    check_fenced(any_asid ? sbi_fence_everything(targets)
                          : sbi_fence_asid(targets, start, bytes, asid_of(space)));
  }
}

static void fence_all(struct address_space *space, user_address start, uint64_t bytes) {
  uint64_t active = active_harts(space);
  space->current_harts &= active;
  if (is_active_here(space))
    fence_here(space, start, bytes);
  fence_others(space, active & ~this_hart()->bit, start, bytes);
}

void tlb_granted(const struct address_space *space, user_address address, bool new_table) {
  // 4.2.1: an entry that was not valid may be remembered as such; one of a higher level is only forgotten
  // with the whole address space.
  if (is_active_here(space))
    fence_here(space, address, new_table ? UINT64_MAX : PAGE_SIZE);
}

void tlb_refresh(const struct address_space *space) {
  if (is_active_here(space))
    fence_here(space, 0, UINT64_MAX);
}

void tlb_revoked(struct address_space *space, user_address start, user_address end) {
  fence_all(space, start, end - start > MOST_PAGES * PAGE_SIZE ? UINT64_MAX : end - start);
}

void tlb_revoked_table(struct address_space *space) { fence_all(space, 0, UINT64_MAX); }

void tlb_fence_instructions(void) {
  uint64_t others = 0;
  for (unsigned i = 0; i < hart_count; i++) {
    if (harts[i].space == NULL)
      harts[i].must_fence_instructions = true;
    else if (&harts[i] != this_hart())
      others |= 1ul << i;
  }
  __atomic_thread_fence(__ATOMIC_SEQ_CST); // unprivileged specification, Zifencei: before others are asked
  fence_instructions();
  shootdowns += others != 0;
  while (others != 0)
    check_fenced(sbi_fence_instructions(take_harts(&others)));
}
