/** The time CSR shows the board's clock. Which CSRs there are and what they hold: test/conformance/csr.suite.ts. */
import { reg } from "./guest/assembler.ts";
import { session } from "./guest/session.ts";

session("time is the CLINT's mtime", (s) => {
  const pc = s.code((a) =>
    a
      .op("sd", { rs1: reg.a0, rs2: reg.a2 })
      .csrr(reg.a1, "time")
      .op("ld", { rd: reg.a3, rs1: reg.a0 })
      .op("sub", { rd: reg.a3, rs1: reg.a3, rs2: reg.a1 })
      .op("sltiu", { rd: reg.a3, rs1: reg.a3, immediate: 2 })
      .op("sub", { rd: reg.a1, rs1: reg.a1, rs2: reg.a2 })
      .op("sltiu", { rd: reg.a1, rs1: reg.a1, immediate: 2 }),
  );
  for (const value of [0n, 0x1234_5678_9abcn, 1n << 62n]) {
    s.step(`mtime = ${value}`, { pc, a: [0x200_bff8n, 0n, value] }, { a1: 1n, a3: 1n });
  }
});
