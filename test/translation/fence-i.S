# Stores are coherent with fetches, so fence.i has nothing to do.
	.globl	fence_i
fence_i:
	sw	a1, 0(a0)
	fence.i
	jr	a0
