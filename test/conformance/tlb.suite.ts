/**
 * What the TLB keeps and what a fence drops. The manual lets a TLB forget at any time; this machine's does not: an entry stays
 * until it is evicted or sfence.vma names it (emulator/memory/tlb.ts), so that a forgotten shootdown shows.
 */
import type { Case, Piece, Suite, Test } from "../../tools/conformance/case.ts";
import { pte, pteFlags } from "./oracle/page-table.ts";
import type { Status } from "./oracle/status.ts";
import { mstatus } from "./oracle/status.ts";
import { exception } from "./oracle/trap.ts";
import { AddressSpace, pageBytes } from "./support/address-space.ts";
import { code, number, word } from "./support/assemble.ts";
import type { Situation } from "./support/situation.ts";
import { before, DATA, RAM, trapped, went } from "./support/situation.ts";

/** Two megapages of RAM, so that a superpage has somewhere else to go. */
const RAM_BYTES = 2 * 0x20_0000;
const MEGAPAGE = 0x20_0000n;
const PAGE = 0x1000n;
const OLD_PAGE = DATA;
const NEW_PAGE = DATA + PAGE;
const POOL = RAM + 0x1_4000n;
const RESULTS = RAM + 0x1_6000n;
const TABLES = RAM + 0x2_0000n;
const VIRTUAL = 0xc000_0000n;
const OLD = 0x0101_0101_0101_0101n;
const NEW = 0x0202_0202_0202_0202n;
// x1, because a fence that read the neighbour of its rs1 field for it would find nothing there.
const [FIRST, SECOND, POOL_BASE, RESULT_BASE] = [1, 6, 7, 2];

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Straight code for S-mode that loads through address spaces, changes their tables and fences, without ever trapping. */
class Script {
  readonly #words: number[] = [];
  readonly #pool: bigint[] = [];
  readonly #results: bigint[] = [];

  /** Executes with another satp from now on. */
  space(satp: bigint): this {
    return this.#constant(FIRST, satp).#emit(word("csrrw", { rs1: FIRST, immediate: 0x180 }));
  }

  /** Loads eight bytes, which must be `expected`. */
  load(virtual: bigint, expected: bigint): this {
    const offset = 8 * this.#results.push(expected) - 8;
    return this.#constant(FIRST, virtual).#emit(
      word("ld", { rd: SECOND, rs1: FIRST }),
      word("sd", { rs1: RESULT_BASE, rs2: SECOND, immediate: offset }),
    );
  }

  /** Stores eight bytes. */
  store(virtual: bigint, value: bigint): this {
    return this.#constant(FIRST, virtual)
      .#constant(SECOND, value)
      .#emit(word("sd", { rs1: FIRST, rs2: SECOND }));
  }

  /** sfence.vma or sinval.vma; an operand left out is x0. */
  fence(name: "sfence.vma" | "sinval.vma", { address, asid }: Fence): this {
    if (address !== undefined) this.#constant(FIRST, address);
    if (asid !== undefined) this.#constant(SECOND, asid);
    const operands = { rs1: address === undefined ? 0 : FIRST, rs2: asid === undefined ? 0 : SECOND };
    return this.#emit(word(name, operands));
  }

  /** Other instructions, which must not trap. */
  execute(...words: readonly number[]): this {
    return this.#emit(...words);
  }

  /** One step that executes all of it. */
  finish(name: string, because: string, satp: bigint, memory: readonly Piece[], misses?: bigint): Case {
    this.#emit(word("addi", { rd: FIRST }), word("addi", { rd: SECOND }));
    // Spaces are left as they were found, so that satp has not changed.
    const s: Situation = {
      mode: "S",
      csrs: { satp, menvcfg: 0n },
      x: { [POOL_BASE]: POOL, [RESULT_BASE]: RESULTS },
    };
    return {
      name,
      because,
      before: before(s),
      memory: [
        code(RAM, this.#words),
        ...this.#pool.map((value, i) => number(POOL + BigInt(8 * i), 8, value)),
        ...memory,
      ],
      steps: [
        {
          slots: this.#words.length,
          after: went(s, BigInt(4 * this.#words.length), {
            memory: this.#results.map((value, i) => number(RESULTS + BigInt(8 * i), 8, value)),
            ...(misses === undefined ? {} : { tlbMisses: misses }),
          }),
        },
      ],
    };
  }

  #constant(register: number, value: bigint): this {
    let index = this.#pool.indexOf(value);
    if (index < 0) index = this.#pool.push(value) - 1;
    return this.#emit(word("ld", { rd: register, rs1: POOL_BASE, immediate: 8 * index }));
  }

  #emit(...words: readonly number[]): this {
    this.#words.push(...words);
    return this;
  }
}

