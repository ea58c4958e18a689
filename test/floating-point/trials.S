// The instructions to try, and how one is tried.

#define SINGLES 0
#define DOUBLES 1
#define INTEGERS 2

  .section .text.start, "ax"
  .global _start
_start:
  la sp, stack_end
  li t0, 1 << 13
  csrs mstatus, t0
  call main
1:
  j 1b

  .text
  .global try
try:
  fld ft1, 0(a1)
  fld ft2, 8(a1)
  fld ft3, 16(a1)
  ld t1, 0(a1)
  li t0, -1
  fmv.d.x ft0, t0
  fsrm a2
  fsflags zero
  mv t2, ra
  jalr a0
  frflags t3
  sd t0, 0(a3)
  fsd ft0, 8(a3)
  sd t3, 16(a3)
  jr t2

.macro trial operands, instruction:vararg
  .pushsection .rodata, "a"
1:
  .asciz "\instruction"
  .popsection
2:
  \instruction
  ret
  .pushsection .trials, "aw"
  .quad 1b, 2b, \operands
  .popsection
.endm

.macro trials_of kind, p, raw
  trial \kind, fmadd.\p ft0, ft1, ft2, ft3
  trial \kind, fmsub.\p ft0, ft1, ft2, ft3
  trial \kind, fnmsub.\p ft0, ft1, ft2, ft3
  trial \kind, fnmadd.\p ft0, ft1, ft2, ft3
  trial \kind, fadd.\p ft0, ft1, ft2
  trial \kind, fsub.\p ft0, ft1, ft2
  trial \kind, fmul.\p ft0, ft1, ft2
  trial \kind, fdiv.\p ft0, ft1, ft2
  trial \kind, fsgnj.\p ft0, ft1, ft2
  trial \kind, fsgnjn.\p ft0, ft1, ft2
  trial \kind, fsgnjx.\p ft0, ft1, ft2
  trial \kind, fmin.\p ft0, ft1, ft2
  trial \kind, fmax.\p ft0, ft1, ft2
  trial \kind, fsqrt.\p ft0, ft1
  trial \kind, feq.\p t0, ft1, ft2
  trial \kind, flt.\p t0, ft1, ft2
  trial \kind, fle.\p t0, ft1, ft2
  trial \kind, fclass.\p t0, ft1
  trial \kind, fcvt.w.\p t0, ft1, dyn
  trial \kind, fcvt.wu.\p t0, ft1, dyn
  trial \kind, fcvt.l.\p t0, ft1, dyn
  trial \kind, fcvt.lu.\p t0, ft1, dyn
  trial INTEGERS, fcvt.\p\().l ft0, t1, dyn
  trial INTEGERS, fcvt.\p\().lu ft0, t1, dyn
  trial \kind, fmv.x.\raw t0, ft1
  trial INTEGERS, fmv.\raw\().x ft0, t1
.endm

  trials_of SINGLES, s, w
  trial INTEGERS, fcvt.s.w ft0, t1, dyn
  trial INTEGERS, fcvt.s.wu ft0, t1, dyn
  trials_of DOUBLES, d, d
  trial INTEGERS, fcvt.d.w ft0, t1
  trial INTEGERS, fcvt.d.wu ft0, t1
  trial DOUBLES, fcvt.s.d ft0, ft1, dyn
  trial SINGLES, fcvt.d.s ft0, ft1

  .section .stack, "aw", @nobits
  .balign 16
  .space 8192
stack_end:
