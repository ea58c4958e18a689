# Shifts of words give words, extended by their sign.
	.globl	shifts
shifts:
	slliw	a1, a0, 3
	srlw	a2, a0, a1
	sraiw	a3, a0, 7
	sll	a4, a0, a1
	addw	a5, a3, a4
	ret
