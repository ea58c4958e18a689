# Slots are checked once around; the sum never leaves its local.
	.globl	counted_loop
counted_loop:
	li	a1, 0
1:	add	a1, a1, a0
	addi	a0, a0, -1
	bnez	a0, 1b
	mv	a0, a1
	ret
