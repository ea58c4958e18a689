// The processor's supervisor-mode face: CSRs, their fields, and the instructions C has no words for.
#pragma once

#define SSTATUS_SPP      (1ul << 8)
#define SSTATUS_FS_CLEAN (2ul << 13)
#define SSTATUS_FS_DIRTY (3ul << 13)
#define SSTATUS_FS       (3ul << 13)

// Bit numbers of sip and sie; with CAUSE_INTERRUPT set, values of scause.
#define INTERRUPT_SOFTWARE 1
#define INTERRUPT_TIMER    5
#define INTERRUPT_EXTERNAL 9
#define CAUSE_INTERRUPT    (1ul << 63)

#define CAUSE_ILLEGAL_INSTRUCTION    2
#define CAUSE_USER_CALL              8
#define CAUSE_INSTRUCTION_PAGE_FAULT 12
#define CAUSE_LOAD_PAGE_FAULT        13
#define CAUSE_STORE_PAGE_FAULT       15

#define SATP_SV39       (8ul << 60)
#define SATP_ASID_SHIFT 44
#define SATP_ASID_MASK  0xfffful

#ifndef __ASSEMBLER__

#include "types.h"

#define csr_read(name)                                                                                       \
  ({                                                                                                         \
    uint64_t csr_value;                                                                                      \
    __asm__ volatile("csrr %0, " #name : "=r"(csr_value));                                                   \
    csr_value;                                                                                               \
  })
#define csr_write(name, value)      __asm__ volatile("csrw " #name ", %0" ::"r"((uint64_t)(value)) : "memory")
#define csr_set_bits(name, value)   __asm__ volatile("csrs " #name ", %0" ::"r"((uint64_t)(value)) : "memory")
#define csr_clear_bits(name, value) __asm__ volatile("csrc " #name ", %0" ::"r"((uint64_t)(value)) : "memory")

static inline void wait_for_interrupt(void) { __asm__ volatile("wfi" ::: "memory"); }

// Makes this hart fetch instructions as they are in memory now.
static inline void fence_instructions(void) { __asm__ volatile("fence.i" ::: "memory"); }

// Forgets every translation of this hart's TLB, global ones too.
static inline void sfence_everything(void) { __asm__ volatile("sfence.vma" ::: "memory"); }

// Forgets what the TLB knows of one address space. Global translations stay.
static inline void sfence_asid(uint64_t asid) {
  __asm__ volatile("sfence.vma zero, %0" ::"r"(asid) : "memory");
}

// Forgets what the TLB knows of one page of one address space.
static inline void sfence_page(uint64_t address, uint64_t asid) {
  __asm__ volatile("sfence.vma %0, %1" ::"r"(address), "r"(asid) : "memory");
}

#endif
