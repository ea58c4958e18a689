# Doubles are computed by the host where that gives the same result and the same flags.
	.globl	floating_add
floating_add:
	fadd.d	fa0, fa0, fa1
	fadd.d	fa0, fa0, fa2
	fsub.d	fa0, fa0, fa3
	ret