interface Fence {
  readonly address?: bigint;
  readonly asid?: bigint;
}

/** An address space with RAM where it lies, by a global page, so that code and tables need no entry of each space. */
function spaceOf(asid: bigint, index: number): AddressSpace {
  const space = new AddressSpace("sv39", { tables: TABLES + BigInt(index) * 0x8000n, asid });
  space.map(RAM, RAM, "VRWXGAD", 2);
  return space;
}

/** A page that is somewhere, and later somewhere else. */
interface Mapping {
  readonly name: string;
  readonly space: AddressSpace;
  readonly asid: bigint;
  readonly virtual: bigint;
  readonly bytes: bigint;
  readonly global: boolean;
  /** Where it is looked at. */
  readonly probe: bigint;
  readonly entry: bigint;
  readonly later: bigint;
}

function mapping(
  name: string,
  space: AddressSpace,
  virtual: bigint,
  level: number,
  letters = "VRWXAD",
): Mapping {
  const bytes = pageBytes(level);
  const frame = level === 0 ? OLD_PAGE : RAM;
  const entry = space.map(virtual, frame, letters, level);
  return {
    ...{ name, space, virtual, bytes, entry },
    asid: (space.satp >> 44n) & 0xffffn,
    global: letters.includes("G"),
    probe: virtual + (level === 0 ? 0n : OLD_PAGE - RAM),
    later: pte(level === 0 ? NEW_PAGE : RAM + MEGAPAGE, pteFlags(letters)),
  };
}

const contents = [number(OLD_PAGE, 8, OLD), number(NEW_PAGE, 8, NEW), number(OLD_PAGE + MEGAPAGE, 8, NEW)];

const fenceBecause =
  "privileged 4.2.1: rs1 names an address, rs2 an address space, x0 all of them; global pages belong to no single one";

/** The part of an address that translation in Sv39 looks at names a page; other high bits make it name none. */
const names = (
  { address, asid }: Fence,
  m: Pick<Mapping, "virtual" | "bytes" | "global" | "asid">,
): boolean =>
  (address === undefined || (address >= m.virtual && address < m.virtual + m.bytes)) &&
  (asid === undefined || (!m.global && m.asid === (asid & 0xffffn)));

function* fenceCases(name: "sfence.vma" | "sinval.vma", counted: boolean): Iterable<Case> {
  const [one, two, zero] = [spaceOf(1n, 0), spaceOf(2n, 1), spaceOf(0n, 2)];
  const [A, B, G, M] = [VIRTUAL, VIRTUAL + PAGE, VIRTUAL + 2n * PAGE, VIRTUAL + 8n * MEGAPAGE];
  /** In the upper half, whose addresses are negative. */
  const H = (1n << 64n) - 3n * PAGE;
  const mappings = [
    mapping("a1", one, A, 0),
    mapping("b1", one, B, 0),
    mapping("a2", two, A, 0),
    mapping("a0", zero, A, 0),
    mapping("g", one, G, 0, "VRWXGAD"),
    mapping("m1", one, M, 1),
    mapping("gm", one, M + MEGAPAGE, 1, "VRWXGAD"),
    mapping("h1", one, H, 0),
  ];
  const memory = [...contents, ...[one, two, zero].flatMap((space) => space.pieces())];
  const addresses = [
    ...[undefined, A, A + 0xfffn, A - 1n, B, G, M, M + MEGAPAGE - 1n, M + MEGAPAGE + 0x5000n],
    ...[A + 16n * MEGAPAGE, 0n, H + 8n],
  ];
  for (const address of addresses) {
    for (const asid of [undefined, 0n, 1n, 2n, 3n, 0x8001n, 1n | (1n << 16n), 2n | (1n << 63n)]) {
      const by: Fence = {
        ...(address === undefined ? {} : { address }),
        ...(asid === undefined ? {} : { asid }),
      };
      const dropped = mappings.filter((m) => names(by, m));
      const script = new Script();
      for (const m of mappings) script.space(m.space.satp).load(m.probe, OLD);
      for (const m of mappings) script.store(m.entry, m.later);
      for (const m of mappings) script.space(m.space.satp).load(m.probe, OLD);
      script.fence(name, by);
      for (const m of mappings) script.space(m.space.satp).load(m.probe, dropped.includes(m) ? NEW : OLD);
      script.space(one.satp);
      // The code's global page misses once, and again where it is dropped.
      const codePage = { virtual: RAM, bytes: pageBytes(2), global: true, asid: 0n };
      const misses = BigInt(1 + mappings.length + dropped.length + (names(by, codePage) ? 1 : 0));
      const about = `rs1 ${address === undefined ? "x0" : `0x${address.toString(16)}`}, rs2 ${asid ?? "x0"}`;
      const drops = dropped.map((m) => m.name).join(", ") || "nothing";
      yield script.finish(
        `${about}: drops ${drops}`,
        fenceBecause,
        one.satp,
        memory,
        counted ? misses : undefined,
      );
    }
  }
}

