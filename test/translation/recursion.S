# A function that calls itself.
	.globl	recursion
recursion:
	addi	sp, sp, -16
	sd	ra, 8(sp)
	sd	s0, 0(sp)
	mv	s0, a0
	beqz	a0, 1f
	addi	a0, a0, -1
	jal	recursion
	add	a0, a0, s0
1:	ld	ra, 8(sp)
	ld	s0, 0(sp)
	addi	sp, sp, 16
	ret
