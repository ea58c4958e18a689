# The last instructions of a trap handler.
	.globl	trap_return
trap_return:
	csrw	sepc, t0
	ld	t0, 40(sp)
	ld	sp, 16(sp)
	sret