/** Without fences: what is stale, what is shared, and what is not kept at all. */
function* spaceCases(): Iterable<Case> {
  const pair = (asid: bigint) => [spaceOf(1n, 0), spaceOf(asid, 1)] as const;
  const all = (...spaces: readonly AddressSpace[]) => [
    ...contents,
    ...spaces.flatMap((space) => space.pieces()),
  ];
  {
    const [one, two] = pair(2n);
    mapping("one", one, VIRTUAL, 0);
    two.map(VIRTUAL, NEW_PAGE, "VRWXAD");
    const script = new Script()
      .load(VIRTUAL, OLD)
      .space(two.satp)
      .load(VIRTUAL, NEW)
      .space(one.satp)
      .load(VIRTUAL, OLD)
      .space(two.satp)
      .load(VIRTUAL, NEW)
      .space(one.satp);
    const because =
      "privileged 4.1.11, 4.2.1: ASIDs tell address spaces apart, so that switching needs no fence";
    yield script.finish("two spaces by turns", because, one.satp, all(one, two), 3n);
  }
  {
    const [one, other] = pair(1n);
    mapping("one", one, VIRTUAL, 0);
    other.map(VIRTUAL, NEW_PAGE, "VRWXAD");
    const script = new Script()
      .load(VIRTUAL, OLD)
      .space(other.satp)
      .load(VIRTUAL, OLD)
      .fence("sfence.vma", { asid: 1n })
      .load(VIRTUAL, NEW)
      .space(one.satp);
    const because = "privileged 4.2.1: changing the root without changing the ASID needs a fence";
    yield script.finish("another root with the same ASID", because, one.satp, all(one, other), 3n);
  }
  {
    const [one, two] = pair(2n);
    mapping("one", one, VIRTUAL, 0, "VRWXGAD");
    two.map(VIRTUAL, NEW_PAGE, "VRWXGAD");
    const script = new Script()
      .load(VIRTUAL, OLD)
      .space(two.satp)
      .load(VIRTUAL, OLD)
      .fence("sfence.vma", { address: VIRTUAL, asid: 2n })
      .load(VIRTUAL, OLD)
      .fence("sfence.vma", { address: VIRTUAL })
      .load(VIRTUAL, NEW)
      .space(one.satp)
      .load(VIRTUAL, NEW);
    const because = "privileged 4.3.1: G says that a mapping is in all address spaces";
    yield script.finish("a global page in another space", because, one.satp, all(one, two), 3n);
  }
  {
    const [one, two] = pair(2n);
    one.map(VIRTUAL, OLD_PAGE, "VRWXAD");
    two.map(VIRTUAL, NEW_PAGE, "VRWXAD");
    one.set(VIRTUAL, (one.at(one.entry(VIRTUAL, 1)) ?? 0n) | pteFlags("G"), 1);
    const script = new Script().load(VIRTUAL, OLD).space(two.satp).load(VIRTUAL, OLD).space(one.satp);
    const because = "privileged 4.3.1: G in a pointer makes every page below it global";
    yield script.finish("a page below a global pointer", because, one.satp, all(one, two), 2n);
  }
  {
    const space = spaceOf(1n, 0);
    const m = mapping("page", space, VIRTUAL, 0);
    const script = new Script()
      .load(VIRTUAL, OLD)
      .store(m.entry, m.later)
      .execute(word("fence.i"))
      .load(VIRTUAL, OLD)
      .execute(word("fence", { pred: 15, succ: 15 }))
      .load(VIRTUAL, OLD)
      .fence("sfence.vma", { address: VIRTUAL })
      .load(VIRTUAL, NEW);
    const because = "privileged 4.2.1: only sfence.vma orders stores to tables before translation";
    yield script.finish(
      "fence and fence.i are no fences of translations",
      because,
      space.satp,
      all(space),
      3n,
    );
  }
  {
    const space = spaceOf(1n, 0);
    mapping("page", space, VIRTUAL, 1);
    const there = VIRTUAL + OLD_PAGE - RAM;
    const script = new Script()
      .load(there, OLD)
      .load(there + PAGE, NEW)
      .load(there, OLD);
    const because = "memory/tlb.ts: an entry is a page of any size";
    yield script.finish("two places in one megapage", because, space.satp, all(space), 2n);
  }
  {
    const space = spaceOf(1n, 0);
    const m = mapping("page", space, VIRTUAL, 0);
    const script = new Script()
      .load(VIRTUAL, OLD)
      .space(0n)
      .load(OLD_PAGE, OLD)
      .space(space.satp)
      .load(VIRTUAL, OLD)
      .store(m.entry, m.later)
      .space(0n)
      .space(space.satp)
      .load(VIRTUAL, OLD);
    const because = "privileged 4.1.11: switching to Bare and back takes effect at once and fences nothing";
    yield script.finish("Bare and back", because, space.satp, all(space), 2n);
  }
}

