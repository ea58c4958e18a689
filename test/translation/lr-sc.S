# A loop around lr and sc, as compilers write it.
	.globl	lr_sc
lr_sc:
1:	lr.w.aq	a2, (a0)
	add	a3, a2, a1
	sc.w.rl	a4, a3, (a0)
	bnez	a4, 1b
	mv	a0, a2
	ret
