# Two counters with work in between.
	.globl	read_cycle
read_cycle:
	rdcycle	a1
	addi	a0, a0, 1
	rdcycle	a2
	sub	a0, a2, a1
	ret
