# What only one block leads to asks nothing of the floating-point state that has been asked there.
	.globl	floating_loop
floating_loop:
	fmul.d	fa0, fa0, fa0
	flt.d	a1, fa0, fa1
	beqz	a1, 1f
	fneg.d	fa2, fa0
	fsub.d	fa0, fa2, fa0
	addi	a0, a0, -1
	bnez	a0, floating_loop
1:	ret
