# One loop within another, as WebAssembly nests them.
	.globl	nested_loops
nested_loops:
	li	a2, 0
1:	mv	a3, a1
2:	add	a2, a2, a3
	addi	a3, a3, -1
	bnez	a3, 2b
	addi	a0, a0, -1
	bnez	a0, 1b
	mv	a0, a2
	ret
