import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { csrs } from "./csr.ts";
import type { Decoded } from "./decode.ts";
import { createDecoder } from "./decode.ts";
import type { SymbolLookup } from "./disassemble.ts";
import { disassemble, disassembleRaw } from "./disassemble.ts";
import { instructions } from "./table.ts";
import { randomWords } from "./testing/sample.ts";

const decode = createDecoder(instructions);

function decoded(word: number): Decoded {
  const result = decode(word);
  if (result === undefined) throw new Error(`0x${word.toString(16)} does not decode`);
  return result;
}

// What GNU objdump 2.40 prints at address 0x1000, with its aliases and without.
test.each([
  [0x0000_0013, "nop", "addi zero,zero,0"],
  [0x0050_0513, "li a0,5", "addi a0,zero,5"],
  [0x0005_8513, "mv a0,a1", "addi a0,a1,0"],
  [0xfff5_c513, "not a0,a1", "xori a0,a1,-1"],
  [0x40b0_0533, "neg a0,a1", "sub a0,zero,a1"],
  [0x40b0_053b, "negw a0,a1", "subw a0,zero,a1"],
  [0x0005_851b, "sext.w a0,a1", "addiw a0,a1,0"],
  [0x0015_b513, "seqz a0,a1", "sltiu a0,a1,1"],
  [0x00b0_3533, "snez a0,a1", "sltu a0,zero,a1"],
  [0x0005_a533, "sltz a0,a1", "slt a0,a1,zero"],
  [0x00b0_2533, "sgtz a0,a1", "slt a0,zero,a1"],
  [0x0ff5_f513, "zext.b a0,a1", "andi a0,a1,255"],
  [0x0805_c53b, "zext.h a0,a1", "zext.h a0,a1"],
  [0x0805_853b, "zext.w a0,a1", "add.uw a0,a1,zero"],
  [0xfe05_0ee3, "beqz a0,ffc", "beq a0,zero,ffc"],
  [0x00a0_5463, "blez a0,1008", "bge zero,a0,1008"],
  [0x0005_5463, "bgez a0,1008", "bge a0,zero,1008"],
  [0x0005_4463, "bltz a0,1008", "blt a0,zero,1008"],
  [0x00a0_4463, "bgtz a0,1008", "blt zero,a0,1008"],
  [0x0000_006f, "j 1000", "jal zero,1000"],
  [0x0000_00ef, "jal 1000", "jal ra,1000"],
  [0x0000_8067, "ret", "jalr zero,0(ra)"],
  [0x0007_8067, "jr a5", "jalr zero,0(a5)"],
  [0x0107_8067, "jr 16(a5)", "jalr zero,16(a5)"],
  [0x0007_80e7, "jalr a5", "jalr ra,0(a5)"],
  [0x0107_80e7, "jalr 16(a5)", "jalr ra,16(a5)"],
  [0x0007_82e7, "jalr t0,a5", "jalr t0,0(a5)"],
  [0x0107_82e7, "jalr t0,16(a5)", "jalr t0,16(a5)"],
  [0xffff_f537, "lui a0,0xfffff", "lui a0,0xfffff"],
  [0x0000_1517, "auipc a0,0x1", "auipc a0,0x1"],
  [0x03f5_9513, "slli a0,a1,0x3f", "slli a0,a1,0x3f"],
  [0xff81_3503, "ld a0,-8(sp)", "ld a0,-8(sp)"],
  [0xfea1_3c23, "sd a0,-8(sp)", "sd a0,-8(sp)"],
  [0x0ff0_000f, "fence", "fence iorw,iorw"],
  [0x0310_000f, "fence rw,w", "fence rw,w"],
  [0x8330_000f, "fence.tso", "fence rw,rw"],
  [0x0100_000f, "pause", "pause"],
  [0x0005_200f, "cbo.inval (a0)", "cbo.inval (a0)"],
  [0x0015_200f, "cbo.clean (a0)", "cbo.clean (a0)"],
  [0x0025_200f, "cbo.flush (a0)", "cbo.flush (a0)"],
  [0x0045_200f, "cbo.zero (a0)", "cbo.zero (a0)"],
  [0x0205_6013, "prefetch.i 32(a0)", "prefetch.i 32(a0)"],
  [0x8015_e013, "prefetch.r -2048(a1)", "prefetch.r -2048(a1)"],
  [0x7e36_6013, "prefetch.w 2016(a2)", "prefetch.w 2016(a2)"],
  [0x1200_0073, "sfence.vma", "sfence.vma zero,zero"],
  [0x1205_0073, "sfence.vma a0", "sfence.vma a0,zero"],
  [0x12b5_0073, "sfence.vma a0,a1", "sfence.vma a0,a1"],
  [0x1605_0073, "sinval.vma a0,zero", "sinval.vma a0,zero"],
  [0x3000_2573, "csrr a0,mstatus", "csrrs a0,mstatus,zero"],
  [0x3415_1073, "csrw mepc,a0", "csrrw zero,mepc,a0"],
  [0x1001_6073, "csrsi sstatus,2", "csrrsi zero,sstatus,2"],
  [0x7c00_2573, "csrr a0,0x7c0", "csrrs a0,0x7c0,zero"],
  [0xc000_2573, "rdcycle a0", "csrrs a0,cycle,zero"],
  [0xc010_2573, "rdtime a0", "csrrs a0,time,zero"],
  [0xc020_2573, "rdinstret a0", "csrrs a0,instret,zero"],
  [0x0030_2573, "frcsr a0", "csrrs a0,fcsr,zero"],
  [0xc000_1073, "unimp", "csrrw zero,cycle,zero"],
  [0x1005_252f, "lr.w a0,(a0)", "lr.w a0,(a0)"],
  [0x06b6_352f, "amoadd.d.aqrl a0,a1,(a2)", "amoadd.d.aqrl a0,a1,(a2)"],
  [0x04b6_352f, "amoadd.d.aq a0,a1,(a2)", "amoadd.d.aq a0,a1,(a2)"],
  [0x02b6_352f, "amoadd.d.rl a0,a1,(a2)", "amoadd.d.rl a0,a1,(a2)"],
  [0x0001, "nop", "c.nop"],
  [0x4505, "li a0,1", "c.li a0,1"],
  [0x852e, "mv a0,a1", "c.mv a0,a1"],
  [0x952e, "add a0,a0,a1", "c.add a0,a1"],
  [0x1141, "addi sp,sp,-16", "c.addi sp,-16"],
  [0x7179, "addi sp,sp,-48", "c.addi16sp sp,-48"],
  [0x0808, "addi a0,sp,16", "c.addi4spn a0,sp,16"],
  [0x777d, "lui a4,0xfffff", "c.lui a4,0xfffff"],
  [0xe406, "sd ra,8(sp)", "c.sdsp ra,8(sp)"],
  [0x8082, "ret", "c.jr ra"],
  [0x9782, "jalr a5", "c.jalr a5"],
  [0xbfed, "j ffa", "c.j ffa"],
  [0xc119, "beqz a0,1006", "c.beqz a0,1006"],
  [0x9002, "ebreak", "c.ebreak"],
  [0x24b5_8553, "fmv.h fa0,fa1", "fsgnj.h fa0,fa1,fa1"],
  [0x24b5_9553, "fneg.h fa0,fa1", "fsgnjn.h fa0,fa1,fa1"],
  [0xd405_1553, "fcvt.h.w fa0,a0,rtz", "fcvt.h.w fa0,a0,rtz"],
  [0x4025_8553, "fcvt.s.h fa0,fa1", "fcvt.s.h fa0,fa1"],
  // Unknown to that version: words by clang 17, those of Zicond by the manual; text as later versions have it.
  [0x0ec5_d533, "czero.eqz a0,a1,a2", "czero.eqz a0,a1,a2"],
  [0x0ec5_f533, "czero.nez a0,a1,a2", "czero.nez a0,a1,a2"],
  [0x81e8, "lbu a0,3(a1)", "c.lbu a0,3(a1)"],
  [0x85a8, "lhu a0,2(a1)", "c.lhu a0,2(a1)"],
  [0x85e8, "lh a0,2(a1)", "c.lh a0,2(a1)"],
  [0x89c8, "sb a0,1(a1)", "c.sb a0,1(a1)"],
  [0x8da8, "sh a0,2(a1)", "c.sh a0,2(a1)"],
  [0x9d61, "zext.b a0,a0", "c.zext.b a0"],
  [0x9d65, "sext.b a0,a0", "c.sext.b a0"],
  [0x9d69, "zext.h a0,a0", "c.zext.h a0"],
  [0x9d6d, "sext.h a0,a0", "c.sext.h a0"],
  [0x9d71, "zext.w a0,a0", "c.zext.w a0"],
  [0x9d75, "not a0,a0", "c.not a0"],
  [0x9d4d, "mul a0,a0,a1", "c.mul a0,a1"],
])("word %#: %s", (word, usual, raw) => {
  expect(disassemble(decoded(word), 0x1000n)).toBe(usual);
  expect(disassembleRaw(decoded(word), 0x1000n)).toBe(raw);
});

