/**
 * The loop that executes decoded code: one function that dispatches over slots, with a handler for every instruction that
 * calls nothing, lowered from the instruction's own semantics, and for some that often follow each other (handlers.ts).
 *
 *     synchronise: take interrupts, work out contexts and how many slots may pass before a timer fires
 *       fetch:     find the decoded page that holds pc
 *         wide:    past two more bytes
 *           next:  past two bytes, and execute the handler of the slot there
 *
 * Registers are cells of machine memory. What may have changed mode, translation or interrupts goes back to `synchronise`;
 * a trap leaves its handler through `trapped`.
 *
 * V8 computes what several handlers have in common before it dispatches, for all of them, and keeps it on the stack. So
 * whatever only some need is taken from memory where they need it, or computed where their ways meet. And a call costs
 * registers wherever V8 takes it to be usual, so all of them are where it is told that it is not.
 */
import { state } from "../../hart/layout.ts";
import type { Procedure } from "../../language/procedure.ts";
import { procedure } from "../../language/procedure.ts";
import type { Block } from "../../language/statement.ts";
import { interruptToTake, slotsToTimer, wakes } from "../../trap/interrupt.ts";
import { takeInterrupt, takeTrap } from "../../trap/trap.ts";
import type { Label, ValueType } from "../../wasm/code.ts";
import { Code } from "../../wasm/code.ts";
import { guestLoad, guestStore, signExtension } from "../guest-access.ts";
import type { Site } from "../lower.ts";
import { Lowering } from "../lower.ts";
import type { ProcedureLinkage } from "../procedures.ts";
import { indexOf, inlineProcedure } from "../procedures.ts";
import { EXITS_SHOWN } from "../translator/policy.ts";
import { decodeSlots, setAside } from "./decoded-code.ts";
import {
  attention,
  beyond,
  codeAddress,
  codeBias,
  codePage,
  codeSpan,
  count,
  counted,
  cutShort,
  dataContext,
  dataTranslated,
  ENTRY_TARGET,
  excused,
  fetchAlone,
  LOOKASIDE_ENTRIES,
  leftOften,
  locateCode,
  lookAt,
  NEVER,
  READ_TABLE,
  raiseIllegal,
  regionEntries,
  rememberedCode,
  renewContexts,
  translatedSlots,
  WRITE_TABLE,
} from "./lookaside.ts";
import { HartState, pcOfSlot, slotOperands } from "./operands.ts";
import { Outcome } from "./out-of-line.ts";
import {
  EXIT_COUNTER_BYTES,
  EXIT_COUNTERS,
  EXITS_OFFSET,
  Handler,
  MOST_SLOTS,
  PAGE_SPAN,
  REGION_BYTES,
  RegionOffset,
  SLOT_BYTES,
  SLOT_SHIFT,
  SLOTS_BIT,
  SlotOffset,
} from "./slot.ts";
import { slowRead, slowWrite } from "./slow-path.ts";

const awake = procedure("awake", {}, "i32", () => wakes());

/** What the loop gives back. */
export const RunResult = { slots: 0, turn: 1, breakpoint: 2 } as const;

/** How deep regions may call each other, so that the host's stack suffices. */
const MOST_CALLS = 128;

/** Hart, slots, and whether the first instruction executes even if there is a breakpoint at it. */
export const LOOP_SIGNATURE = { parameters: ["i32", "i32", "i32"], results: ["i32"] } as const;
const SLOTS = 1;
const PAST = 2;

/** What the loop is given of translated regions: where their records are, and the type of their functions. */
interface RegionLinkage {
  readonly records: number;
  readonly type: number;
}

/** An instruction that the loop executes itself, of so many bytes. */
interface InLine {
  readonly kind: "in line";
  readonly length: number;
  readonly semantics: Block;
}

/** What a handler executes: one instruction, in line or by a function, or two. */
export type Handled = InLine | { readonly kind: "function"; readonly index: number } | InLinePair;

/** The second is executed, too, if the slot after the first's has the handler `expected`. */
interface InLinePair {
  readonly kind: "pair";
  readonly first: InLine;
  readonly second: InLine;
  readonly expected: number;
}

