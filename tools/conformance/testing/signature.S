/*
 * A program in the convention of the architecture tests: results between begin_signature and end_signature. SPIN has it
 * end by jumping to itself instead of writing to tohost, NARROW store words of 4 bytes, TRAP has a handler store the cause
 * of a trap after as many instructions as the handlers of architecture tests take.
 */
#ifdef NARROW
#define STORE sw
#define WIDTH 4
#else
#define STORE sd
#define WIDTH 8
#endif
  .section .text.init
  .globl _start
_start:
  .globl rvtest_entry_point
rvtest_entry_point:
  la x2, begin_signature
inst_0:
  li x10, 5
  li x11, -7
  add x12, x11, x10
  STORE x12, 0*WIDTH(x2)
inst_1:
  la x10, words
  lw x12, 0(x10)
  STORE x12, 1*WIDTH(x2)
inst_2:
  li x10, 3
  li x11, 4
  mul x12, x11, x10
  STORE x12, 2*WIDTH(x2)
#ifdef TRAP
  la x10, handler
  csrw mtvec, x10
inst_3:
  ebreak
  .balign 4
handler:
  csrr x12, mcause
  .rept 64
  nop
  .endr
  STORE x12, 3*WIDTH(x2)
#endif
rvtest_code_end:
#ifdef SPIN
1:
  j 1b
#else
  li x1, 1
write_tohost:
  la t5, tohost
  sw x1, 0(t5)
  j write_tohost
#endif

  .section .tohost, "aw"
  .balign 64
  .globl tohost
tohost:
  .dword 0
  .globl fromhost
fromhost:
  .dword 0

  .data
  .balign 16
words:
  .word 0x80000001
  .balign 16
  .globl begin_signature
begin_signature:
  .fill 4, WIDTH, 0xdeadbeef
  .globl end_signature
end_signature:
