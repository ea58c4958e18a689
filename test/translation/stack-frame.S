# A prologue and an epilogue: sp changes, so what is saved and what is restored are two groups.
	.globl	stack_frame
stack_frame:
	addi	sp, sp, -32
	sd	ra, 24(sp)
	sd	s0, 16(sp)
	sd	s1, 8(sp)
	mv	s0, a0
	mv	s1, a1
	add	a0, s0, s1
	ld	ra, 24(sp)
	ld	s0, 16(sp)
	ld	s1, 8(sp)
	addi	sp, sp, 32
	ret
