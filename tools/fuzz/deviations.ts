/**
 * Where QEMU 7.2 is known to differ from us, and why that is not our fault: each entry names the paragraph of the
 * specification that says QEMU is wrong, or that both are right. Entries look at values, so that they excuse as little
 * as possible; some deviations would spoil what comes after them, and programs avoid them instead (generate.ts).
 */
import { csrs } from "../../emulator/isa/csr.ts";
import type { LoggedTrap, Outcome } from "./log.ts";
import type { Trial } from "./trial.ts";
import { instructionOf } from "./trial.ts";
import type { Memory } from "./world.ts";
import { RAM, RAM_BYTES, walk } from "./world.ts";

/** What surrounds a difference. */
export interface Scene {
  readonly trial: Trial;
  /** RAM at the end of our run. */
  readonly memory: Memory;
  readonly ours: Outcome;
  readonly theirs: Outcome;
}

export interface Deviation {
  readonly name: string;
  readonly verdict: "QEMU is wrong" | "both are allowed";
  /** Privileged Architecture 20211203 unless it says otherwise. */
  readonly paragraph: string;
  readonly explanation: string;
  /** Whether it explains that a trap differs; statuses are looked at apart. */
  readonly trap?: (ours: LoggedTrap, theirs: LoggedTrap, scene: Scene) => boolean;
  /** Whether it explains that a register differs at a trial's end. */
  readonly state?: (name: string, ours: bigint, theirs: bigint, scene: Scene) => boolean;
  /** How programs keep it from happening, where they do. */
  readonly avoided?: string;
}

const FS = 3n << 13n;
const SD = 1n << 63n;
const INTERRUPT = 1n << 63n;
const HIGH_HALF = 0xffff_ffff_0000_0000n;

/** Whether only FS and SD differ, and ours say dirty. */
export const statusBitsOfFloat = (ours: bigint, theirs: bigint): boolean =>
  ((ours ^ theirs) & ~(FS | SD)) === 0n && (ours & FS) === FS && (theirs & FS) !== 0n;

const csrNames = new Map(csrs.map(({ number, name }) => [number, name]));

/** The CSRs that a trial reads into an integer register; their differences are found again there. */
function csrsReadInto(name: string, { trial }: Scene): string[] {
  if (!name.startsWith("x")) return [];
  const register = Number(name.slice(1));
  return trial.items.flatMap(({ word, length }) => {
    const accesses = length === 4 && (word & 0x7f) === 0x73 && ((word >>> 12) & 3) !== 0;
    return accesses && ((word >>> 7) & 31) === register ? [csrNames.get(word >>> 20) ?? ""] : [];
  });
}

type Excuse = (ours: bigint, theirs: bigint, scene: Scene) => boolean;

/** Applies to CSRs, and to registers that a trial has read one of them into. */
const inCsrs =
  (excuses: Readonly<Record<string, Excuse>>): NonNullable<Deviation["state"]> =>
  (name, ours, theirs, scene) =>
    [name, ...csrsReadInto(name, scene)].some((csr) => excuses[csr]?.(ours, theirs, scene) ?? false);

/** Ours has none of these bits, QEMU's some, and nothing else differs. */
const extraBits =
  (bits: bigint): Excuse =>
  (ours, theirs) =>
    ((ours ^ theirs) & ~bits) === 0n && (ours & bits) === 0n;

/** The word that lies at a trial's pc; 0 where there is no memory. */
export function wordAt({ memory }: Scene, pc: bigint): number {
  const at = Number(pc & ~0x4000_0000n);
  return at >= RAM && at + 4 <= RAM + RAM_BYTES ? memory.get32(at) : 0;
}

const samePlace = (a: LoggedTrap, b: LoggedTrap) => a.to === b.to && a.epc === b.epc;

/** A read-modify-write or SC: all of A but LR. */
export const isAtomicStore = (word: number) => (word & 0x7f) === 0x2f && word >>> 27 !== 2;

const STORE_CAUSE = new Map([
  [4n, 6n],
  [5n, 7n],
  [13n, 15n],
]);
const ACCESS_CAUSE = new Map([
  [12n, 1n],
  [13n, 5n],
  [15n, 7n],
]);
const MEMORY_CAUSES: ReadonlySet<bigint> = new Set([4n, 5n, 6n, 7n, 13n, 15n]);

/** Bytes that the load or store at a trap's pc accesses. */
function accessBytes(scene: Scene, pc: bigint): bigint {
  const instruction = instructionOf(wordAt(scene, pc));
  const name = instruction?.standsFor ?? instruction?.name ?? "";
  const letter = /^f?[ls]([bhwd])u?$/.exec(name)?.[1] ?? "d";
  return { b: 1n, h: 2n, w: 4n, d: 8n }[letter] ?? 8n;
}

