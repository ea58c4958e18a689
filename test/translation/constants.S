# Constants in pieces, and addresses relative to pc.
	.globl	constants
constants:
	li	a0, 0x12345678
	li	a1, 0x123456789abcdef0
	lla	a2, 1f
	lw	a2, 0(a2)
	ret
	.balign	4
1:	.word	42