export class Loop {
  readonly #linkage: ProcedureLinkage;
  readonly #regions: RegionLinkage;
  readonly #code = new Code(LOOP_SIGNATURE.parameters);
  readonly #state: HartState;
  readonly #hart: number;
  /** The current slot; before `next`, the one two bytes of code earlier. */
  readonly #slot = this.#code.local("i32");
  /** Slots left before something must be looked at; more, `beyond`, in a region. */
  readonly #budget = this.#code.local("i32");
  /** Data accesses that hit, not counted yet. */
  readonly #dataHits = this.#code.local("i32");
  /** Guest address to go on at, where no slot says it. */
  readonly #pc = this.#code.local("i64");
  /** The clock at which the run ends, and the slots until then when everything was looked at last. */
  readonly #deadline = this.#code.local("i64");
  readonly #remaining = this.#code.local("i32");
  readonly #handler = this.#code.local("i32");
  readonly #address = this.#code.local("i64");
  readonly #entry = this.#code.local("i32");
  /** What regions are given (`REGION_SIGNATURE`). */
  readonly #vector = this.#code.local("v128");
  /** Slots that had passed and were not counted yet when a region was entered. */
  readonly #before = this.#code.local("i32");
  /** Slots that were left to the interpreter then. */
  readonly #own = this.#code.local("i32");
  #flush: Label = 0;
  #trapped: Label = 0;
  #fetch: Label = 0;
  /** Leave for these with pc yet to be worked out from the slot. */
  #flushHere: Label = 0;
  #trappedHere: Label = 0;
  #fetchHere: Label = 0;
  #jumpFar: Label = 0;
  #wide: Label = 0;
  #next: Label = 0;

  constructor(linkage: ProcedureLinkage, regions: RegionLinkage, onlyHart: number | undefined) {
    this.#linkage = linkage;
    this.#regions = regions;
    this.#state = new HartState(this.#code, linkage, onlyHart);
    this.#hart = this.#state.local;
  }

