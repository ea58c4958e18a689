# The two floating-point formats in memory; the narrow one is boxed in NaN.
	.globl	floating_load_store
floating_load_store:
	fld	fa0, 0(a0)
	flw	fa1, 8(a0)
	fsd	fa0, 16(a0)
	fsw	fa1, 24(a0)
	ret
