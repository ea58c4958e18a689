#pragma once
// Control and status registers: access and the bits the firmware uses (privileged specification 1.12).
// Included by C and assembly alike.

#define CSR_STIMECMP 0x14d
#define CSR_MENVCFG  0x30a

#define MSTATUS_SIE        0x2
#define MSTATUS_SPIE       0x20
#define MSTATUS_MPIE       0x80
#define MSTATUS_SPP        0x100
#define MSTATUS_MPP        0x1800
#define MSTATUS_MPP_S      0x800
#define MSTATUS_FS         0x6000
#define MSTATUS_FS_INITIAL 0x2000
#define MSTATUS_MPRV       0x20000
#define MSTATUS_SUM        0x40000
#define MSTATUS_MXR        0x80000
#define MSTATUS_TVM        0x100000
#define MSTATUS_TW         0x200000
#define MSTATUS_TSR        0x400000

// mip and mie
#define INTERRUPT_SSI 0x2
#define INTERRUPT_MSI 0x8
#define INTERRUPT_STI 0x20
#define INTERRUPT_MTI 0x80
#define INTERRUPT_SEI 0x200
#define INTERRUPTS_S  (INTERRUPT_SSI | INTERRUPT_STI | INTERRUPT_SEI)

#define MCAUSE_INTERRUPT_MTI 7

#define CAUSE_FETCH_MISALIGNED    0
#define CAUSE_FETCH_ACCESS        1
#define CAUSE_ILLEGAL_INSTRUCTION 2
#define CAUSE_BREAKPOINT          3
#define CAUSE_LOAD_MISALIGNED     4
#define CAUSE_LOAD_ACCESS         5
#define CAUSE_STORE_MISALIGNED    6
#define CAUSE_STORE_ACCESS        7
#define CAUSE_ECALL_U             8
#define CAUSE_ECALL_S             9
#define CAUSE_FETCH_PAGE_FAULT    12
#define CAUSE_LOAD_PAGE_FAULT     13
#define CAUSE_STORE_PAGE_FAULT    15

#define COUNTEREN_CY 0x1
#define COUNTEREN_TM 0x2
#define COUNTEREN_IR 0x4

#define MENVCFG_CBIE_INVALIDATE 0x30
#define MENVCFG_CBCFE           0x40
#define MENVCFG_CBZE            0x80
#define MENVCFG_PBMTE           0x4000000000000000
#define MENVCFG_STCE            0x8000000000000000

#ifndef __ASSEMBLER__
#include <stdint.h>

#define CSR_STRING_(csr) #csr
#define CSR_STRING(csr)  CSR_STRING_(csr)

// Each takes a register's name or one of the numbers above.
#define csr_read(csr)                                                                                        \
  ({                                                                                                         \
    uint64_t csr_value_;                                                                                     \
    __asm__ volatile("csrr %0, " CSR_STRING(csr) : "=r"(csr_value_));                                        \
    csr_value_;                                                                                              \
  })
#define csr_write(csr, value)                                                                                \
  __asm__ volatile("csrw " CSR_STRING(csr) ", %0" ::"rK"((uint64_t)(value)) : "memory")
#define csr_set(csr, bits)                                                                                   \
  __asm__ volatile("csrs " CSR_STRING(csr) ", %0" ::"rK"((uint64_t)(bits)) : "memory")
#define csr_clear(csr, bits)                                                                                 \
  __asm__ volatile("csrc " CSR_STRING(csr) ", %0" ::"rK"((uint64_t)(bits)) : "memory")

// As csr_write and csr_read, for registers a hart may lack: the access that traps as an illegal instruction
// comes out at label 1 like the one that does not. Only for boot: a trap overwrites mepc and mstatus.MPP.
#define csr_try_write(csr, value)                                                                            \
  __asm__ volatile("la t0, 1f\n csrrw t0, mtvec, t0\n csrw " CSR_STRING(                                     \
                       csr) ", %0\n"                                                                         \
                            ".balign 4\n 1: csrw mtvec, t0" ::"r"((uint64_t)(value))                         \
                   : "t0", "memory")
#define csr_try_read(csr, otherwise)                                                                         \
  ({                                                                                                         \
    uint64_t csr_value_ = (otherwise);                                                                       \
    __asm__ volatile(                                                                                        \
        "la t0, 1f\n csrrw t0, mtvec, t0\n csrr %0, " CSR_STRING(csr) "\n"                                   \
                                                                      ".balign 4\n 1: csrw mtvec, t0"        \
        : "+r"(csr_value_)::"t0", "memory");                                                                 \
    csr_value_;                                                                                              \
  })
#endif
