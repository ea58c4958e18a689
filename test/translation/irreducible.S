# A loop that is entered in two places: the edge that enters beside the head leaves the region.
	.globl	irreducible
irreducible:
	beqz	a0, 2f
1:	addi	a1, a1, 3
2:	addi	a1, a1, 5
	bltu	a1, a2, 1b
	mv	a0, a1
	ret
