// Where harts come in from the firmware: in supervisor mode, MMU off, interrupts off, hart id in a0
// (SBI 2.0, chapter 9).

#include "hart.h"
#include "layout.h"
#include "riscv.h"

    .section .text.entry, "ax"

// The boot hart. a1 = physical address of the device tree. Must be the first instruction of the image.
    .globl kernel_entry
kernel_entry:
    call    enable_paging
    la      t0, boot_hart_taken
    li      t1, 1
    amoswap.w.aq t1, t1, (t0)
    bnez    t1, late_hart

    la      t0, bss_start
    la      t1, bss_end
1:  sd      zero, (t0)
    addi    t0, t0, 8
    bltu    t0, t1, 1b

    la      tp, harts
    la      sp, hart_stacks + HART_STACK_GUARD + HART_STACK_BYTES
    call    kernel_main
    j       resume_user

// The other harts, started by hart_start_others. a1 = their struct hart.
    .globl secondary_entry
secondary_entry:
    call    enable_paging
start_secondary:
    mv      tp, a1
    ld      sp, HART_STACK_TOP(tp)
    call    secondary_main
    j       resume_user

// A hart that comes in where only the first should: some firmware starts all harts, and OpenSBI 1.1 may start
// one before it has noted where. It waits for hart_start_others and goes the way it should have come.
late_hart:
    la      t0, others_may_start
1:  lw      t1, (t0)
    beqz    t1, 1b
    fence   r, rw
    la      a1, harts
    la      t2, harts + MAX_HARTS * HART_BYTES
2:  ld      t1, HART_ID(a1)
    beq     t1, a0, start_secondary
    addi    a1, a1, HART_BYTES
    bltu    a1, t2, 2b
3:  wfi                             // one more than MAX_HARTS
    j       3b

// Returns to its caller's address in the upper half. Until the jump, pc is still physical: the boot page
// table maps RAM at both places.
enable_paging:
    la      t0, boot_page_table
    srli    t0, t0, 12
    li      t1, SATP_SV39
    or      t0, t0, t1
    sfence.vma                      // whoever ran before may have left translations
    csrw    satp, t0
    li      t1, KERNEL_OFFSET
    add     ra, ra, t1
    ret

// The boot page table, good for the first steps only: 8 GiB of RAM from 2 GiB up, readable, writable,
// executable. vm.c makes the real one.
    .data
    .balign 4
boot_hart_taken:                    // not in .bss, which the boot hart clears
    .word   0

    .balign PAGE_SIZE
boot_page_table:
    .macro map_ram
    .set    page, 2
    .rept   8
    .quad   (page << 28) | 0xcf     // gigapage at page GiB: D A . . X W R V
    .set    page, page + 1
    .endr
    .endm

    .zero   8 * 2                   // at its physical address
    map_ram
    .zero   8 * (256 - 8)           // at KERNEL_OFFSET, root entry 256, + the same
    map_ram
    .zero   8 * (256 - 10)