/** Victims rotate (emulator/memory/tlb.ts): with two ways, the page entered first is evicted first. */
function* evictionCases(ways: number): Iterable<Case> {
  const because = "memory/tlb.ts: an entry stays until it is evicted, and victims rotate within a set";
  for (const pages of [ways - 1, ways, ways + 1, 2 * ways]) {
    const space = new AddressSpace("sv39", { tables: TABLES, asid: 1n });
    for (const page of range(pages)) space.map(VIRTUAL + BigInt(page) * PAGE, OLD_PAGE, "VRWAD");
    // M-mode's code takes no entries; its loads are S-mode's.
    const load = word("ld", { rd: 10, rs1: 11 });
    const forward = word("add", { rd: 11, rs1: 11, rs2: 12 });
    const round = range(pages).flatMap(() => [load, forward]);
    const back = word("sub", { rd: 11, rs1: 11, rs2: 13 });
    const words = [...round, back, ...round, back];
    const s: Situation = {
      mode: "M",
      status: { MPRV: 1, MPP: 1 },
      csrs: { satp: space.satp },
      x: { 10: OLD, 11: VIRTUAL, 12: PAGE, 13: BigInt(pages) * PAGE },
    };
    yield {
      name: `${pages} pages twice`,
      because,
      before: before(s),
      memory: [code(RAM, words), ...contents, ...space.pieces()],
      steps: [
        {
          slots: words.length,
          after: went(s, BigInt(4 * words.length), { tlbMisses: BigInt(pages > ways ? 2 * pages : pages) }),
        },
      ],
    };
  }
}

// ---- permissions

const LOAD = word("ld", { rd: 10, rs1: 11 });
const STORE = word("sd", { rs1: 11, rs2: 10 });

interface Change {
  readonly name: string;
  readonly because: string;
  /** Flags of the page before and after its table was changed, which no fence follows. */
  readonly from: string;
  readonly to: string;
  readonly first: number;
  readonly second: number;
  readonly fails: boolean;
  readonly statuses?: readonly [Status, Status];
  readonly modes?: readonly ["S" | "U", "S" | "U"];
}

