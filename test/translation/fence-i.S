# After fence.i everything is looked at anew.
	.globl	fence_i
fence_i:
	sw	a1, 0(a0)
	fence.i
	jr	a0
