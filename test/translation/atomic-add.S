# Atomic operations on words and doublewords.
	.globl	atomic_add
atomic_add:
	amoadd.w.aqrl	a2, a1, (a0)
	amoswap.d	a3, a1, (a0)
	amomaxu.d	zero, a3, (a0)
	ret
