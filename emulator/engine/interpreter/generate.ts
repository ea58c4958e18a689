/**
 * Generates the interpreter: one WebAssembly function that dispatches over decoded slots, with a handler for every
 * instruction, lowered from the instruction's own semantics.
 *
 *     synchronise: take interrupts, work out contexts and how many slots may pass before a timer fires
 *       fetch:     find the decoded page that holds pc
 *         next:    execute the handler of the slot; on to the next slot
 *
 * Registers are cells of machine memory. A handler that may have changed mode, translation or interrupts goes back to
 * `synchronise`; a trap leaves its handler through `trapped`.
 */
import { F_OFFSET, state, X_OFFSET } from "../../hart/layout.ts";
import type { Instruction } from "../../isa/instruction.ts";
import type { Procedure } from "../../language/procedure.ts";
import { procedure } from "../../language/procedure.ts";
import { searchFor } from "../../language/reach.ts";
import { codeStored } from "../../memory/physical.ts";
import { protectionChanged } from "../../memory/pmp.ts";
import { translationDropped } from "../../memory/tlb.ts";
import { accessAllowed, readVirtual, writeVirtual } from "../../memory/virtual.ts";
import { controlChanged } from "../../trap/control.ts";
import { interruptToTake, slotsToTimer, wakes } from "../../trap/interrupt.ts";
import { takeInterrupt, takeTrap } from "../../trap/trap.ts";
import type { Label, ValueType } from "../../wasm/code.ts";
import { Code } from "../../wasm/code.ts";
import { ModuleBuilder } from "../../wasm/module.ts";
import type { Configuration, Rewrite } from "../engine.ts";
import { guestLoad, guestStore, signExtension } from "../guest-access.ts";
import type { Site } from "../lower.ts";
import { Lowering } from "../lower.ts";
import { looksAtClock } from "../observes.ts";
import type { ProcedureLinkage } from "../procedures.ts";
import { linkProcedures } from "../procedures.ts";
import { slowPaths } from "../translator/slow-path.ts";
import { decodeSlots, forgetCode } from "./decoded-code.ts";
import {
  advance,
  attention,
  count,
  counted,
  cutShort,
  dataContext,
  demandAttention,
  ENTRY_TARGET,
  fetchAlone,
  forgetAll,
  forgetTranslation,
  LOOKASIDE_ENTRIES,
  leftOften,
  locateCode,
  READ_TABLE,
  raiseIllegal,
  regionEntries,
  rememberAccess,
  rememberedCode,
  renewContexts,
  storeToCode,
  translatedSlots,
  WRITE_TABLE,
} from "./lookaside.ts";
import {
  EXIT_COUNTER_BYTES,
  EXIT_COUNTERS,
  EXITS_OFFSET,
  EXITS_SHOWN,
  Handler,
  MOST_REGIONS,
  PAGE_SPAN,
  REGION_BYTES,
  RegionOffset,
  SLOT_SHIFT,
  SlotOffset,
} from "./slot.ts";

/** Host procedures of the interpreter itself, and of the board. */
const IMPORTS: Record<string, { parameters: ValueType[]; results: ValueType[] }> = {
  deviceAt: { parameters: ["i32", "i32"], results: ["i32"] },
  deviceRead: { parameters: ["i32", "i32"], results: ["i32"] },
  deviceWrite: { parameters: ["i32", "i32", "i32"], results: [] },
  storeObserved: { parameters: ["i32", "i32"], results: [] },
  makeDecodedPage: { parameters: ["i32"], results: ["i32"] },
  dropDecodedPage: { parameters: ["i32"], results: [] },
  translatedCodeStored: { parameters: ["i32", "i32"], results: [] },
  decodeWord: { parameters: ["i32", "i32"], results: [] },
};

const awake = procedure("awake", {}, "i32", () => wakes());

/** What `run` gives back. */
export const RunResult = { slots: 0, turn: 1, breakpoint: 2 } as const;

/**
 * The function of a translated region: the hart's state, the slots left (low half) with the data accesses that hit
 * (high half), the address of its first instruction, and how deep it may call. Gives back slots and hits; registers and
 * pc are in the hart's state.
 */
