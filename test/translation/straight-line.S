# Arithmetic on registers: one WebAssembly instruction or two for each, nothing in between.
	.globl	straight_line
straight_line:
	add	a0, a1, a2
	xori	a0, a0, 255
	sltu	a3, a0, a1
	and	a4, a0, a3
	sub	a5, a4, a2
	mv	a0, a5
	ret
