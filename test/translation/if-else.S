# Two ways that meet again: a block that both leave.
	.globl	if_else
if_else:
	bge	a0, a1, 1f
	sub	a2, a1, a0
	j	2f
1:	sub	a2, a0, a1
2:	slli	a0, a2, 1
	ret