export const REGION_SIGNATURE: { readonly parameters: ValueType[]; readonly results: ValueType[] } = {
  parameters: ["i32", "i64", "i64", "i32"],
  results: ["i64"],
};
/** The exported function that goes on in a region of any module, and what it takes: the region's number comes last. */
export const ENTER_REGION = "enter region";
export const ENTER_SIGNATURE = {
  parameters: [...REGION_SIGNATURE.parameters, "i32" as const],
  results: REGION_SIGNATURE.results,
};
/** How deep regions may call each other, so that the host's stack suffices. */
const MOST_CALLS = 128;

/** Under which name the module exports a procedure's function, or that of what answers a hook. */
export const exportName = (procedure: string): string => `procedure ${procedure}`;

/** What the generated module exports, besides its procedures. */
export interface InterpreterExports {
  /** The functions of translated regions, by number. */
  readonly regions: WebAssembly.Table;
  /** 1 while a trap has been raised and not yet taken. */
  readonly raised: WebAssembly.Global;
  readonly [procedure: string]: unknown;
  /** Executes up to `slots` slots on the hart whose state is at an address, the first perhaps past a breakpoint. */
  run(hart: number, slots: number, past: number): number;
}

/**
 * The interpreter's module for a machine of this configuration; instruction `i` gets handler `firstInstruction + i`.
 * `records` is where what is kept of translated regions lies in machine memory.
 */
export function generateInterpreter(
  configuration: Configuration,
  instructions: readonly Instruction[],
  records: number,
): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  module.importMemory(configuration.memory.buffer.byteLength / 65536);
  const imported = new Map(Object.entries(IMPORTS).map(([n, s]) => [n, module.importFunction(n, s)]));
  const hooks = new Map([
    [accessAllowed.procedure.name, rememberAccess.procedure],
    [translationDropped.procedure.name, forgetTranslation.procedure],
    [codeStored.procedure.name, forgetCode.procedure],
    [protectionChanged.procedure.name, forgetAll.procedure],
    [controlChanged.procedure.name, demandAttention.procedure],
  ]);
  const linkage = linkProcedures(module, configuration, { imported, hooks });
  const run = module.declare({ parameters: ["i32", "i32", "i32"], results: ["i32"] });
  const regions = { records, type: module.type(REGION_SIGNATURE) };
  module.define(run, new Loop(linkage, regions, configuration.rewrite).generate(instructions));
  module.exportFunction("run", run);
  module.exportTable("regions", MOST_REGIONS);
  module.exportFunction(ENTER_REGION, enterRegion(module, regions.type));
  module.exportGlobal("raised", linkage.raisedGlobal);
  for (const p of slowPaths) linkage.functionOf(p);
  linkage.defineCalled();
  for (const [p, index] of linkage.functions) module.exportFunction(exportName(p.name), index);
  for (const [name, index] of imported) module.exportFunction(exportName(name), index);
  for (const [hook, answer] of hooks) module.exportFunction(exportName(hook), indexOf(linkage, answer));
  return module.finish();
}

function indexOf(linkage: ProcedureLinkage, p: Procedure): number {
  const index = linkage.functionOf(p);
  if (index === undefined) throw new Error(`procedure "${p.name}" has no function`);
  return index;
}

/** Goes on in the region whose number is the last parameter. */
function enterRegion(module: ModuleBuilder, type: number): number {
  const code = new Code(ENTER_SIGNATURE.parameters);
  for (let parameter = 0; parameter < ENTER_SIGNATURE.parameters.length; parameter++) code.get(parameter);
  code.tailCallIndirect(type);
  const index = module.declare(ENTER_SIGNATURE);
  module.define(index, code);
  return index;
}

const HART = 0;
const SLOTS = 1;
const PAST = 2;

const synchronises = searchFor({ statement: (s) => s.kind === "synchronise" });

/** Whether a block may itself change what the loop relies on: through a device, the TLB, or code that it stores to. */
const reachesOutside = searchFor({ node: (n) => n.kind === "call" && n.procedure.kind !== "inside" });

interface RegionLinkage {
  readonly records: number;
  readonly type: number;
}

