# Where memory is flat, a comparison says whether an access is in RAM; a store asks whether its page holds code.
# Memory is flat.
	.globl	flat_copy
flat_copy:
	add	a2, a2, a1
1:	ld	a3, 0(a1)
	ld	a4, 8(a1)
	sd	a3, 0(a0)
	sd	a4, 8(a0)
	addi	a1, a1, 16
	addi	a0, a0, 16
	bne	a1, a2, 1b
	ret
