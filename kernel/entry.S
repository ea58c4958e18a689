// Where harts come in from the firmware: in supervisor mode, MMU off, interrupts off, hart id in a0 (SBI 2.0, HSM).

#include "hart.h"
#include "layout.h"
#include "riscv.h"

    .section .text.entry, "ax"

// The boot hart. a1 = physical address of the device tree. Must be the first instruction of the image.
    .globl kernel_entry
kernel_entry:
    call    enable_paging

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
    mv      tp, a1
    ld      sp, HART_STACK_TOP(tp)
    call    secondary_main
    j       resume_user

// Returns to its caller's address in the upper half. Until the jump, pc is still physical: the boot page table maps
// RAM at both places.
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

// Good for the first steps only: 8 GiB of RAM from 2 GiB up, readable, writable, executable. vm.c makes the real one.
    .data
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