class Loop {
  readonly #linkage: ProcedureLinkage;
  /** Where the records of translated regions are, and the type of their functions. */
  readonly #regions: number;
  readonly #regionType: number;
  readonly #rewrite: Rewrite | undefined;
  readonly #code = new Code(["i32", "i32", "i32"]);
  /** The current slot, the page it lies in (0: none), and what added to slot / 8 gives the guest address. */
  readonly #slot = this.#code.local("i32");
  readonly #page = this.#code.local("i32");
  /** Bytes of slots that a jump may reach from `page` without a fetch: none from an instruction by itself. */
  readonly #span = this.#code.local("i32");
  readonly #bias = this.#code.local("i64");
  /** Guest address to go on at, where no slot says it. */
  readonly #pc = this.#code.local("i64");
  /** The clock at which the run ends, and the slots until then when everything was looked at last. */
  readonly #deadline = this.#code.local("i64");
  readonly #remaining = this.#code.local("i32");
  /** Slots left before something must be looked at; what it was when slots were last counted. */
  readonly #budget = this.#code.local("i32");
  readonly #start = this.#code.local("i32");
  readonly #dataContext = this.#code.local("i64");
  readonly #dataHits = this.#code.local("i32");
  readonly #handler = this.#code.local("i32");
  readonly #address = this.#code.local("i64");
  readonly #entry = this.#code.local("i32");
  /** Slots that had passed and were not counted yet when a region was entered. */
  readonly #before = this.#code.local("i32");
  #flush: Label = 0;
  #trapped: Label = 0;
  #fetch: Label = 0;
  #next: Label = 0;

  constructor(linkage: ProcedureLinkage, regions: RegionLinkage, rewrite: Rewrite | undefined) {
    this.#linkage = linkage;
    this.#regions = regions.records;
    this.#regionType = regions.type;
    this.#rewrite = rewrite;
  }