/** A register that shows what an explained trap left behind: the same two values stand in the log. */
const trapRegisters: Readonly<Record<string, "cause" | "epc" | "tval">> = {
  scause: "cause",
  sepc: "epc",
  stval: "tval",
  mcause: "cause",
  mepc: "epc",
  mtval: "tval",
};

/** The register holds what a trap left, perhaps after an instruction that set or cleared bits of it. */
const leftByTrap: NonNullable<Deviation["state"]> = (name, ours, theirs, scene) =>
  [name, ...csrsReadInto(name, scene)].some((csr) => {
    const field = trapRegisters[csr];
    if (field === undefined) return false;
    return scene.ours.traps.some((trap, i) => {
      const other = scene.theirs.traps[i];
      return other !== undefined && ((ours ^ theirs) & ~(trap[field] ^ other[field])) === 0n;
    });
  });

/** Looked at by the comparison itself, which knows which pages are in question. */
export const accessedAndDirty: Deviation = {
  name: "A and D after a fault",
  verdict: "both are allowed",
  paragraph: "4.3.1: A may be set early; 4.3.2: A and D are set before physical memory protection is asked",
  explanation:
    "Where another entry explains a fault, QEMU has looked at the page as a load does, or at the other page first: A and D of these pages may differ.",
};

export const deviations: readonly Deviation[] = [
  {
    name: "AMO faults as a load",
    verdict: "QEMU is wrong",
    paragraph: "3.1.15: faults of AMOs are store/AMO exceptions, whatever part of them faults",
    explanation:
      "QEMU does the load of an AMO first, and reports its fault or misalignment as that of a load.",
    trap: (ours, theirs, scene) =>
      samePlace(ours, theirs) &&
      ours.tval === theirs.tval &&
      isAtomicStore(wordAt(scene, ours.epc)) &&
      // A page that can be read and not written, where PMP lets nothing through: the load gets as far as PMP.
      (STORE_CAUSE.get(theirs.cause) === ours.cause || (theirs.cause === 5n && ours.cause === 15n)),
  },
  {
    name: "page table outside memory",
    verdict: "QEMU is wrong",
    paragraph: "4.3.2, step 2: if accessing pte violates a PMA or PMP check, raise an access-fault exception",
    explanation: "QEMU raises a page fault where a page table lies in no memory.",
    trap: (ours, theirs, scene) => {
      const asStore = isAtomicStore(wordAt(scene, ours.epc)) ? STORE_CAUSE.get(theirs.cause) : theirs.cause;
      const expected = ACCESS_CAUSE.get(asStore ?? theirs.cause);
      const spaces = [scene.trial.csrs.satp, scene.ours.state.get("satp") ?? 0n];
      return (
        samePlace(ours, theirs) &&
        ours.tval === theirs.tval &&
        expected === ours.cause &&
        spaces.some((satp) => walk(scene.memory, satp, ours.tval) === "missing")
      );
    },
  },
  {
    name: "FS stays clean",
    verdict: "QEMU is wrong",
    paragraph: "3.1.6.6: FS is dirty when the floating-point state, fcsr included, may have been modified",
    explanation:
      "QEMU does not set FS to dirty where an instruction changes nothing but fflags, or writes no f register.",
    trap: (ours, theirs) =>
      samePlace(ours, theirs) &&
      ours.cause === theirs.cause &&
      ours.tval === theirs.tval &&
      statusBitsOfFloat(ours.status, theirs.status),
    state: inCsrs({ mstatus: statusBitsOfFloat, sstatus: statusBitsOfFloat }),
  },
  {
    name: "interrupts by number",
    verdict: "QEMU is wrong",
    paragraph: "3.1.9: simultaneous interrupts are taken in the order MEI, MSI, MTI, SEI, SSI, STI",
    explanation: "QEMU 7.2 takes the lowest-numbered of several local interrupts first.",
    trap: (ours, theirs, { ours: our, theirs: their }) => {
      const pendingAt = (traps: readonly LoggedTrap[]) =>
        traps
          .filter((t) => t.cause >= INTERRUPT && t.epc === ours.epc && t.to === ours.to)
          .map((t) => t.cause);
      const [mine, other] = [pendingAt(our.traps), pendingAt(their.traps)];
      return (
        samePlace(ours, theirs) &&
        ours.cause >= INTERRUPT &&
        theirs.cause >= INTERRUPT &&
        mine.includes(theirs.cause) &&
        other.includes(ours.cause)
      );
    },
  },
  {
    name: "misaligned access: address rounded down",
    verdict: "QEMU is wrong",
    paragraph: "3.1.16: mtval holds the address of the portion of a misaligned access that caused the fault",
    explanation:
      "QEMU does a misaligned access that leaves its page as two aligned ones, and gives the address of the first, where nothing was accessed.",
    trap: (ours, theirs, scene) => {
      const size = accessBytes(scene, ours.epc);
      return (
        samePlace(ours, theirs) &&
        ours.cause === theirs.cause &&
        MEMORY_CAUSES.has(ours.cause) &&
        ours.tval % size !== 0n &&
        theirs.tval === ours.tval - (ours.tval % size)
      );
    },
  },
  {
    name: "misaligned access: which half faults first",
    verdict: "both are allowed",
    paragraph:
      "3.1.16: the portion that caused the fault; unprivileged 2.6: the order of the portions is open",
    explanation: "Where both pages of an access fault, QEMU reports the second page of a store.",
    trap: (ours, theirs, scene) => {
      const size = accessBytes(scene, ours.epc);
      const boundary = (ours.tval | 0xfffn) + 1n;
      const crosses = ours.tval % size !== 0n && ours.tval + size > boundary;
      return (
        samePlace(ours, theirs) &&
        MEMORY_CAUSES.has(ours.cause) &&
        MEMORY_CAUSES.has(theirs.cause) &&
        crosses &&
        (theirs.tval === boundary || theirs.tval === ours.tval - (ours.tval % size))
      );
    },
  },
  {
    name: "ebreak's tval",
    verdict: "both are allowed",
    paragraph: "3.1.16: mtval is the address of the ebreak, or zero",
    explanation: "We write the address, QEMU zero.",
    trap: (ours, theirs) =>
      samePlace(ours, theirs) &&
      ours.cause === 3n &&
      theirs.cause === 3n &&
      ours.tval === ours.epc &&
      theirs.tval === 0n,
  },
  {
    name: "illegal fence's tval",
    verdict: "both are allowed",
    paragraph: "3.1.16: on an illegal-instruction exception mtval is the instruction, or zero",
    explanation: "QEMU writes zero where sfence.vma or sinval.vma is not allowed.",
    trap: (ours, theirs, scene) =>
      samePlace(ours, theirs) &&
      ours.cause === 2n &&
      theirs.cause === 2n &&
      theirs.tval === 0n &&
      ours.tval === BigInt(wordAt(scene, ours.epc)) &&
      /^s(fence|inval)\.vma$/.test(instructionOf(wordAt(scene, ours.epc))?.name ?? ""),
  },
  accessedAndDirty,
  {
    name: "what a trap left behind",
    verdict: "both are allowed",
    paragraph: "follows from one of the other entries",
    explanation: "cause, epc or tval registers still show a trap that another entry explains.",
    state: leftByTrap,
  },
  {
    name: "ctzw of zero",
    verdict: "QEMU is wrong",
    paragraph: "Bit-manipulation 1.0, ctzw: if the input is 0, the output is 32",
    explanation: "QEMU 7.2 goes on counting in the upper half of the register.",
    state: (name, ours, theirs, { trial }) =>
      ours === 32n &&
      trial.items.some(
        ({ word }) =>
          instructionOf(word)?.name === "ctzw" &&
          name === `x${(word >>> 7) & 31}` &&
          theirs > 32n &&
          theirs < 64n,
      ),
  },
  {
    name: "counter enables of 64 bits",
    verdict: "QEMU is wrong",
    paragraph: "3.1.11 and 4.1.5: mcounteren and scounteren are 32-bit registers",
    explanation: "QEMU keeps the upper half that is written.",
    state: inCsrs({ mcounteren: extraBits(HIGH_HALF), scounteren: extraBits(HIGH_HALF) }),
  },
  {
    name: "pmpaddr of 64 bits",
    verdict: "QEMU is wrong",
    paragraph: "3.7.1, figure 3.34: pmpaddr holds bits 55:2 of an address in bits 53:0, the rest is zero",
    explanation: "QEMU keeps all bits that are written.",
    state: inCsrs(
      Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`pmpaddr${n}`, extraBits(0x3ffn << 54n)])),
    ),
  },
  {
    name: "bits of what is absent",
    verdict: "QEMU is wrong",
    paragraph: "3.1.8 and 3.1.9: bits of what is not implemented are read-only zero",
    explanation:
      "QEMU keeps the bits of VS-mode and of counter overflow in delegation and interrupt registers, though it has neither.",
    state: inCsrs({
      medeleg: extraBits(0xf0_0c00n),
      mideleg: extraBits(0x3444n),
      mie: extraBits(0x3444n),
      sie: extraBits(0x3444n),
      mip: extraBits(0x2444n),
    }),
  },
  {
    name: "menvcfg.ADUE",
    verdict: "both are allowed",
    paragraph: "Svadu 1.0: the bit exists where the extension does, which is younger than QEMU 7.2",
    explanation: "QEMU 7.2 sets A and D always and has no bit that says so.",
    state: inCsrs({ menvcfg: (ours, theirs) => ours === (theirs | (1n << 61n)) }),
  },
  {
    name: "Svinval's fences in U-mode",
    verdict: "QEMU is wrong",
    paragraph: "chapter 7: SFENCE.W.INVAL and SFENCE.INVAL.IR are illegal in U-mode",
    explanation: "QEMU executes them.",
    avoided: "they stand only where no code is the user's",
  },
  {
    name: "64 KiB pages of unlike entries",
    verdict: "both are allowed",
    paragraph: "chapter 5: a translation may be cached for the whole range of any of its entries",
    explanation:
      "Our TLB holds such a page as one entry, and sets A and D in the entry it has walked; QEMU walks each.",
    avoided: "the 16 entries are alike, and have A and D",
  },
  {
    name: "reserved memory type",
    verdict: "QEMU is wrong",
    paragraph:
      "chapter 6: PBMT = 3 is reserved, and raises a page fault; so does any PBMT without menvcfg.PBMTE (3.1.18)",
    explanation: "QEMU 7.2 ignores PBMT.",
    avoided: "PBMT is 0 to 2, and PBMTE is set",
  },
  {
    name: "reserved bits of page-table entries",
    verdict: "QEMU is wrong",
    paragraph: "4.4.1: if any of bits 60 to 54 is set, a page-fault exception is raised",
    explanation: "With Svnapot or Svpbmt on, QEMU 7.2 ignores them.",
    avoided: "they are zero",
  },
  {
    name: "status bits of what is absent",
    verdict: "QEMU is wrong",
    paragraph: "3.1.6.6: VS is read-only zero without vector registers; 8.4.1: MPV and GVA come with H",
    explanation: "QEMU keeps what is written, and sums VS up in SD.",
    avoided: "VS, XS, MPV, GVA and the endianness bits are written as zero",
  },
  {
    name: "bit 0 of xepc",
    verdict: "QEMU is wrong",
    paragraph: "3.1.14 and 4.1.7: the low bit of mepc and sepc is always zero",
    explanation: "QEMU keeps it, and returns to odd addresses.",
    avoided: "what is written to xepc is even",
  },
  {
    name: "MPRV after a trap",
    verdict: "QEMU is wrong",
    paragraph: "3.1.6.3: with MPRV set, loads and stores are translated and protected as by the mode in MPP",
    explanation:
      "QEMU 7.2 keeps translations of M-mode when a trap and its return change MPP, and goes on using those of the mode before.",
    avoided: "MPP is U when MPRV is set, which is what returning from a trap leaves there",
  },
  {
    name: "UXL, SXL and MPP",
    verdict: "QEMU is wrong",
    paragraph: "3.1.6.1 and 3.1.6.2: MPP, UXL and SXL are WARL fields that hold legal values only",
    explanation: "QEMU keeps reserved values that are written there.",
    avoided: "what is written there is legal, or leaves the fields as they are",
  },
  {
    name: "TOR entry 0 with address 0",
    verdict: "QEMU is wrong",
    paragraph: "3.7.1: entry 0 in mode TOR matches addresses y < pmpaddr0",
    explanation: "QEMU lets it match everything.",
    avoided: "entry 0 is never in mode TOR",
  },
  {
    name: "reserved modes of xtvec",
    verdict: "both are allowed",
    paragraph: "3.1.7: MODE is a WARL field",
    explanation: "We drop the mode's upper bit, QEMU the whole write.",
    avoided: "what is written to stvec has bit 1 clear",
  },
  {
    name: "SC that fails",
    verdict: "both are allowed",
    paragraph: "unprivileged 8.2: whether an SC that fails raises an exception for its address is open",
    explanation: "We check the address, QEMU does not.",
    avoided: "SC stands behind an LR of the same address, which both can read and write",
  },
  {
    name: "half of a misaligned store",
    verdict: "both are allowed",
    paragraph:
      "unprivileged 2.6: a misaligned access may be done in parts, so that some have happened when one faults",
    explanation:
      "Where the second page leads to no memory, QEMU has stored to the first; we store all or nothing.",
    avoided: "pages that lead to no memory cannot be written",
  },
  {
    name: "misaligned access and PMP",
    verdict: "both are allowed",
    paragraph: "3.7.1: an access that is split may fail in part",
    explanation: "QEMU splits misaligned accesses otherwise than we do.",
    avoided: "accesses are aligned where PMP is on",
  },
  {
    name: "Svade",
    verdict: "both are allowed",
    paragraph: "4.3.1: two schemes to manage A and D are permitted",
    explanation: "QEMU 7.2 always sets A and D itself.",
    avoided: "menvcfg.ADUE is set where we compare with QEMU",
  },
];