const stale = "memory/tlb.ts: without a fence the entry stays as it was, with more rights than the table";
const widened =
  "privileged 4.2.1: a table may be walked again at any time, and is where an entry denies (README of emulator/)";

const changes: readonly Change[] = [
  {
    name: "W granted",
    because: widened,
    from: "VRAD",
    to: "VRWAD",
    first: LOAD,
    second: STORE,
    fails: false,
  },
  {
    name: "W not granted",
    because: widened,
    from: "VRAD",
    to: "VRAD",
    first: LOAD,
    second: STORE,
    fails: true,
  },
  {
    name: "D set by software",
    because: widened,
    from: "VRWA",
    to: "VRWAD",
    first: LOAD,
    second: STORE,
    fails: false,
  },
  { name: "D clear", because: widened, from: "VRWA", to: "VRWA", first: LOAD, second: STORE, fails: true },
  { name: "V taken away", because: stale, from: "VRWAD", to: "", first: LOAD, second: LOAD, fails: false },
  {
    name: "V taken away, store",
    because: stale,
    from: "VRWAD",
    to: "",
    first: LOAD,
    second: STORE,
    fails: false,
  },
  {
    name: "W taken away",
    because: stale,
    from: "VRWAD",
    to: "VRAD",
    first: STORE,
    second: STORE,
    fails: false,
  },
  {
    name: "R taken away",
    because: stale,
    from: "VRWAD",
    to: "VXAD",
    first: LOAD,
    second: LOAD,
    fails: false,
  },
  { name: "A taken away", because: stale, from: "VRWAD", to: "VRW", first: LOAD, second: LOAD, fails: false },
  {
    name: "D taken away",
    because: stale,
    from: "VRWAD",
    to: "VRWA",
    first: STORE,
    second: STORE,
    fails: false,
  },
  {
    name: "U taken away",
    because: stale,
    from: "VRWUAD",
    to: "VRWAD",
    first: LOAD,
    second: LOAD,
    fails: false,
    modes: ["U", "U"],
  },
  {
    name: "V granted after a fault",
    because: "privileged 4.2.1: entries that are not valid are not kept, here",
    from: "",
    to: "VRWAD",
    first: 0,
    second: LOAD,
    fails: false,
  },
  ...(
    [
      ["SUM off", "VRWUAD", { SUM: 1 }, {}, true],
      ["SUM, with MXR, off", "VRWUAD", { SUM: 1, MXR: 1 }, { MXR: 1 }, true],
      ["MXR, with SUM, off", "VXAD", { SUM: 1, MXR: 1 }, { SUM: 1 }, true],
      ["SUM on", "VRWUAD", {}, { SUM: 1 }, false],
      ["MXR off", "VXAD", { MXR: 1 }, {}, true],
      ["MXR on", "VXAD", {}, { MXR: 1 }, false],
    ] as const
  ).map(([name, flags, firstStatus, later, fails]) => ({
    name,
    because: "privileged 3.1.6.3: SUM and MXR count at the access, whatever the TLB holds",
    from: flags,
    to: flags,
    first: name.endsWith("off") ? LOAD : 0,
    second: LOAD,
    fails,
    statuses: [firstStatus, later] as const,
  })),
  ...(
    [
      ["S's page from U", "VRWAD", ["S", "U"]],
      ["U's page from S", "VRWUAD", ["U", "S"]],
    ] satisfies [string, string, ["S" | "U", "S" | "U"]][]
  ).map(([name, flags, modes]) => ({
    name,
    because: "privileged 4.3.1: U counts at the access, whatever the TLB holds",
    from: flags,
    to: flags,
    first: LOAD,
    second: LOAD,
    fails: true,
    modes,
  })),
];