  generate(instructions: readonly Instruction[]): Code {
    const code = this.#code;
    code.get(HART).setGlobal(this.#linkage.hartGlobal);
    this.#clock();
    code.get(SLOTS).convert("extend_u").arithmetic("i64", "add").set(this.#deadline);
    code.loop((synchronise) => {
      this.#prepare();
      code.block((flush) => {
        this.#flush = flush;
        code.block((trapped) => {
          this.#trapped = trapped;
          code.loop((fetch) => {
            this.#fetch = fetch;
            this.#locate();
            code.loop((next) => {
              this.#next = next;
              this.#dispatch(instructions);
            });
          });
        });
        this.#takeTrap();
        code.branch(synchronise);
      });
      this.#count();
      this.#storePc();
      code.branch(synchronise);
    });
    code.unreachable();
    return code;
  }

  /** Wakes or returns, takes an interrupt, and sets up the locals; all state is in memory here. */
  #prepare(): void {
    const code = this.#code;
    this.#load32(state.waiting.offset).if(() => {
      this.#call(awake.procedure);
      code.isZero().if(() => code.i32(RunResult.turn).return());
      code.get(HART).i32(0).store("i32.store", state.waiting.offset);
    });
    this.#load32(state.yielding.offset).if(() => {
      code.get(HART).i32(0).store("i32.store", state.yielding.offset);
      code.i32(RunResult.turn).return();
    });
    code.get(this.#deadline);
    this.#clock();
    code
      .arithmetic("i64", "sub")
      .convert("wrap")
      .tee(this.#remaining)
      .isZero()
      .if(() => code.i32(RunResult.slots).return());
    this.#load32(leftOften.offset).ifUnlikely(() => code.i32(RunResult.slots).return());
    this.#call(interruptToTake.procedure);
    code
      .tee(this.#handler)
      .i32(0)
      .compare("i32", "ge_s")
      .if(() => {
        code.get(this.#handler);
        this.#call(takeInterrupt.procedure);
      });
    this.#call(renewContexts.procedure);
    code.get(HART).i32(0).store("i32.store", attention.offset);
    // Both factors are below 2^32 after the comparison, so the timer's distance fits when it is the smaller one.
    this.#call(slotsToTimer.procedure);
    code
      .tee(this.#address)
      .get(this.#remaining)
      .convert("extend_u")
      .get(this.#address)
      .get(this.#remaining)
      .convert("extend_u");
    code.compare("i64", "lt_u").select().convert("wrap").tee(this.#budget);
    // A timer that is due has been looked at just now, so at least one instruction executes, even of a faulty description.
    code.get(this.#budget).isZero().arithmetic("i32", "add").tee(this.#budget).set(this.#start);
    this.#loadDataContext();
    code.get(HART).load("i64.load", state.pc.offset).set(this.#pc);
  }

  /** From pc to slot, page and bias. */
  #locate(): void {
    const code = this.#code;
    this.#stopWhenSpent();
    // In the decoded page there may be a breakpoint; an instruction fetched by itself is never one.
    code.get(PAST).if(
      () => {
        code.i32(0).set(PAST);
        this.#locateAlone();
      },
      () => this.#locatePage(),
    );
    this.#enterPage();
  }

  #locatePage(): void {
    const code = this.#code;
    code.i32(PAGE_SPAN).set(this.#span);
    code.get(this.#pc);
    this.#call(rememberedCode.procedure);
    code
      .tee(this.#page)
      .tee(this.#entry)
      .isZero()
      .if(() => {
        code.get(this.#pc);
        this.#call(locateCode.procedure);
        code.tee(this.#page).set(this.#entry);
        this.#leaveIfFetchRaised();
        this.#loadDataContext();
        code
          .get(this.#page)
          .isZero()
          .if(() => this.#locateAlone());
      });
  }

  /** A fetch may have had everything forgotten, and data accesses with it. */
  #loadDataContext(): void {
    this.#code.get(HART).load("i64.load", dataContext.offset).set(this.#dataContext);
  }

  /** An instruction by itself is in no page to stay in: even a jump to itself is a new fetch. */
  #locateAlone(): void {
    const code = this.#code;
    code.get(this.#pc);
    this.#call(fetchAlone.procedure);
    code.set(this.#entry);
    this.#leaveIfFetchRaised();
    this.#loadDataContext();
    code.i32(0).set(this.#page).i32(0).set(this.#span);
  }

  /** To pc's slot in the page of slots that has been located. */
  #enterPage(): void {
    const code = this.#code;
    code.get(this.#entry).get(this.#pc).convert("wrap").i32(0xfff).arithmetic("i32", "and");
    code.i32(SLOT_SHIFT).arithmetic("i32", "shl").arithmetic("i32", "add").set(this.#slot);
    code.get(this.#pc);
    this.#slotAddress();
    code.arithmetic("i64", "sub").set(this.#bias);
  }

  /** A fetch that raises a trap takes a slot too. */
  #leaveIfFetchRaised(): void {
    const code = this.#code;
    code.getGlobal(this.#linkage.raisedGlobal).if(() => {
      code.get(this.#budget).i32(1).arithmetic("i32", "sub").set(this.#budget);
      code.branch(this.#trapped);
    });
  }

  #stopWhenSpent(): void {
    this.#code
      .get(this.#budget)
      .isZero()
      .if(() => this.#code.branch(this.#flush));
  }

  #dispatch(instructions: readonly Instruction[]): void {
    const code = this.#code;
    code
      .get(this.#budget)
      .isZero()
      .if(() => {
        this.#pcOfSlot();
        code.set(this.#pc).branch(this.#flush);
      });
    code.get(this.#budget).i32(1).arithmetic("i32", "sub").set(this.#budget);
    code.get(this.#slot).load("i32.load16_u", SlotOffset.handler).set(this.#handler);
    const special: (() => void)[] = [];
    special[Handler.undecoded] = () => {
      this.#giveBackSlot();
      code.get(this.#page).get(this.#slot);
      this.#call(decodeSlots.procedure);
      code.branch(this.#next);
    };
    special[Handler.refetch] = () => {
      this.#giveBackSlot();
      this.#pcOfSlot();
      code.set(this.#pc).branch(this.#fetch);
    };
    special[Handler.crossing] = () => {
      this.#giveBackSlot();
      this.#pcOfSlot();
      code.set(this.#pc);
      this.#locateAlone();
      this.#enterPage();
      code.branch(this.#next);
    };
    special[Handler.breakpoint] = () => {
      this.#giveBackSlot();
      this.#pcOfSlot();
      code.set(this.#pc);
      this.#count();
      this.#storePc();
      code.i32(RunResult.breakpoint).return();
    };
    special[Handler.illegal] = () => {
      code.get(this.#slot).load("i32.load", SlotOffset.encoding);
      this.#call(raiseIllegal.procedure);
      this.#pcOfSlot();
      code.set(this.#pc).branch(this.#trapped);
    };
    const handlers = special.length + instructions.length;
    const table = Array.from({ length: handlers + 1 }, (_, i) => i);
    code.loop((dispatch) => {
      code.switchOn(this.#handler, table, handlers + 1, (i) => {
        const instruction = instructions[i - special.length];
        if (i === handlers) this.#enterRegion(dispatch);
        else if (instruction !== undefined) this.#handle(instruction);
        else special[i]?.();
      });
    });
    code.unreachable();
  }

  /** The slot begins a translated region; where too few slots are left for it, its instruction executes here. */
  #enterRegion(dispatch: Label): void {
    const code = this.#code;
    this.#giveBackSlot();
    code.get(this.#handler).i32(Handler.firstRegion).arithmetic("i32", "sub").tee(this.#entry);
    code.i32(Math.log2(REGION_BYTES)).arithmetic("i32", "shl").set(this.#handler);
    code.get(this.#budget).get(this.#handler);
    code.load("i32.load", this.#regions + RegionOffset.need).compare("i32", "lt_u");
    code.if(() => {
      code
        .get(this.#handler)
        .load("i32.load16_u", this.#regions + RegionOffset.handler)
        .set(this.#handler);
      code.get(this.#budget).i32(1).arithmetic("i32", "sub").set(this.#budget);
      code.get(HART).i32(1).store("i32.store", cutShort.offset);
      code.branch(dispatch);
    });
    code.get(HART).get(this.#start).store("i32.store", counted.offset);
    this.#spent(0);
    code.set(this.#before).get(HART);
    code.get(this.#budget).convert("extend_u");
    code.get(this.#dataHits).convert("extend_u").i64(32).arithmetic("i64", "shl").arithmetic("i64", "or");
    this.#pcOfSlot();
    code.i32(MOST_CALLS).get(this.#entry).callIndirect(this.#regionType).tee(this.#address);
    code.convert("wrap").set(this.#budget);
    code.get(this.#address).i64(32).arithmetic("i64", "shr_u").convert("wrap").set(this.#dataHits);
    this.#load32(counted.offset).set(this.#start);
    this.#addTo(translatedSlots.offset, () => {
      this.#spent(0);
      code.get(this.#before).arithmetic("i32", "sub").convert("extend_s");
    });
    this.#addTo(regionEntries.offset, () => code.i64(1));
    code.get(HART).load("i64.load", state.pc.offset).set(this.#pc);
    code.getGlobal(this.#linkage.raisedGlobal).if(() => code.branch(this.#trapped));
    this.#countExit();
    code.branch(this.#fetch);
  }

  /** Counts that a region was left for pc; now and then the run ends because of that. */
  #countExit(): void {
    const code = this.#code;
    const mask = (EXIT_COUNTERS - 1) * EXIT_COUNTER_BYTES;
    code.get(this.#pc).convert("wrap").i32(mask).arithmetic("i32", "and").tee(this.#entry);
    code.get(this.#entry).load("i32.load16_u", this.#regions + EXITS_OFFSET);
    code.i32(1).arithmetic("i32", "add").tee(this.#handler);
    code.store("i32.store16", this.#regions + EXITS_OFFSET);
    code
      .get(this.#handler)
      .i32(EXITS_SHOWN - 1)
      .arithmetic("i32", "and")
      .isZero();
    code.ifUnlikely(() => {
      code.get(HART).i32(1).store("i32.store", leftOften.offset);
      this.#endAfterThis();
    });
  }

  #handle(instruction: Instruction): void {
    const code = this.#code;
    const { name, standsFor = name } = instruction;
    const described = instruction.semantics();
    const semantics = this.#rewrite?.(standsFor, described) ?? described;
    const { length } = instruction.encoding;
    const ends = synchronises(semantics);
    new Lowering(this.#linkage, this.#site(length, ends)).block(semantics);
    if (ends) {
      this.#pcOfSlot(length);
      code.set(this.#pc).branch(this.#flush);
    } else {
      if (reachesOutside(semantics)) this.#heed();
      code
        .get(this.#slot)
        .i32(length << SLOT_SHIFT)
        .arithmetic("i32", "add")
        .set(this.#slot);
      code.branch(this.#next);
    }
  }

  #site(length: number, ends: boolean): Site {
    const code = this.#code;
    const register = (offset: number) => {
      code.get(HART).get(this.#slot).load("i32.load16_u", offset).arithmetic("i32", "add");
    };
    const write = (file: number, offset: number, value: () => void) => {
      register(offset);
      value();
      code.store("i64.store", file);
    };
    return {
      code,
      hart: () => code.get(HART),
      leaveRaised: () => {
        this.#pcOfSlot();
        code.set(this.#pc).branch(this.#trapped);
      },
      leaveReturning: () => {
        throw new Error("an instruction cannot return");
      },
      beforeCall: (p) => {
        if (looksAtClock(p)) this.#publish();
      },
      replaceCall: () => false,
      x: (operand) => {
        register(SlotOffset[operand]);
        code.load("i64.load", X_OFFSET);
      },
      f: (operand) => {
        register(SlotOffset[operand]);
        code.load("i64.load", F_OFFSET);
      },
      writeX: (operand, value) => write(X_OFFSET, SlotOffset[operand], value),
      writeF: (operand, value) => write(F_OFFSET, SlotOffset[operand], value),
      immediate: () => code.get(this.#slot).load("i64.load32_s", SlotOffset.immediate),
      encoding: () => code.get(this.#slot).load("i32.load", SlotOffset.encoding),
      pc: () => this.#pcOfSlot(),
      next: () => this.#pcOfSlot(length),
      read: (node, lower) => {
        lower.node(node.address);
        this.#ifRemembered(
          READ_TABLE,
          node.bytes,
          () => this.#rememberedAddress(READ_TABLE).load(guestLoad(node.bytes, node.signed), 0),
          () => {
            this.#publish();
            code.get(this.#address).i32(node.bytes);
            this.#call(readVirtual.procedure);
            lower.leaveIfRaised();
            this.#heed();
            const extension = signExtension(node.bytes);
            if (node.signed && extension !== undefined) code.unary("i64", extension);
          },
          "i64",
        );
      },
      write: (statement, lower) => {
        lower.node(statement.address);
        this.#ifRemembered(
          WRITE_TABLE,
          statement.bytes,
          () => {
            this.#rememberedAddress(WRITE_TABLE);
            lower.node(statement.value);
            code.store(guestStore(statement.bytes), 0);
          },
          () => {
            code.get(this.#address).i32(statement.bytes);
            lower.node(statement.value);
            this.#call(storeToCode.procedure);
            code.if(
              () => this.#countDataHit(),
              () => {
                this.#publish();
                code.get(this.#address).i32(statement.bytes);
                lower.node(statement.value);
                this.#call(writeVirtual.procedure);
                lower.leaveIfRaised();
              },
            );
            this.#heed();
          },
        );
      },
      jumpTo: (target) => {
        target();
        code.set(this.#pc);
        if (ends) {
          code.branch(this.#flush);
          return;
        }
        // Within the page, the slot follows without a fetch.
        code.get(this.#pc).get(this.#bias).arithmetic("i64", "sub");
        code
          .get(this.#page)
          .i32(SLOT_SHIFT)
          .arithmetic("i32", "shr_u")
          .convert("extend_u")
          .arithmetic("i64", "sub");
        code.tee(this.#address);
        code.get(this.#span).i32(SLOT_SHIFT).arithmetic("i32", "shr_u").convert("extend_u");
        code.compare("i64", "lt_u");
        code.if(() => {
          code.get(this.#address).convert("wrap").i32(SLOT_SHIFT).arithmetic("i32", "shl");
          code.get(this.#page).arithmetic("i32", "add").set(this.#slot).branch(this.#next);
        });
        code.branch(this.#fetch);
      },
      jumpByImmediate: () => {
        code.get(this.#slot).get(this.#slot).load("i32.load", SlotOffset.immediate);
        code.i32(SLOT_SHIFT).arithmetic("i32", "shl").arithmetic("i32", "add").tee(this.#entry);
        code.get(this.#page).arithmetic("i32", "sub").get(this.#span).compare("i32", "lt_u");
        code.if(() => code.get(this.#entry).set(this.#slot).branch(this.#next));
        this.#pcOfSlot();
        code.get(this.#slot).load("i64.load32_s", SlotOffset.immediate).arithmetic("i64", "add");
        code.set(this.#pc).branch(this.#fetch);
      },
    };
  }

  /** With the address on the stack: `then` if the table remembers its page, else `otherwise`. */
  #ifRemembered(
    table: number,
    bytes: number,
    then: () => void,
    otherwise: () => void,
    result?: ValueType,
  ): void {
    const code = this.#code;
    code.tee(this.#address);
    this.#loadTag(table);
    code
      .get(this.#address)
      .i64(BigInt(-4096 | (bytes - 1)))
      .arithmetic("i64", "and");
    code.get(this.#dataContext).arithmetic("i64", "or").compare("i64", "eq");
    code.if(
      () => {
        this.#countDataHit();
        then();
      },
      otherwise,
      result,
    );
  }

  #countDataHit(): void {
    this.#code.get(this.#dataHits).i32(1).arithmetic("i32", "add").set(this.#dataHits);
  }

  /** Replaces the virtual address on the stack by the tag of its entry in a table, and keeps where the entry is. */
  #loadTag(table: number): void {
    const code = this.#code;
    code.i64(8).arithmetic("i64", "shr_u").convert("wrap");
    code
      .i32((LOOKASIDE_ENTRIES - 1) << 4)
      .arithmetic("i32", "and")
      .get(HART)
      .arithmetic("i32", "add")
      .tee(this.#entry);
    code.load("i64.load", table);
  }

  #rememberedAddress(table: number): Code {
    const code = this.#code;
    code.get(this.#entry).load("i32.load", table + ENTRY_TARGET);
    return code.get(this.#address).convert("wrap").arithmetic("i32", "add");
  }

  /** After a slow path: if something must be looked at, this slot is the last one counted. */
  #heed(): void {
    this.#load32(attention.offset).if(() => this.#endAfterThis());
  }

  /** This slot is the last one before everything is looked at. */
  #endAfterThis(): void {
    this.#code.get(this.#start).get(this.#budget).arithmetic("i32", "sub").set(this.#start);
    this.#code.i32(0).set(this.#budget);
  }

  /** Counts the slots before the current one. */
  #publish(): void {
    const code = this.#code;
    this.#spent(1);
    this.#call(advance.procedure);
    code.get(this.#budget).i32(1).arithmetic("i32", "add").set(this.#start);
  }

  /** Counts all slots dispatched, and the data accesses that hit. */
  #count(): void {
    const code = this.#code;
    this.#spent(0);
    code.get(this.#dataHits);
    this.#call(count.procedure);
    code.i32(0).set(this.#dataHits);
  }

  #addTo(offset: number, push: () => void): void {
    this.#code.get(HART).get(HART).load("i64.load", offset);
    push();
    this.#code.arithmetic("i64", "add").store("i64.store", offset);
  }

  /** Pushes the number of slots since they were last counted, less `current`. */
  #spent(current: number): void {
    this.#code.get(this.#start).get(this.#budget).arithmetic("i32", "sub");
    if (current !== 0) this.#code.i32(current).arithmetic("i32", "sub");
  }

  #storePc(): void {
    this.#code.get(HART).get(this.#pc).store("i64.store", state.pc.offset);
  }

  #takeTrap(): void {
    const code = this.#code;
    this.#count();
    code.i32(0).setGlobal(this.#linkage.raisedGlobal);
    // The slot was counted as retired.
    code.get(HART).get(HART).load("i64.load", state.retired.offset).i64(1).arithmetic("i64", "sub");
    code.store("i64.store", state.retired.offset);
    code.get(HART).load("i64.load32_u", state.raisedCause.offset);
    code.get(HART).load("i64.load", state.raisedValue.offset).get(this.#pc);
    this.#call(takeTrap.procedure);
  }

  /** The dispatch was not an instruction after all. */
  #giveBackSlot(): void {
    this.#code.get(this.#budget).i32(1).arithmetic("i32", "add").set(this.#budget);
  }

  #pcOfSlot(beyond = 0): void {
    const code = this.#code;
    this.#slotAddress();
    code.get(this.#bias).arithmetic("i64", "add");
    if (beyond !== 0) code.i64(beyond).arithmetic("i64", "add");
  }

  /** Pushes the slot's position in guest bytes. */
  #slotAddress(): void {
    this.#code.get(this.#slot).i32(SLOT_SHIFT).arithmetic("i32", "shr_u").convert("extend_u");
  }

  /** Pushes the hart's position in time. */
  #clock(): void {
    this.#code.get(HART).load("i64.load", state.clock.offset);
  }

  #load32(offset: number): Code {
    return this.#code.get(HART).load("i32.load", offset);
  }

  #call(p: Procedure): void {
    this.#code.call(indexOf(this.#linkage, p));
  }
}
