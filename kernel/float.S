// A thread's floating-point registers: f0..f31, then fcsr. Called with sstatus.FS on. The rest of the kernel
// is compiled without floating point: the registers keep the user's values until these functions change them.

    .option arch, +d

    .macro for_each_float_register instruction
    .irp    number, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    \instruction f\number, 8 * \number(a0)
    .endr
    .endm

    .text
    .globl float_save
float_save:
    for_each_float_register fsd
    frcsr   t0
    sd      t0, 8 * 32(a0)
    ret

    .globl float_load
float_load:
    for_each_float_register fld
    ld      t0, 8 * 32(a0)
    fscsr   t0
    ret