test("a target is named where a symbol is known", () => {
  const symbol: SymbolLookup = (address) => (address === 0x8000_0010n ? "main+0x10" : undefined);
  const jump = decoded(0x0100_006f);
  expect(disassemble(jump, 0x8000_0000n, symbol)).toBe("j 80000010 <main+0x10>");
  expect(disassembleRaw(jump, 0x8000_0000n, symbol)).toBe("jal zero,80000010 <main+0x10>");
  expect(disassemble(jump, 0n, symbol)).toBe("j 10");
});

test("targets wrap around the address space", () => {
  expect(disassemble(decoded(0xffdf_f06f), 0n)).toBe("j fffffffffffffffc");
});

const TOOLS = "riscv64-linux-gnu-";
const TIMEOUT_MILLISECONDS = 60_000;
const available = ["as", "objdump"].every((tool) => spawnSync(TOOLS + tool, ["--version"]).status === 0);
if (!available)
  console.warn(`${TOOLS}as and ${TOOLS}objdump are not installed: skipping the comparison with them`);

/** What objdump makes of words, assembled one after the other from address 0. */
function objdump(words: readonly number[], options: readonly string[]) {
  const directory = mkdtempSync(join(tmpdir(), "disassemble-"));
  try {
    const source = join(directory, "words.s");
    const object = join(directory, "words.o");
    const lines = words.map((word) => `.insn ${(word & 3) === 3 ? 4 : 2}, 0x${word.toString(16)}\n`);
    writeFileSync(source, lines.join(""));
    const march =
      "rv64gc_zba_zbb_zbc_zbkb_zbkx_zbs_zfh_zicbom_zicbop_zicboz_zicsr_zifencei_zihintpause_svinval";
    const assembled = spawnSync(`${TOOLS}as`, [`-march=${march}`, "-o", object, source], {
      encoding: "utf8",
    });
    if (assembled.status !== 0) throw new Error(assembled.stderr);
    const dumped = spawnSync(`${TOOLS}objdump`, ["-d", "-z", ...options, object], {
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    return [...dumped.stdout.matchAll(/^ +([0-9a-f]+):\t([0-9a-f]+) +\t(.*)$/gm)].map(
      ([, pc = "", word = "", text = ""]) => ({
        pc: BigInt(`0x${pc}`),
        word: Number.parseInt(word, 16),
        text: text
          .replace(/ <.*>$| +# .*/, "")
          .replace("\t", " ")
          .trim(),
      }),
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const knownCsrs = new Set(csrs.map(({ number }) => number));
const isData = (text: string) => /^(\.[24]byte .*|(c\.)?unimp|add sp,sp,0|c\.addi16sp sp,0)$/.test(text);

/** HINTs of compressed instructions: no destination, or nothing done to it. */
const isHint = (name: string, rd: number, immediate: number) =>
  (rd === 0 && /^c\.(nop|li|lui|mv|add|slli)$/.test(name)) ||
  (immediate === 0 && /^c\.(addi|slli|srli|srai)$/.test(name));

/** Where objdump has its own idea of what text a legal word should have. */
function differs({ instruction, rd, immediate, word }: Decoded, text: string): boolean {
  const { name } = instruction;
  // It does not know HINTs by what they stand for…
  if (instruction.extension === "c" && isHint(name, rd, immediate)) return true;
  // …nor fences with reserved fields, which shall execute as ordinary ones…
  if (/^fence/.test(name) && (/^\.4byte|unknown/.test(text) || (word & 0xf_8f80) !== 0)) return true;
  // …nor a rounding mode where nothing is ever rounded…
  if (/^fcvt\.(d\.(s|wu?)|[sd]\.h)$/.test(name) && text.startsWith(".4byte")) return true;
  // …nor, up to version 2.40, these extensions…
  if (/^(zcb|zicond)$/.test(instruction.extension) && isData(text)) return true;
  // …but CSRs that this machine does not have.
  return instruction.pattern.startsWith("csr") && !knownCsrs.has(immediate);
}

describe.skipIf(!available)("words read as GNU objdump reads them", () => {
  const halfwords = Array.from({ length: 0x10000 }, (_, word) => word).filter((word) => (word & 3) !== 3);
  const words = instructions
    .filter(({ encoding }) => encoding.length === 4)
    .flatMap((entry) => randomWords(entry, 100));

  const forms = [
    { form: "usual", options: [], write: disassemble },
    { form: "raw", options: ["-Mno-aliases"], write: disassembleRaw },
  ];
  describe.each(forms)("$form", ({ options, write }) => {
    test.each([
      { what: "every compressed word", sample: halfwords },
      { what: "random words of every other entry", sample: words },
    ])(
      "$what",
      ({ sample }) => {
        const lines = objdump(sample, options);
        expect(lines).toHaveLength(sample.length);
        const mismatches = lines.flatMap(({ pc, word, text }) => {
          const result = decode(word);
          const ours = result === undefined ? "data" : write(result, pc);
          // Version 2.40 drops the "i" of immediate forms ("add a0,a0,1"), which others keep.
          const shortened = ours.replace(/^([a-z]+)i(w? )/, "$1$2");
          const agreed =
            result === undefined ? isData(text) : differs(result, text) || [ours, shortened].includes(text);
          return agreed ? [] : [`0x${word.toString(16)}: ${ours}, objdump: ${text}`];
        });
        expect(mismatches).toEqual([]);
      },
      TIMEOUT_MILLISECONDS,
    );
  });
});
