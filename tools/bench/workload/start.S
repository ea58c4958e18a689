// Machine-mode entry of every workload, on every hart.

#define STACK_BYTES 65536
#define MAX_HARTS 8
#define MSTATUS_FS_INITIAL 0x2000
#define PMP_NAPOT_RWX 0x1f

  .section .text.start, "ax"
  .globl _start
_start:
  .option push
  .option norelax
  la gp, __global_pointer$
  .option pop

  la t0, machine_trap
  csrw mtvec, t0
  li t0, MSTATUS_FS_INITIAL
  csrs mstatus, t0
  fscsr zero

  // Without a PMP entry that grants it, S and U may touch no memory at all.
  li t0, -1
  csrw pmpaddr0, t0
  li t0, PMP_NAPOT_RWX
  csrw pmpcfg0, t0
  // Lets S read instret.
  li t0, 7
  csrw mcounteren, t0

  csrr a0, mhartid
  li t0, MAX_HARTS
  bgeu a0, t0, park
  la sp, stacks
  addi t0, a0, 1
  slli t0, t0, 16
  add sp, sp, t0
  bnez a0, 3f

  la t0, bss_start
  la t1, bss_end
1:
  bgeu t0, t1, 2f
  sd zero, (t0)
  addi t0, t0, 8
  j 1b
2:
  la t0, bss_is_clear
  li t1, 1
  fence rw, w
  sw t1, (t0)
  tail first_hart

3:
  la t0, bss_is_clear
4:
  lw t1, (t0)
  beqz t1, 4b
  fence r, rw
  call other_hart
park:
  wfi
  j park

  .balign 4
  .globl machine_trap
machine_trap:
  csrr a0, mcause
  csrr a1, mepc
  csrr a2, mtval
  tail unexpected_trap

  .data
  .balign 4
bss_is_clear:
  .word 0

  // Not in .bss: the other harts must not find their stacks cleared under them.
  .section .noinit, "aw", @nobits
  .balign 16
stacks:
  .skip MAX_HARTS * STACK_BYTES
