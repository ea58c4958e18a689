# A call of a known function: registers that changed go to memory before, all come back after.
	.globl	direct_call
direct_call:
	mv	s0, a0
	addi	a0, a0, 1
	jal	1f
	add	a0, a0, s0
	j	.
1:	slli	a0, a0, 2
	ret
