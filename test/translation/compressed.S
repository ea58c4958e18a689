# Compressed instructions are what they stand for.
	.globl	compressed
compressed:
	c.li	a0, 5
	c.lui	a1, 2
	c.add	a0, a1
	c.srli	a0, 3
	c.lwsp	a2, 12(sp)
	c.swsp	a2, 16(sp)
	c.beqz	a0, 1f
	c.addi4spn a3, sp, 24
1:	c.jr	ra
