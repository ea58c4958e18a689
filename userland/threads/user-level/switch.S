# void context_switch(void **save, void *restore)
#
# Leaves one thread's stack for another's without the kernel. To its caller this is a function like any other, so only
# what a function must preserve has to be kept: ra, sp, s0-s11, fs0-fs11 (RISC-V ELF psABI, "Register Convention"), and
# fcsr, because C gives every thread a floating-point environment of its own (C11 7.6).
#
# *save receives the stack pointer below the kept registers, which is all there is to know about a waiting thread.

.equ FRAME, 208 # 13 integer and 12 floating-point registers and fcsr, which is a multiple of 16 already

.text
.globl context_switch
.type context_switch, @function
context_switch:
  addi sp, sp, -FRAME
  sd ra, 0(sp)
  sd s0, 8(sp)
  sd s1, 16(sp)
  sd s2, 24(sp)
  sd s3, 32(sp)
  sd s4, 40(sp)
  sd s5, 48(sp)
  sd s6, 56(sp)
  sd s7, 64(sp)
  sd s8, 72(sp)
  sd s9, 80(sp)
  sd s10, 88(sp)
  sd s11, 96(sp)
  fsd fs0, 104(sp)
  fsd fs1, 112(sp)
  fsd fs2, 120(sp)
  fsd fs3, 128(sp)
  fsd fs4, 136(sp)
  fsd fs5, 144(sp)
  fsd fs6, 152(sp)
  fsd fs7, 160(sp)
  fsd fs8, 168(sp)
  fsd fs9, 176(sp)
  fsd fs10, 184(sp)
  fsd fs11, 192(sp)
  frcsr t0
  sd t0, 200(sp)

  sd sp, 0(a0)
  mv sp, a1

  ld t0, 200(sp)
  fscsr t0
  fld fs11, 192(sp)
  fld fs10, 184(sp)
  fld fs9, 176(sp)
  fld fs8, 168(sp)
  fld fs7, 160(sp)
  fld fs6, 152(sp)
  fld fs5, 144(sp)
  fld fs4, 136(sp)
  fld fs3, 128(sp)
  fld fs2, 120(sp)
  fld fs1, 112(sp)
  fld fs0, 104(sp)
  ld s11, 96(sp)
  ld s10, 88(sp)
  ld s9, 80(sp)
  ld s8, 72(sp)
  ld s7, 64(sp)
  ld s6, 56(sp)
  ld s5, 48(sp)
  ld s4, 40(sp)
  ld s3, 32(sp)
  ld s2, 24(sp)
  ld s1, 16(sp)
  ld s0, 8(sp)
  ld ra, 0(sp)
  addi sp, sp, FRAME
  ret
.size context_switch, . - context_switch

.section .note.GNU-stack, "", @progbits
