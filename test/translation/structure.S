# Fields of one structure: the first access finds the page for all.
	.globl	structure
structure:
	ld	a1, 0(a0)
	lw	a2, 8(a0)
	lhu	a3, 12(a0)
	lb	a4, 15(a0)
	add	a1, a1, a2
	add	a3, a3, a4
	sd	a1, 16(a0)
	sw	a3, 24(a0)
	ret