  generate(handlers: ReadonlyMap<number, Handled>): Code {
    const code = this.#code;
    code.get(0).setGlobal(this.#linkage.hartGlobal);
    this.#state.begin();
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
            this.#execute(handlers);
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
      code.get(this.#hart).i32(0).store("i32.store", state.waiting.offset);
    });
    this.#load32(state.yielding.offset).if(() => {
      code.get(this.#hart).i32(0).store("i32.store", state.yielding.offset);
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
    code.get(this.#hart).i32(0).store("i32.store", attention.offset);
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
    code.i32(MOST_SLOTS).get(this.#budget).i32(MOST_SLOTS).compare("i32", "lt_u").select().set(this.#budget);
    // A timer that is due has been looked at just now, so at least one instruction executes, even of a faulty description.
    code.get(this.#budget).isZero().get(this.#budget).arithmetic("i32", "add").set(this.#budget);
    code.get(this.#hart).i32(0).store("i32.store", excused.offset);
    this.#untilLook();
    code
      .tee(this.#address)
      .i64(0)
      .compare("i64", "le_s")
      .ifUnlikely(() => code.i32(RunResult.slots).return());
    code.get(this.#hart).get(this.#budget);
    code.get(this.#address).get(this.#budget).convert("extend_u");
    code.get(this.#address).get(this.#budget).convert("extend_u").compare("i64", "lt_u").select();
    code.convert("wrap").tee(this.#budget).arithmetic("i32", "sub").store("i32.store", beyond.offset);
    code.get(this.#hart).get(this.#budget).store("i32.store", counted.offset);
    code.get(this.#hart).load("i64.load", state.pc.offset).set(this.#pc);
  }

  /** Pushes how many slots may be interpreted until the run ends for a look. */
  #untilLook(): void {
    this.#code.get(this.#hart).load("i64.load", lookAt.offset).i64(NEVER).arithmetic("i64", "add");
    this.#clock();
    this.#code.arithmetic("i64", "sub").get(this.#hart).load("i64.load", translatedSlots.offset);
    this.#code.arithmetic("i64", "add");
  }

  /** From pc to the slot there, and what is kept of the page it is in. */
  #locate(): void {
    const code = this.#code;
    code.get(this.#budget).isZero().branchIfUnlikely(this.#flush);
    code.i32(0).set(this.#entry);
    // In the decoded page there may be a breakpoint; an instruction fetched by itself is never one.
    code
      .get(PAST)
      .isZero()
      .ifLikely(() => {
        const remembered = { parameters: [this.#pc], result: this.#entry };
        inlineProcedure(rememberedCode.procedure, this.#linkage, code, this.#hart, remembered);
        code
          .get(this.#entry)
          .isZero()
          .ifUnlikely(() => {
            code.get(this.#pc);
            this.#call(locateCode.procedure);
            code.set(this.#entry);
            this.#leaveIfFetchRaised();
          });
      });
    code.get(this.#entry).ifLikely(
      () => this.#enterPage(() => code.get(this.#entry), PAGE_SPAN),
      () => {
        code.i32(0).set(PAST).get(this.#pc);
        this.#call(fetchAlone.procedure);
        code.set(this.#entry);
        this.#leaveIfFetchRaised();
        this.#enterAlone();
      },
    );
  }

  /** An instruction by itself, in the page at `entry`, is in no page to stay in: even a jump to itself is a new fetch. */
  #enterAlone(): void {
    this.#enterPage(() => this.#code.i32(0), 0);
  }

  /** To pc's slot in the page of slots at `entry`. */
  #enterPage(page: () => void, span: number): void {
    const code = this.#code;
    code.get(this.#entry).get(this.#pc).convert("wrap").i32(0xfff).arithmetic("i32", "and");
    code.i32(SLOT_SHIFT).arithmetic("i32", "shl").arithmetic("i32", "add").set(this.#slot);
    code.get(this.#hart).get(this.#pc).i64(SLOT_SHIFT).arithmetic("i64", "shl");
    code.get(this.#slot).convert("extend_u").arithmetic("i64", "sub").store("i64.store", codeBias.offset);
    code.get(this.#hart);
    page();
    code.store("i32.store", codePage.offset);
    code.get(this.#hart).i32(span).store("i32.store", codeSpan.offset);
    code.get(this.#hart).get(this.#pc).i64(-4096).arithmetic("i64", "and");
    code.store("i64.store", codeAddress.offset);
    this.#beforeSlot();
  }

  /** Goes back by what `next` goes on by. */
  #beforeSlot(): void {
    this.#code.get(this.#slot).i32(SLOT_BYTES).arithmetic("i32", "sub").set(this.#slot);
  }

  /** A fetch that raises a trap takes a slot too. */
  #leaveIfFetchRaised(): void {
    const code = this.#code;
    code.getGlobal(this.#linkage.raisedGlobal).if(() => {
      code.get(this.#budget).i32(1).arithmetic("i32", "sub").set(this.#budget);
      code.branch(this.#trapped);
    });
  }

  /** Executes from the slot after `slot` on. */
  #execute(handlers: ReadonlyMap<number, Handled>): void {
    const code = this.#code;
    const goOn = () => code.get(this.#slot).i32(SLOT_BYTES).arithmetic("i32", "add").set(this.#slot);
    code.block((fetchHere) => {
      this.#fetchHere = fetchHere;
      code.block((flushHere) => {
        this.#flushHere = flushHere;
        code.block((trappedHere) => {
          this.#trappedHere = trappedHere;
          code.block((jumpFar) => {
            this.#jumpFar = jumpFar;
            this.#beforeSlot();
            code.loop((wide) => {
              this.#wide = wide;
              goOn();
              code.loop((next) => {
                this.#next = next;
                goOn();
                this.#dispatch(handlers);
              });
            });
          });
          this.#pcOfSlot();
          code.get(this.#slot).load("i64.load32_s", SlotOffset.immediate).arithmetic("i64", "add");
          code.set(this.#pc).branch(this.#fetch);
        });
        this.#pcOfSlot();
        code.set(this.#pc).branch(this.#trapped);
      });
      this.#pcOfSlot();
      code.set(this.#pc).branch(this.#flush);
    });
    this.#pcOfSlot();
    code.set(this.#pc).branch(this.#fetch);
  }

  #dispatch(handlers: ReadonlyMap<number, Handled>): void {
    const code = this.#code;
    code.get(this.#budget).isZero().branchIfUnlikely(this.#flushHere);
    code.get(this.#budget).i32(1).arithmetic("i32", "sub").set(this.#budget);
    code.get(this.#slot).load("i32.load16_u", SlotOffset.handler).set(this.#handler);
    const inLine = [...new Set(handlers.values())].filter((handled) => handled.kind !== "function");
    const cases = new Map<Handled, number>(inLine.map((handled, i) => [handled, i]));
    const table = tableOf(handlers, inLine.length, (handled) => cases.get(handled));
    code.switchOn(this.#handler, table, inLine.length + 1, (i) => {
      const handled = inLine[i];
      // Behind a condition that always holds, for V8 to keep the calls out of the registers' way.
      if (handled === undefined) code.get(this.#slot).ifUnlikely(() => this.#dispatchCalls(handlers));
      else if (handled.kind === "pair") this.#handlePair(handled);
      else this.#handle(handled);
    });
    code.unreachable();
  }

  /** Executes slots that are no instructions, and instructions that are functions. */
  #dispatchCalls(handlers: ReadonlyMap<number, Handled>): void {
    const code = this.#code;
    const special: (() => void)[] = [];
    special[Handler.undecoded] = () => {
      this.#giveBackSlot();
      this.#load32(codePage.offset).get(this.#slot);
      this.#call(decodeSlots.procedure);
      this.#beforeSlot();
      code.branch(this.#next);
    };
    special[Handler.refetch] = () => {
      this.#giveBackSlot();
      code.branch(this.#fetchHere);
    };
    special[Handler.crossing] = () => {
      this.#giveBackSlot();
      code.i32(1).set(PAST).branch(this.#fetchHere);
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
      code.branch(this.#trappedHere);
    };
    const functions = [...new Set(handlers.values())].flatMap((handled) =>
      handled.kind === "function" ? [handled.index] : [],
    );
    const region = special.length + functions.length;
    const table = tableOf(handlers, region, (handled) =>
      handled.kind === "function" ? special.length + functions.indexOf(handled.index) : undefined,
    );
    for (const handler of special.keys()) table[handler] = handler;
    code.switchOn(this.#handler, table, region + 1, (i) => {
      const index = functions[i - special.length];
      if (i === region) this.#enterRegion();
      else if (index !== undefined) code.get(this.#slot).get(this.#budget).call(index).set(this.#entry);
      else special[i]?.();
    });
    this.#heed();
    code
      .get(this.#entry)
      .i32(Outcome.trapped)
      .compare("i32", "gt_s")
      .if(() => {
        code.get(this.#slot).get(this.#entry).arithmetic("i32", "add").set(this.#slot);
        this.#beforeSlot();
        code.branch(this.#next);
      });
    code.get(this.#entry).isZero().branchIf(this.#trappedHere);
    this.#loadPc();
    code.get(this.#entry).i32(Outcome.synchronises).compare("i32", "eq").branchIf(this.#flush);
    code.branch(this.#fetch);
  }

  /** The slot begins a translated region; where too few slots are left for it, its instruction executes by itself. */
  #enterRegion(): void {
    const code = this.#code;
    this.#giveBackSlot();
    this.#pcOfSlot();
    code.set(this.#pc);
    code.get(this.#handler).i32(Handler.firstRegion).arithmetic("i32", "sub").tee(this.#entry);
    code.i32(Math.log2(REGION_BYTES)).arithmetic("i32", "shl").set(this.#handler);
    code.get(this.#budget).set(this.#own);
    this.#extend();
    code.get(this.#budget).get(this.#handler);
    code.load("i32.load", this.#regions.records + RegionOffset.need).compare("i32", "lt_u");
    code.if(() => {
      this.#excuse();
      this.#executeAside();
    });
    this.#spent();
    code.set(this.#before).get(this.#hart);
    code.get(this.#budget).convert("extend_u");
    code.i64(SLOTS_BIT).arithmetic("i64", "shl");
    code.get(this.#dataHits).convert("extend_u").arithmetic("i64", "or");
    code
      .get(this.#pc)
      .i32(MOST_CALLS)
      .get(this.#vector)
      .get(this.#entry)
      .callIndirect(this.#regions.type)
      .tee(this.#address);
    code.i64(SLOTS_BIT).arithmetic("i64", "shr_u").convert("wrap").set(this.#budget);
    code.get(this.#address).convert("wrap");
    code
      .i32(2 ** SLOTS_BIT - 1)
      .arithmetic("i32", "and")
      .set(this.#dataHits);
    this.#addTo(translatedSlots.offset, () => {
      this.#spent();
      code.get(this.#before).arithmetic("i32", "sub").convert("extend_s");
    });
    this.#addTo(regionEntries.offset, () => code.i64(1));
    this.#load32(cutShort.offset).ifUnlikely(
      () => {
        code.get(this.#hart).i32(0).store("i32.store", cutShort.offset);
        this.#excuse();
      },
      () => this.#restrict(),
    );
    code.get(this.#pc);
    this.#loadPc();
    code.getGlobal(this.#linkage.raisedGlobal).branchIf(this.#trapped);
    // Where a region leaves for its own beginning, that may be for the interpreter to execute.
    code
      .get(this.#pc)
      .compare("i64", "eq")
      .ifUnlikely(() => this.#executeAside());
    this.#countExit();
    code.branch(this.#fetch);
  }

  /** For a region, adds the slots that may pass in regions only. */
  #extend(): void {
    this.#change("add");
  }

  /** After a region: of what is left, the interpreter may have no more than before. */
  #restrict(): void {
    const code = this.#code;
    code.get(this.#hart);
    code.get(this.#budget).get(this.#own).arithmetic("i32", "sub").i32(0);
    code.get(this.#budget).get(this.#own).compare("i32", "gt_u").select();
    code.store("i32.store", beyond.offset);
    this.#change("sub");
  }

  /** Gives or takes the slots beyond, with none of them spent. */
  #change(by: "add" | "sub"): void {
    const code = this.#code;
    code.get(this.#budget);
    this.#load32(beyond.offset).arithmetic("i32", by).set(this.#budget);
    code.get(this.#hart);
    this.#load32(counted.offset);
    this.#load32(beyond.offset).arithmetic("i32", by).store("i32.store", counted.offset);
  }

  /** Too few slots are left for a region: the interpreter may have them all, and that tells nothing of what is hot. */
  #excuse(): void {
    const code = this.#code;
    code.get(this.#hart).i32(0).store("i32.store", beyond.offset);
    this.#load32(excused.offset)
      .isZero()
      .if(() => {
        code.get(this.#hart).i32(1).store("i32.store", excused.offset);
        this.#addTo(lookAt.offset, () => code.get(this.#budget).convert("extend_u"));
      });
  }

  /** Executes the instruction at pc and `slot` by itself, not the region that it begins; `handler` is that one's record. */
  #executeAside(): void {
    const code = this.#code;
    code.get(this.#slot).get(this.#handler);
    code
      .load("i32.load16_u", this.#regions.records + RegionOffset.handler)
      .get(this.#pc)
      .convert("wrap");
    this.#call(setAside.procedure);
    code.set(this.#entry);
    this.#enterAlone();
    code.branch(this.#next);
  }

  /** Counts that a region was left for pc; now and then the run ends because of that. */
  #countExit(): void {
    const code = this.#code;
    const mask = (EXIT_COUNTERS - 1) * EXIT_COUNTER_BYTES;
    const counters = this.#regions.records + EXITS_OFFSET;
    code.get(this.#pc).convert("wrap").i32(mask).arithmetic("i32", "and").tee(this.#entry);
    code.get(this.#entry).load("i32.load16_u", counters);
    code.i32(1).arithmetic("i32", "add").tee(this.#handler);
    code.store("i32.store16", counters);
    code
      .get(this.#handler)
      .i32(EXITS_SHOWN - 1)
      .arithmetic("i32", "and")
      .isZero();
    code.ifUnlikely(() => {
      code.get(this.#hart).i32(1).store("i32.store", leftOften.offset);
      this.#endAfterThis();
    });
  }

  #handle(instruction: InLine): void {
    this.#lower(instruction);
    this.#code.branch(this.#after(instruction));
  }

  /** A breakpoint, a region, an instruction stored since: if anything else is to come next, the second's handler says so. */
  #handlePair({ first, second, expected }: InLinePair): void {
    const code = this.#code;
    const distance = first.length << SLOT_SHIFT;
    this.#lower(first);
    code.get(this.#slot).load("i32.load16_u", SlotOffset.handler + distance);
    code.i32(expected).compare("i32", "ne").branchIfUnlikely(this.#after(first));
    code.get(this.#budget).isZero().branchIfUnlikely(this.#after(first));
    code.get(this.#budget).i32(1).arithmetic("i32", "sub").set(this.#budget);
    code.get(this.#slot).i32(distance).arithmetic("i32", "add").set(this.#slot);
    this.#handle(second);
  }

  #lower({ semantics, length }: InLine): void {
    new Lowering(this.#linkage, this.#site(length)).block(semantics);
  }

  /** Where to go on with the slot that follows an instruction's. */
  #after({ length }: InLine): Label {
    return length === 2 ? this.#next : this.#wide;
  }

  #site(length: number): Site {
    const code = this.#code;
    const operands = slotOperands(code, this.#state, this.#slot, length);
    return {
      ...operands,
      leaveRaised: () => code.branch(this.#trappedHere),
      leaveReturning: () => {
        throw new Error("an instruction cannot return");
      },
      beforeCall: () => {},
      replaceCall: () => false,
      read: (node, lower) => {
        lower.node(node.address);
        this.#ifRemembered(
          READ_TABLE,
          node.bytes,
          (base) => this.#rememberedAddress(READ_TABLE, base).load(guestLoad(node.bytes, node.signed), 0),
          () => {
            code.get(this.#address).i32(node.bytes).get(this.#budget);
            this.#call(slowRead.procedure);
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
          (base) => {
            this.#rememberedAddress(WRITE_TABLE, base);
            lower.node(statement.value);
            code.store(guestStore(statement.bytes), 0);
          },
          () => {
            code.get(this.#address).i32(statement.bytes);
            lower.node(statement.value);
            code.get(this.#budget);
            this.#call(slowWrite.procedure);
            lower.leaveIfRaised();
            this.#heed();
          },
        );
      },
      jumpTo: (target) => {
        target();
        code.tee(this.#pc);
        // Within the page, the slot follows without a fetch.
        code.get(this.#hart).load("i64.load", codeAddress.offset).arithmetic("i64", "sub").tee(this.#address);
        this.#load32(codeSpan.offset).i32(SLOT_SHIFT).arithmetic("i32", "shr_u").convert("extend_u");
        code.compare("i64", "lt_u").ifLikely(() => {
          code.get(this.#address).convert("wrap").i32(SLOT_SHIFT).arithmetic("i32", "shl");
          this.#load32(codePage.offset).arithmetic("i32", "add").set(this.#slot);
          this.#beforeSlot();
          code.branch(this.#next);
        });
        code.branch(this.#fetch);
      },
      jumpByImmediate: () => {
        code.get(this.#slot).get(this.#slot).load("i32.load", SlotOffset.immediate);
        code.i32(SLOT_SHIFT).arithmetic("i32", "shl").arithmetic("i32", "add").tee(this.#entry);
        this.#load32(codePage.offset).arithmetic("i32", "sub");
        this.#load32(codeSpan.offset).compare("i32", "ge_u").branchIfUnlikely(this.#jumpFar);
        code.get(this.#entry).set(this.#slot);
        this.#beforeSlot();
        code.branch(this.#next);
      },
    };
  }

  /** With the address on the stack: `then` if the table remembers its page, else `otherwise`. */
  #ifRemembered(
    table: number,
    bytes: number,
    then: (base: number) => void,
    otherwise: () => void,
    result?: ValueType,
  ): void {
    const code = this.#code;
    code.tee(this.#address);
    const base = this.#loadTag(table);
    code
      .get(this.#address)
      .i64(BigInt(-4096 | (bytes - 1)))
      .arithmetic("i64", "and");
    code.get(this.#hart).load("i64.load", dataContext.offset).arithmetic("i64", "or").compare("i64", "eq");
    code.ifLikely(
      () => {
        code.get(this.#dataHits);
        this.#load32(dataTranslated.offset).arithmetic("i32", "add").set(this.#dataHits);
        then(base);
      },
      otherwise,
      result,
    );
  }

  /** Replaces the virtual address on the stack by the tag of its entry in a table, and keeps where the entry is, from what it gives. */
  #loadTag(table: number): number {
    const code = this.#code;
    code.i64(8).arithmetic("i64", "shr_u").convert("wrap");
    code.i32((LOOKASIDE_ENTRIES - 1) << 4).arithmetic("i32", "and");
    const base = this.#state.base();
    code.tee(this.#entry).load("i64.load", table + base);
    return base;
  }

  /** Pushes where the access goes, by the entry found at `base`. */
  #rememberedAddress(table: number, base: number): Code {
    const code = this.#code;
    code.get(this.#entry).load("i32.load", base + table + ENTRY_TARGET);
    return code.get(this.#address).convert("wrap").arithmetic("i32", "add");
  }

  /** After a slow path: if something must be looked at, this slot is the last one counted. */
  #heed(): void {
    this.#load32(attention.offset).if(() => this.#endAfterThis());
  }

  /** This slot is the last one before everything is looked at. */
  #endAfterThis(): void {
    this.#code.get(this.#hart);
    this.#spent();
    this.#code.store("i32.store", counted.offset).i32(0).set(this.#budget);
  }

  /** Counts all slots dispatched, and the data accesses that hit. */
  #count(): void {
    const code = this.#code;
    this.#spent();
    code.get(this.#dataHits);
    this.#call(count.procedure);
    code.i32(0).set(this.#dataHits);
  }

  #addTo(offset: number, push: () => void): void {
    this.#code.get(this.#hart).get(this.#hart).load("i64.load", offset);
    push();
    this.#code.arithmetic("i64", "add").store("i64.store", offset);
  }

  /** Pushes the number of slots since they were last counted. */
  #spent(): void {
    this.#load32(counted.offset).get(this.#budget).arithmetic("i32", "sub");
  }

  #storePc(): void {
    this.#code.get(this.#hart).get(this.#pc).store("i64.store", state.pc.offset);
  }

  #loadPc(): void {
    this.#code.get(this.#hart).load("i64.load", state.pc.offset).set(this.#pc);
  }

  #takeTrap(): void {
    const code = this.#code;
    this.#count();
    code.i32(0).setGlobal(this.#linkage.raisedGlobal);
    // The slot was counted as retired.
    this.#addTo(state.retired.offset, () => code.i64(-1));
    code.get(this.#hart).load("i64.load32_u", state.raisedCause.offset);
    code.get(this.#hart).load("i64.load", state.raisedValue.offset).get(this.#pc);
    this.#call(takeTrap.procedure);
  }

  /** The dispatch was not an instruction after all. */
  #giveBackSlot(): void {
    this.#code.get(this.#budget).i32(1).arithmetic("i32", "add").set(this.#budget);
  }

  #pcOfSlot(): void {
    pcOfSlot(this.#code, this.#state, this.#slot);
  }

  /** Pushes the hart's position in time. */
  #clock(): void {
    this.#code.get(this.#hart).load("i64.load", state.clock.offset);
  }

  #load32(offset: number): Code {
    return this.#code.get(this.#hart).load("i32.load", offset);
  }

  #call(p: Procedure): void {
    this.#code.call(indexOf(this.#linkage, p));
  }
}

/** For a branch table: the case of each handler that is one, and at last that of all others. */
const tableOf = (
  handlers: ReadonlyMap<number, Handled>,
  otherwise: number,
  caseOf: (handled: Handled) => number | undefined,
): number[] =>
  Array.from({ length: Math.max(...handlers.keys()) + 2 }, (_, handler) => {
    const handled = handlers.get(handler);
    return (handled && caseOf(handled)) ?? otherwise;
  });
