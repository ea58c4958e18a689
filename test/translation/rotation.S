# A rotation of a word, made of two shifts, is one; so is one of a doubleword whose register is used again.
	.globl	rotation
rotation:
	srliw	a1, a0, 7
	slliw	a2, a0, 25
	or	a1, a1, a2
	slli	a3, a4, 13
	srli	a4, a4, 51
	xor	a4, a4, a3
	ret
