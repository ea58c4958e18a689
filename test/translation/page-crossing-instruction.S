# An instruction that lies on two pages: both must be where they were, and both fetches count.
	.globl	page_crossing_instruction
page_crossing_instruction:
	j	1f
	.balign	4096
	.skip	4096 - 6
2:	addi	a0, a0, -1
	.option	push
	.option	norvc
	addi	a1, a1, 1000
	.option	pop
	bnez	a0, 2b
	ret
1:	addi	a0, a0, 8
	j	2b
