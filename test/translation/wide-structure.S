# Fields that are far apart are looked up in groups, lest one near a page's end make all of them slow.
	.globl	wide_structure
wide_structure:
	ld	a1, 0(a0)
	ld	a2, 8(a0)
	ld	a3, 1024(a0)
	ld	a4, 1032(a0)
	add	a1, a1, a2
	add	a3, a3, a4
	sd	a1, 2040(a0)
	sd	a3, -8(a0)
	ret
