# A loop that ends by comparing doubles.
	.globl	floating_compare
floating_compare:
1:	fmul.d	fa0, fa0, fa0
	flt.d	a0, fa0, fa1
	bnez	a0, 1b
	ret