/** An access that enters a page, a change, and an access: from M-mode with MPRV, so that only these are translated. */
function* permissionCases(): Iterable<Case> {
  for (const { name, because, from, to, first, second, fails, ...change } of changes) {
    const { statuses = [{}, {}], modes = ["S", "S"] as const } = change;
    const space = new AddressSpace("sv39", { asid: 1n });
    const entry = space.map(VIRTUAL, DATA, from);
    const borrowed = (status: Status, mode: "S" | "U"): Status => ({
      ...status,
      MPRV: 1,
      MPP: mode === "S" ? 1 : 0,
    });
    const [before1, before2] = [borrowed(statuses[0], modes[0]), borrowed(statuses[1], modes[1])];
    const s: Situation = {
      mode: "M",
      status: before1,
      csrs: { satp: space.satp, menvcfg: 0n },
      x: { 10: OLD, 11: VIRTUAL },
    };
    const later: Situation = { ...s, pc: RAM + 4n, status: before2 };
    const fault = second === LOAD ? exception.loadPage : exception.storePage;
    const firstSlots = first === 0 ? 0 : 1;
    yield {
      name,
      because,
      before: before(s),
      memory: [code(RAM, [first === 0 ? LOAD : first, second]), number(DATA, 8, OLD), ...space.pieces()],
      steps: [
        { slots: firstSlots, after: went(s, BigInt(4 * firstSlots)) },
        {
          slots: 1,
          set: { pc: RAM + 4n, csrs: { mstatus: mstatus(before2) } },
          stores: [number(entry, 8, to === "" ? 0n : pte(DATA, pteFlags(to)))],
          after: fails ? trapped(later, fault, VIRTUAL) : went(later),
        },
      ],
    };
  }
}

/** Code at an address that is mapped elsewhere while it runs. */
function* codeCases(): Iterable<Case> {
  const space = spaceOf(1n, 0);
  const m = mapping("code", space, VIRTUAL, 0);
  const oldCode = [word("addi", { rd: 10, immediate: 1 }), word("jalr", { rs1: 1 })];
  const newCode = [word("addi", { rd: 10, immediate: 2 }), word("jalr", { rs1: 1 })];
  const call = word("jalr", { rd: 1, rs1: 11 });
  for (const [name, words, result] of [
    ["without a fence", [word("addi"), word("addi")], 1n],
    ["with fence.i", [word("fence.i"), word("addi")], 1n],
    ["with sfence.vma", [word("sfence.vma"), word("addi")], 2n],
    ["with sfence.vma of the page", [word("sfence.vma", { rs1: 11 }), word("addi")], 2n],
    ["with sinval.vma of the page", [word("sinval.vma", { rs1: 11 }), word("sfence.inval.ir")], 2n],
  ] as const) {
    const s: Situation = {
      mode: "S",
      csrs: { satp: space.satp },
      x: { 1: RAM + 4n, 11: VIRTUAL, 12: m.entry, 13: m.later },
    };
    const program = [call, word("sd", { rs1: 12, rs2: 13 }), ...words, call];
    yield {
      name: `code remapped ${name}`,
      because: "privileged 4.2.1: fetches, too, are translated by what the TLB holds until it is fenced",
      before: before(s),
      memory: [...[code(RAM, program), code(OLD_PAGE, oldCode), code(NEW_PAGE, newCode)], ...space.pieces()],
      steps: [
        { slots: 3, after: went(s, 4n, { x: { 10: 1n } }) },
        { slots: 6, after: went(s, BigInt(4 * program.length), { x: { 1: RAM + 20n, 10: result } }) },
      ],
    };
    // The same without a stop in between.
    yield {
      name: `code remapped ${name}, at once`,
      because: "privileged 4.2.1: fetches, too, are translated by what the TLB holds until it is fenced",
      before: before(s),
      memory: [...[code(RAM, program), code(OLD_PAGE, oldCode), code(NEW_PAGE, newCode)], ...space.pieces()],
      steps: [{ slots: 9, after: went(s, BigInt(4 * program.length), { x: { 1: RAM + 20n, 10: result } }) }],
    };
  }
}

