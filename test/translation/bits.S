# Bit manipulation has instructions of its own in WebAssembly, or takes several.
	.globl	bits
	.option	arch, +zba, +zbb, +zicsr, +zifencei
bits:
	clz	a1, a0
	cpop	a2, a0
	rori	a3, a0, 8
	sh3add	a4, a1, a0
	andn	a5, a4, a3
	rev8	a6, a0
	zext.h	a7, a0
	ret
