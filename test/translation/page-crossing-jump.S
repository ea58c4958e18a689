# The next page is where it was when this was translated, or the region is left.
	.globl	page_crossing_jump
page_crossing_jump:
	addi	a0, a0, 1
	beqz	a0, 1f
	ret
	.skip	4096
1:	addi	a0, a0, 2
	ret
