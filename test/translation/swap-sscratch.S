# The first instructions of a trap handler.
	.globl	swap_sscratch
swap_sscratch:
	csrrw	sp, sscratch, sp
	bnez	sp, 1f
	csrr	sp, sscratch
1:	sd	ra, 8(sp)
	csrr	t0, sepc
	csrr	t1, scause
	j	.
