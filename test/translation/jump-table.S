# A switch: where it was seen to lead is compared with, one after the other.
# Leads: dispatch zero one two
	.globl	jump_table
	.option	arch, +zba, +zbb, +zicsr, +zifencei
jump_table:
	lla	a1, table
	sh2add	a1, a0, a1
	lw	a1, 0(a1)
	lla	a2, table
	add	a1, a1, a2
dispatch:
	jr	a1
zero:
	li	a0, 10
	ret
one:
	li	a0, 20
	ret
two:
	li	a0, 30
	ret
	.balign	4
table:
	.word	zero - table, one - table, two - table
