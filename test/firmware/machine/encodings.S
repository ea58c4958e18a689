// Instructions for emulation.c, eight bytes apart, in the order of its tables. Their register is a0 or fa0.

  .option arch, +f, +d
  .section .rodata

.macro encode instruction:vararg
  .balign 8
  \instruction
.endm

  .global load_encodings
  .balign 8
load_encodings:
  .option norvc
  encode lh a0, (a1)
  encode lhu a0, (a1)
  encode lw a0, (a1)
  encode lwu a0, (a1)
  encode ld a0, (a1)
  encode flw fa0, (a1)
  encode fld fa0, (a1)
  .option rvc
  encode c.lw a0, (a1)
  encode c.ld a0, (a1)
  encode c.fld fa0, (a1)
  encode c.lwsp a0, (sp)
  encode c.ldsp a0, (sp)
  encode c.fldsp fa0, (sp)

  .global store_encodings
  .balign 8
store_encodings:
  .option norvc
  encode sh a0, (a1)
  encode sw a0, (a1)
  encode sd a0, (a1)
  encode fsw fa0, (a1)
  encode fsd fa0, (a1)
  .option rvc
  encode c.sw a0, (a1)
  encode c.sd a0, (a1)
  encode c.fsd fa0, (a1)
  encode c.swsp a0, (sp)
  encode c.sdsp a0, (sp)
  encode c.fsdsp fa0, (sp)

  .global other_encodings
  .balign 8
other_encodings:
  .option norvc
  encode amoadd.w a0, a0, (a1)
  encode lr.w a0, (a1)
  encode lw zero, (a1)
  encode rdtime a0
  encode rdcycle a0
  encode csrrw a0, time, zero