/** What an entry gives is what the walk gave. */
function* hitCases(): Iterable<Case> {
  const space = spaceOf(1n, 0);
  space.map(VIRTUAL, DATA, "VRWXUAD");
  const s: Situation = {
    mode: "S",
    status: { SUM: 1 },
    csrs: { satp: space.satp },
    x: { 11: VIRTUAL, 12: VIRTUAL + 0x235n, 13: PAGE },
  };
  const memory = [...space.pieces(), number(DATA + 0x235n, 1, 0x5an)];
  yield {
    name: "a user page loaded with SUM is not executed",
    because: "privileged 4.3.1: whatever SUM says, S-mode executes no page of U-mode",
    before: before(s),
    memory: [...memory, code(RAM, [LOAD, word("jalr", { rs1: 11 })])],
    steps: [
      { slots: 2, after: { pc: VIRTUAL, mode: "S" } },
      { slots: 1, after: trapped({ ...s, pc: VIRTUAL }, exception.instructionPage, VIRTUAL) },
    ],
  };
  const byte = word("lbu", { rd: 10, rs1: 12 });
  yield {
    name: "a byte at an odd address, twice",
    because: "privileged 4.3.2 step 10: the offset in the page is that of the virtual address",
    before: before(s),
    memory: [...memory, code(RAM, [byte, byte])],
    steps: [
      { slots: 1, after: went(s, 4n, { x: { 10: 0x5an } }) },
      { slots: 1, after: went(s, 8n, { x: { 10: 0x5an } }) },
    ],
  };
  const far = spaceOf(1n, 0);
  far.map(VIRTUAL, DATA + (1n << 55n), "VRWXUAD");
  const access: Situation = { ...s, csrs: { satp: far.satp } };
  const fault = trapped(access, exception.loadAccess, VIRTUAL);
  yield {
    name: "a page beyond memory, twice",
    because: "privileged 4.3.1: physical addresses have 56 bits",
    before: before(access),
    memory: [...far.pieces(), code(RAM, [LOAD])],
    steps: [
      { slots: 1, after: fault },
      { slots: 1, set: { ...before(access), x: {} }, after: fault },
    ],
  };
  const switching = word("csrrc", { rs1: 14, immediate: 0x100 });
  const SUM = 1n << 18n;
  const narrowed: Situation = { ...s, x: { ...s.x, 10: 1n, 14: SUM } };
  const later: Situation = { ...narrowed, pc: RAM + 8n, status: {} };
  yield {
    name: "SUM off between two loads, at once",
    because: "privileged 3.1.6.3: SUM counts at the access, whatever the TLB holds",
    before: before(narrowed),
    memory: [...memory, code(RAM, [LOAD, switching, LOAD])],
    steps: [{ slots: 3, after: { ...trapped(later, exception.loadPage, VIRTUAL), x: { 10: 0n } } }],
  };
}

/** Address spaces are told apart by all 16 bits of the ASID. */
function* asidCases(): Iterable<Case> {
  for (let bit = 0n; bit < 16n; bit++) {
    const [one, two] = [spaceOf(0n, 0), spaceOf(1n << bit, 1)];
    one.map(VIRTUAL, OLD_PAGE, "VRWAD");
    two.map(VIRTUAL, NEW_PAGE, "VRWAD");
    const script = new Script()
      .load(VIRTUAL, OLD)
      .space(two.satp)
      .load(VIRTUAL, NEW)
      .space(one.satp)
      .load(VIRTUAL, OLD)
      .space(two.satp)
      .load(VIRTUAL, NEW)
      .space(one.satp);
    const because = "privileged 4.1.11: ASIDs have 16 bits, here";
    const memory = [...contents, ...one.pieces(), ...two.pieces()];
    yield script.finish(`ASID bit ${bit}`, because, one.satp, memory, 3n);
  }
}

const large = { ram: RAM_BYTES };
const fences: readonly Test[] = (["sfence.vma", "sinval.vma"] as const).flatMap((name) => [
  { name, ...large, cases: () => fenceCases(name, false) },
  { name: `${name}, 16 ways`, cpu: "tlb=1x16", ...large, cases: () => fenceCases(name, true) },
]);

export const suite: Suite = {
  about: "the TLB: what it keeps, what each fence drops, address spaces, global pages, eviction",
  tests: [
    ...fences,
    { name: "address spaces", ...large, cases: spaceCases },
    { name: "ASIDs", ...large, cases: asidCases },
    { name: "permissions", cases: permissionCases },
    { name: "hits", ...large, cases: hitCases },
    { name: "code", ...large, cases: codeCases },
    ...[2, 4, 16].map((ways) => ({
      name: `eviction from ${ways} ways`,
      cpu: `tlb=1x${ways}`,
      ...large,
      cases: () => evictionCases(ways),
    })),
  ],
};
