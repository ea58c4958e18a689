// Machine timer interrupts, taken and dismissed.

#define CLINT_MTIMECMP 0x02004000
#define MIE_MTIE 0x80
#define MSTATUS_MIE 0x8

  .text
  .globl enable_timer_interrupts
enable_timer_interrupts:
  la t0, timer_interrupt
  csrw mtvec, t0
  li t0, CLINT_MTIMECMP
  li t1, -1
  sd t1, (t0)
  li t0, MIE_MTIE
  csrw mie, t0
  csrsi mstatus, MSTATUS_MIE
  ret

// uint64_t take_interrupts(uint64_t count)
// A comparison with time 0 is true at once, whatever the rate of mtime.
  .globl take_interrupts
take_interrupts:
  li t0, CLINT_MTIMECMP
  li a1, 0
1:
  mv t1, a1
  sd zero, (t0)
2:
  beq t1, a1, 2b
  bltu a1, a0, 1b
  mv a0, a1
  ret

// Counts in a1, which take_interrupts watches.
  .balign 4
timer_interrupt:
  csrw mscratch, t1
  li t1, -1
  sd t1, (t0)
  addi a1, a1, 1
  csrr t1, mscratch
  mret
