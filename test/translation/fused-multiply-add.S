# The host has no fused multiply-add: it is put together.
	.globl	fused_multiply_add
fused_multiply_add:
	fmadd.d	fa0, fa1, fa2, fa0
	ret
