# Between integers and doubles.
	.globl	convert
convert:
	fcvt.d.w	fa0, a0
	fcvt.s.d	fa1, fa0
	fcvt.l.d	a0, fa0, rtz
	ret
