/**
 * Writes a region as a WebAssembly function. Registers are in locals; they are loaded from the hart's state on entry and
 * stored where the region is left. Slots are counted block by block, ahead of their execution; what leaves a block in
 * its middle takes the rest back.
 */
import { dynamicRounding, Flag, Frm, modeIsReserved } from "../../float/environment.ts";
import { state } from "../../hart/layout.ts";
import type { Procedure } from "../../language/procedure.ts";
import type { Block } from "../../language/statement.ts";
import { checkWritable, readPhysical, writePhysical } from "../../memory/physical.ts";
import { placeAtomic } from "../../memory/virtual.ts";
import type { Label } from "../../wasm/code.ts";
import { Code } from "../../wasm/code.ts";
import { guestLoad, guestStore, signExtension } from "../guest-access.ts";
import { REGION_SIGNATURE } from "../interpreter/exports.ts";
import {
  attention,
  counted,
  cutShort,
  fetchTranslated,
  memoryIsFlat,
  misfit,
  rememberedCode,
} from "../interpreter/lookaside.ts";
import { RegionOffset, SLOTS_BIT } from "../interpreter/slot.ts";
import type { CallNode, Linkage, Site } from "../lower.ts";
import { Lowering } from "../lower.ts";
import { nativeFloat } from "../native-float/native-float.ts";
import type { Operand } from "../native-float/operation.ts";
import { looksAtClock, looksAtClockItself } from "../observes.ts";
import type { Analysis } from "./analysis.ts";
import { calls } from "./analysis.ts";
import type { Atomic } from "./atomic.ts";
import { atomicOf } from "./atomic.ts";
import type { DataMemory } from "./data-memory.ts";
import { Facts } from "./facts.ts";
import { FlatMemory } from "./flat-memory.ts";
import { alike } from "./fold.ts";
import { negatedDouble } from "./form.ts";
import type { Group } from "./group.ts";
import { groupsOf, loneAccess } from "./group.ts";
import type { Operation } from "./operation.ts";
import { PagedMemory } from "./paged-memory.ts";
import type { Placed, Region, RegionBlock } from "./region.ts";
import { pageOf } from "./region.ts";
import { RegisterLocals } from "./register-locals.ts";
import type { Rotated, Rotation } from "./rotation.ts";
import { rotationsIn } from "./rotation.ts";
import { anyReads, anyWrites, publish } from "./slow-path.ts";
import { specialise } from "./specialise.ts";

/** What a region's code is linked with. */
export interface RegionLinkage extends Linkage {
  /** The state of the machine's hart, if it has one only. */
  readonly onlyHart: number | undefined;
  /** Address of the region's record (interpreter/slot.ts). */
  readonly record: number;
  /** Address of the decoded page of a page of RAM, by which it is recognised. */
  decodedPage(page: number): number;
  /** Whether everything must be executed as described, even where the host could compute it faster. */
  readonly asDescribed: boolean;
  /** Whether the host multiplies and adds in one (native-float/host-fusing.ts). */
  readonly fuses: boolean;
  /** The region that begins at a delta of this one; undefined where it is not known what is there. */
  regionAt(delta: number): Callee | undefined;
  /** The function that goes on in a region of a number. */
  readonly enter: number;
}

/** What a piece of a region's code is for: an operation, what comes before and after all of them, or between blocks. */
export type Part = "entry" | "block" | "operation" | "otherwise" | "exits";

/** Where a piece of a region's code begins, for those who read it. */
export interface Mark {
  /** Offset among the function's instructions. */
  readonly at: number;
  readonly part: Part;
  /** The block or operation that it belongs to. */
  readonly delta: number;
  /** What the operation does where it stands. */
  readonly body: Block;
}

/** A region to go on in: its function, or where its number (plus one) will stand once it is translated. */
export type Callee = { readonly index: number } | { readonly link: number };

/** The function of a region; tells where its pieces begin, in the order in which they stand. */
export function emitRegion(
  region: Region,
  analysis: Analysis,
  linkage: RegionLinkage,
  note?: (mark: Mark) => void,
): Code {
  return new Emitter(region, analysis, linkage, note).emit();
}

const HART = 0;
const COUNTER = 1;
const PC = 2;
const DEPTH = 3;

const FRM = dynamicRounding().node;
const RESERVED_MODE = modeIsReserved().node;
/** The bits of fcsr that tell whether the host's instructions do the same. */
const MODE_AND_NX = ((2 ** Frm.width - 1) << Frm.low) | Flag.inexact;

/** What so many slots are in a counter. */
const slotsIn = (slots: number): number => slots * 2 ** SLOTS_BIT;

/** How an operation reaches guest memory. */
type GuestAccess = Pick<Site, "read" | "write">;

/** Where in a block an operation stands. */
interface Position {
  readonly block: RegionBlock;
  readonly index: number;
  readonly placed: Placed;
  /** What the operation does where it stands, after those before it. */
  readonly body: Block;
  /** Whether frm was looked at before, or is to be here, for this operation and those to come. */
  readonly mode: "known" | "learnt" | undefined;
  /** What it gives, if that is a rotation, and the register to keep before it, if that is rotated later. */
  readonly rotation: Rotation | undefined;
  readonly rotated: Rotated | undefined;
  /** What it is, if it makes its accesses itself. */
  readonly atomic: Atomic | undefined;
  /** Slots and accesses of the block that come after it. */
  readonly slotsAfter: number;
  readonly accessesAfter: number;
}

class Emitter {
  readonly #region: Region;
  readonly #analysis: Analysis;
  readonly #linkage: RegionLinkage;
  readonly #note: ((mark: Mark) => void) | undefined;
  readonly #code = new Code(REGION_SIGNATURE.parameters);
  readonly #registers: RegisterLocals;
  readonly #groups: readonly ReadonlyMap<number, Group>[];
  readonly #memory: DataMemory;
  /** Where in machine memory each group begins, in a local. */
  readonly #addresses = new Map<Group, number>();
  /** Values that are rotated later, in locals. */
  readonly #rotated = new Map<Rotated, number>();
  /** Where execution goes on outside. */
  readonly #target = this.#code.local("i64", "target");
  readonly #address = this.#code.local("i64", "address");
  readonly #entry = this.#code.local("i32", "entry");
  readonly #atomicPlace = this.#code.local("i32", "place");
  /** What is known at the end of each block that has been emitted and does not call, after which anything may be. */
  readonly #facts = new Map<number, Facts>();
  /** A local that has no bits if NX is set and frm nearest-even, as it was where that was looked at last; else all. */
  #unusual: number | undefined;
  /** What regions are given (`REGION_SIGNATURE`). */
  readonly #vector = this.#code.local("v128", "vector");
  readonly #labels = new Map<number, Label>();
  #leave: Label = 0;
  #stop: Label = 0;
  #chain: Label = 0;
  #chains = false;
  #out: Label = 0;

  constructor(region: Region, analysis: Analysis, linkage: RegionLinkage, note?: (mark: Mark) => void) {
    this.#region = region;
    this.#analysis = analysis;
    this.#linkage = linkage;
    this.#note = note;
    this.#registers = new RegisterLocals(this.#code, () => this.#hart(), analysis);
    this.#groups = groupsOf(region.blocks, analysis.shape);
    const frame = {
      code: this.#code,
      address: this.#address,
      hart: () => this.#hart(),
      call: (procedure: Procedure) => this.#callProcedure(procedure),
    };
    this.#memory = region.flat
      ? new FlatMemory(frame, linkage.settings)
      : new PagedMemory(frame, region, analysis, this.#groups);
  }

  emit(): Code {
    const code = this.#code;
    this.#mark("entry", 0);
    code.block((out) => {
      this.#out = out;
      code.block((chain) => {
        this.#chain = chain;
        code.block((stop) => {
          this.#stop = stop;
          code.block((leave) => {
            this.#leave = leave;
            this.#enter();
            this.#tree(0);
            this.#mark("exits", 0);
            code.unreachable();
          });
          // Something must be looked at before the next instruction: no slots are left for others.
          this.#hart();
          this.#hart().load("i32.load", counted.offset);
          this.#slotsLeft().arithmetic("i32", "sub").store("i32.store", counted.offset);
          code
            .get(COUNTER)
            .i64(2 ** SLOTS_BIT - 1)
            .arithmetic("i64", "and")
            .set(COUNTER)
            .branch(this.#out);
        });
        // Too few slots are left to go on here.
        this.#hart().i32(1).store("i32.store", cutShort.offset).branch(this.#out);
      });
      if (this.#chains) this.#chainTo();
      else code.unreachable();
    });
    this.#registers.store(this.#analysis.written);
    this.#storePc(() => code.get(this.#target));
    code.get(COUNTER);
    return code;
  }

  #enter(): void {
    const code = this.#code;
    code.get(COUNTER).i32(this.#linkage.record).load("i64.load32_u", RegionOffset.need);
    code.i64(SLOTS_BIT).arithmetic("i64", "shl").compare("i64", "lt_u");
    code.ifUnlikely(() => this.#leaveStored(() => code.get(PC)));
    if (this.#region.flat) {
      this.#hart().load("i32.load", memoryIsFlat.offset);
      code.isZero().ifUnlikely(() => {
        this.#hart().i32(this.#linkage.record).store("i32.store", misfit.offset);
        this.#leaveStored(() => code.get(PC));
      });
    }
    this.#registers.load();
    this.#memory.begin();
  }

  // ---- control flow, nested as N. Ramsey describes in "Beyond Relooper" (2022)

  #tree(node: number): void {
    const { shape } = this.#analysis;
    const merges = (shape.dominated[node] ?? []).filter((n) => shape.merges.has(n)).reverse();
    if (!shape.loopHeads.has(node)) {
      this.#within(node, merges);
      return;
    }
    this.#code.loop((again) => {
      this.#labels.set(node, again);
      this.#within(node, merges);
    });
  }

  /** A node, then those of `merges`, from one on, that it and what it dominates lead to. */
  #within(node: number, merges: readonly number[], from = 0): void {
    const last = merges[from];
    if (last === undefined) {
      this.#block(node);
      return;
    }
    this.#code.block((label) => {
      this.#labels.set(last, label);
      this.#within(node, merges, from + 1);
    });
    this.#tree(last);
  }

  /** Goes on at another block, or outside, from the end of one. */
  #goTo(node: number, delta: number): void {
    const { shape, nodes } = this.#analysis;
    const from = this.#region.blocks[node];
    const to = nodes.get(delta);
    if (from === undefined || to === undefined || !shape.successors[node]?.includes(to)) {
      this.#exitTo(node, delta);
      return;
    }
    if (this.#pageOf(delta) !== this.#pageOf(from.operations.at(-1)?.delta ?? from.delta)) {
      this.#ifElsewhere(delta, () => this.#leaveFor(delta));
    }
    const label = this.#labels.get(to);
    if (shape.merges.has(to) || shape.isBackEdge(node, to)) {
      if (label === undefined) throw new Error(`block ${to} has no label`);
      this.#code.branch(label);
    } else {
      this.#tree(to);
    }
  }

  /** Does something if the code at a delta is not where the region expects it. */
  #ifElsewhere(delta: number, then: () => void): void {
    const page = this.#region.pages.get(this.#pageOf(delta));
    if (page === undefined) throw new Error(`no page is known at ${delta}`);
    this.#at(delta);
    this.#callProcedure(rememberedCode.procedure);
    this.#code.i32(this.#linkage.decodedPage(page)).compare("i32", "ne").ifUnlikely(then);
  }

  /** Leaves towards a delta: to the region that begins there, if it is known. */
  #exitTo(node: number, delta: number): void {
    const callee = this.#regionAt(delta);
    if (callee === undefined) {
      this.#leaveFor(delta);
      return;
    }
    const code = this.#code;
    if ("link" in callee) {
      // Hardly ever taken, or it would be translated: all such exits share their end.
      this.#ifOnOtherPage(delta, () => this.#leaveFor(delta));
      code.i32(callee.link).set(this.#entry);
      this.#goOut(this.#chain, delta);
      this.#chains = true;
      return;
    }
    this.#registers.store(this.#analysis.dirty[node] ?? 0n);
    this.#ifOnOtherPage(delta, () => this.#leaveStored(() => this.#at(delta)));
    code.get(HART).get(COUNTER);
    this.#at(delta);
    code.get(DEPTH).get(this.#vector).tailCall(callee.index);
  }

  /** Goes on in the region whose number, plus one, is where `entry` says, as soon as one is translated for the target. */
  #chainTo(): void {
    const code = this.#code;
    this.#registers.store(this.#analysis.written);
    code.get(this.#entry).load("i32.load", 0).tee(this.#entry).isZero();
    code.if(() => this.#leaveStored(() => code.get(this.#target)));
    code.get(HART).get(COUNTER).get(this.#target).get(DEPTH).get(this.#vector);
    code.get(this.#entry).i32(1).arithmetic("i32", "sub").tailCall(this.#linkage.enter);
  }

  /** Does something if a region is not translated yet; otherwise its number, plus one, is in a local. */
  #ifTranslated(callee: Callee, otherwise: () => void): void {
    if ("index" in callee) return;
    this.#code.i32(callee.link).load("i32.load", 0).tee(this.#entry).isZero().ifUnlikely(otherwise);
  }

  #regionAt(delta: number): Callee | undefined {
    return this.#region.pages.has(this.#pageOf(delta)) ? this.#linkage.regionAt(delta) : undefined;
  }

  /** Does something if the code at a delta, on another page than the entry, is not where the region expects it. */
  #ifOnOtherPage(delta: number, then: () => void): void {
    if (this.#pageOf(delta) !== 0) this.#ifElsewhere(delta, then);
  }

  /** Leaves for the interpreter. */
  #leaveFor(delta: number): void {
    this.#goOut(this.#out, delta);
  }

  /** Leaves for a delta by the way that a label stands for. */
  #goOut(label: Label, delta: number): void {
    this.#at(delta);
    this.#code.set(this.#target).branch(label);
  }

  /** Leaves with the pc that is pushed. */
  #exit(node: number, pushPc: () => void): void {
    this.#registers.store(this.#analysis.dirty[node] ?? 0n);
    this.#leaveStored(pushPc);
  }

  /** The same where all registers have been stored. */
  #leaveStored(pushPc: () => void): void {
    this.#storePc(pushPc);
    this.#code.get(COUNTER).return();
  }

  /**
   * Calls the region at the delta that `choose` picks, and goes on after the call if it returns to there. `choose` emits
   * a use of its argument for each region that may be called, and leaves the region where it uses none.
   */
  #call(node: number, back: number, choose: (call: (delta: number, callee: Callee) => void) => void): void {
    const code = this.#code;
    this.#registers.store(this.#analysis.dirty[node] ?? 0n);
    code.block((returned) =>
      choose((delta, callee) => {
        const leave = () => this.#leaveStored(() => this.#at(delta));
        this.#ifOnOtherPage(delta, leave);
        this.#ifTranslated(callee, leave);
        code.get(DEPTH).isZero();
        code.ifUnlikely(leave);
        code.get(HART).get(COUNTER);
        this.#at(delta);
        code.get(DEPTH).i32(1).arithmetic("i32", "sub").get(this.#vector);
        if ("index" in callee) code.call(callee.index);
        else code.get(this.#entry).i32(1).arithmetic("i32", "sub").call(this.#linkage.enter);
        code.set(COUNTER).branch(returned);
      }),
    );
    this.#hart().load("i64.load", state.pc.offset);
    this.#at(back);
    code.compare("i64", "ne").ifUnlikely(() => code.get(COUNTER).return());
    this.#registers.load();
    this.#memory.resume();
    this.#goTo(node, back);
  }

  /** A call of a known function. */
  #callTo(node: number, delta: number, back: number): void {
    const callee = this.#regionAt(delta);
    if (callee === undefined || !this.#analysis.nodes.has(back)) this.#exitTo(node, delta);
    else this.#call(node, back, (call) => call(delta, callee));
  }

  /** A call of the function whose address is in the target, which may be one of those that were seen. */
  #callTarget(node: number, back: number): void {
    const code = this.#code;
    const known = this.#knownTargets(node);
    if (known.length === 0 || !this.#analysis.nodes.has(back)) {
      this.#exit(node, () => code.get(this.#target));
      return;
    }
    this.#call(node, back, (call) => {
      for (const { delta, callee } of known) this.#ifTarget(delta, () => call(delta, callee));
      this.#leaveStored(() => code.get(this.#target));
    });
  }

  /** A jump to the address in the target, which may be one of those that were seen. */
  #jumpToTarget(node: number): void {
    const successors = this.#region.blocks[node]?.successors ?? [];
    for (const delta of successors) this.#ifTarget(delta, () => this.#goTo(node, delta));
    for (const { delta } of this.#knownTargets(node)) {
      if (!successors.includes(delta)) this.#ifTarget(delta, () => this.#exitTo(node, delta));
    }
    this.#exit(node, () => this.#code.get(this.#target));
  }

  #knownTargets(node: number): { delta: number; callee: Callee }[] {
    return (this.#region.blocks[node]?.targets ?? []).flatMap((delta) => {
      const callee = this.#regionAt(delta);
      return callee === undefined ? [] : [{ delta, callee }];
    });
  }

  #ifTarget(delta: number, then: () => void): void {
    this.#code.get(this.#target);
    this.#at(delta);
    this.#code.compare("i64", "eq").if(then);
  }

  // ---- blocks

  #block(node: number): void {
    const block = this.#region.blocks[node];
    if (block === undefined) throw new Error(`there is no block ${node}`);
    const code = this.#code;
    this.#mark("block", block.delta);
    if (this.#analysis.checks.has(node)) this.#check(node, block);
    const total = block.operations.reduce((sum, { operation }) => sum + (operation.accesses ?? 0), 0);
    this.#adjust(total, -block.operations.length);
    const groups = this.#groups[node];
    for (const position of this.#positions(node, block, total)) {
      this.#mark("operation", position.placed.delta, position.body);
      if (position.mode === "learnt") this.#learnMode();
      const group = groups?.get(position.index);
      if (group === undefined) this.#plain(node, position);
      else if (group.node === node && group.first === position.index) this.#first(position, group);
      else this.#known(position, group);
    }
    const last = block.operations.at(-1);
    if (last === undefined) code.unreachable();
    else if (last.operation.flow.kind === "next") this.#goTo(node, last.delta + last.operation.length);
  }

  #positions(node: number, block: RegionBlock, total: number): Position[] {
    const { settings, asDescribed } = this.#linkage;
    const facts = this.#factsBefore(node);
    if (!calls(block)) this.#facts.set(node, facts);
    const modeIsKnown = () => facts.decide(RESERVED_MODE) !== undefined;
    let isKnown = modeIsKnown();
    const rotations = rotationsIn(block.operations.map(({ operation }) => operation));
    const rotated = new Map([...rotations.values()].map(({ of }) => [of.index, of]));
    let accessesAfter = total;
    return block.operations.map((placed, index) => {
      const { decoded, accesses, looksAtState, body: alone } = placed.operation;
      accessesAfter -= accesses ?? 0;
      const wasKnown = isKnown;
      const body = looksAtState ? specialise(alone, { settings, decoded }, facts) : alone;
      if (looksAtState) isKnown = modeIsKnown();
      const mode = wasKnown ? "known" : isKnown ? "learnt" : undefined;
      const slotsAfter = block.operations.length - index - 1;
      const rotating = { rotation: rotations.get(index), rotated: rotated.get(index) };
      const atomic = asDescribed ? undefined : atomicOf(body);
      return { block, index, placed, body, mode, ...rotating, atomic, slotsAfter, accessesAfter };
    });
  }

  /** What is known where a block begins: what the only one that leads to it leaves behind. */
  #factsBefore(node: number): Facts {
    const [before, ...others] = this.#analysis.shape.predecessors[node] ?? [];
    // The first block is entered from outside, too.
    const isOnly = before !== undefined && others.length === 0 && node !== 0;
    return (isOnly ? this.#facts.get(before)?.copy() : undefined) ?? new Facts();
  }

  #check(node: number, block: RegionBlock): void {
    const code = this.#code;
    // The entry's check was made before the function's body, unless the block repeats.
    if (node === 0 && !this.#analysis.shape.loopHeads.has(0)) return;
    code.get(COUNTER).i64(slotsIn(this.#analysis.slots[node] ?? 0));
    code.compare("i64", "lt_u").ifUnlikely(() => {
      this.#goOut(this.#stop, block.delta);
    });
  }

  // ---- operations

  #plain(node: number, position: Position): void {
    const { placed, rotation, rotated, atomic } = position;
    const { operation } = placed;
    if (placed.crosses) this.#enterNextPage(position);
    if (rotated !== undefined) this.#keep(rotated);
    if (operation.looksAtState && looksAtClockItself(position.body)) this.#publish(position);
    const lower = new Lowering(this.#linkage, this.#site(position));
    if (rotation !== undefined) this.#rotate(operation, rotation);
    else lower.block(position.body);
    if (operation.flow.kind === "end") {
      this.#goOut(this.#leave, placed.delta + operation.length);
      return;
    }
    if (atomic === undefined && (operation.reachesOutside || operation.accesses !== 0)) this.#heed(position);
    this.#follow(node, position, lower);
  }

  /** Keeps what is rotated later, for the register may be written before. */
  #keep(rotated: Rotated): void {
    const local = this.#code.local("i64", "rotated");
    this.#rotated.set(rotated, local);
    this.#registers.pushX(rotated.register);
    this.#code.set(local);
  }

  #rotate({ decoded }: Operation, { of, type, count }: Rotation): void {
    const code = this.#code.get(this.#rotated.get(of) ?? 0);
    if (type === "i32") code.convert("wrap").i32(count).arithmetic("i32", "rotl").convert("extend_s");
    else code.i64(count).arithmetic("i64", "rotl");
    this.#registers.setX(decoded.rd);
  }

  #follow(node: number, { placed }: Position, lower: Lowering): void {
    const code = this.#code;
    const { delta, operation } = placed;
    const { flow, length, decoded } = operation;
    const next = delta + length;
    switch (flow.kind) {
      case "branch":
        lower.node(flow.condition);
        code.if(() => this.#goTo(node, delta + decoded.immediate));
        this.#mark("otherwise", delta);
        this.#goTo(node, next);
        return;
      case "jump":
        if (flow.link) this.#callTo(node, delta + decoded.immediate, next);
        else this.#goTo(node, delta + decoded.immediate);
        return;
      case "indirect":
        lower.node(flow.target);
        code.set(this.#target);
        if (flow.link) this.#callTarget(node, next);
        else this.#jumpToTarget(node);
        return;
    }
  }

  /** The first access of a group: finds the page that all of them lie in, or leaves. */
  #first(position: Position, group: Group): void {
    const code = this.#code;
    if (position.placed.crosses) this.#enterNextPage(position);
    const locate = (pushAddress: () => void) => {
      pushAddress();
      const shift = group.from - group.access.offset;
      if (shift !== 0) code.i64(shift).arithmetic("i64", "add");
      code.set(this.#address);
      this.#memory.find(group, () => this.#leaveBefore(position));
      if (group.size === 1) return;
      const address = code.local("i32");
      this.#addresses.set(group, address);
      code.tee(address);
    };
    new Lowering(this.#linkage, this.#site(position, this.#found(position, group, locate))).block(
      position.body,
    );
  }

  /** An access whose page has been found for its group. */
  #known(position: Position, group: Group): void {
    if (position.placed.crosses) this.#enterNextPage(position);
    const locate = () => {
      this.#code.get(this.#addresses.get(group) ?? 0);
    };
    new Lowering(this.#linkage, this.#site(position, this.#found(position, group, locate))).block(
      position.body,
    );
  }

  /** Accesses of a group; `locate` is given what pushes the address, and pushes where the group begins in memory. */
  #found({ placed }: Position, group: Group, locate: (pushAddress: () => void) => void): GuestAccess {
    const code = this.#code;
    const offset = this.#memory.base + (placed.operation.access?.offset ?? 0) - group.from;
    return {
      read: (access, lower) => {
        locate(() => lower.node(access.address));
        code.load(guestLoad(access.bytes, access.signed), offset);
      },
      write: (access, lower) => {
        locate(() => lower.node(access.address));
        lower.node(access.value);
        code.store(guestStore(access.bytes), offset);
      },
    };
  }

  /** Leaves for the interpreter to execute an operation. */
  #leaveBefore({ placed, accessesAfter, slotsAfter }: Position): void {
    this.#adjust(-accessesAfter - (placed.operation.accesses ?? 0), slotsAfter + 1);
    this.#leaveFor(placed.delta);
  }

  /** Before an instruction that lies on two pages: each is fetched from, which the TLB counts. */
  #enterNextPage(position: Position): void {
    const code = this.#code;
    const { delta } = position.placed;
    this.#ifElsewhere(delta + 2, () => this.#leaveBefore(position));
    this.#hart();
    this.#hart().load("i64.load", state.tlbHits.offset);
    this.#hart().load("i64.load32_u", fetchTranslated.offset).arithmetic("i64", "add");
    code.store("i64.store", state.tlbHits.offset);
  }

  #site(position: Position, access = this.#lookedUp(position)): Site {
    const code = this.#code;
    const { delta, operation } = position.placed;
    const { decoded, accesses = 0 } = operation;
    let made = 0;
    return {
      code,
      hart: () => this.#hart(),
      leaveRaised: () => {
        this.#adjust(Math.min(0, made - accesses) - position.accessesAfter, position.slotsAfter);
        this.#goOut(this.#leave, delta);
      },
      leaveReturning: () => {
        throw new Error("an instruction cannot return");
      },
      beforeCall: (p) => {
        if (looksAtClock(p)) this.#publish(position);
      },
      replaceCall: (call, lower) =>
        (position.atomic !== undefined && this.#accessAtomically(position, position.atomic, call, lower)) ||
        this.#computeNatively(call, lower, position),
      x: (operand) => this.#registers.pushX(decoded[operand]),
      f: (operand) => this.#registers.pushF(decoded[operand]),
      writeX: (operand, value) => {
        value();
        this.#registers.setX(decoded[operand]);
      },
      writeF: (operand, value) => {
        value();
        this.#registers.setF(decoded[operand]);
      },
      immediate: () => code.i64(decoded.immediate),
      encoding: () => code.i32(decoded.word),
      pc: () => this.#at(delta),
      next: () => this.#at(delta + operation.length),
      read: (node, lower) => {
        made++;
        access.read(node, lower);
      },
      write: (statement, lower) => {
        made++;
        access.write(statement, lower);
      },
      jumpTo: (target) => {
        target();
        code.set(this.#target).branch(this.#leave);
      },
      jumpByImmediate: () => this.#goOut(this.#leave, delta + decoded.immediate),
    };
  }

  /** An atomic operation on RAM makes its accesses itself; on what else there is, the interpreter executes it. */
  #accessAtomically(position: Position, atomic: Atomic, call: CallNode, lower: Lowering): boolean {
    const code = this.#code;
    const { base } = this.#memory;
    if (call.procedure === placeAtomic.procedure) {
      const [virtual] = call.arguments;
      if (virtual === undefined) return false;
      lower.node(virtual);
      code.set(this.#address);
      this.#placeAtomic(position, atomic);
      code.tee(this.#atomicPlace).convert("extend_u");
      code.i64(BigInt(base) - this.#linkage.settings.ramBias).arithmetic("i64", "add");
      return true;
    }
    if (call.procedure === checkWritable.procedure) return true;
    if (call.procedure === readPhysical.procedure) {
      code.get(this.#atomicPlace).load(guestLoad(atomic.bytes, false), base);
      return true;
    }
    const value = call.arguments[2];
    if (call.procedure !== writePhysical.procedure || value === undefined) return false;
    code.get(this.#atomicPlace);
    lower.node(value);
    code.store(guestStore(atomic.bytes), base);
    return true;
  }

  /** Pushes where the address lies in machine memory, less the memory's base, and counts the hit. */
  #placeAtomic(position: Position, { bytes, writes }: Atomic): void {
    const code = this.#code;
    const leave = () => this.#leaveBefore(position);
    code
      .get(this.#address)
      .convert("wrap")
      .i32(bytes - 1)
      .arithmetic("i32", "and")
      .ifUnlikely(leave);
    this.#memory.find(loneAccess(bytes, writes), leave);
    this.#adjust(1, 0);
  }

  /** Notes whether results are what the host gives, as far as fcsr tells; what follows can only set more flags. */
  #learnMode(): void {
    const code = this.#code;
    this.#unusual ??= code.local("i64", "unusual");
    code.i64(0);
    this.#hart().load("i32.load", state.fcsr.offset);
    code.i32(MODE_AND_NX).arithmetic("i32", "and").i32(Flag.inexact).compare("i32", "ne").convert("extend_u");
    code.arithmetic("i64", "sub").set(this.#unusual);
  }

  /** Pushes what a procedure of floating-point arithmetic gives, computed by the host where that is the same. */
  #computeNatively(call: CallNode, lower: Lowering, { mode, placed }: Position): boolean {
    const { decoded } = placed.operation;
    const { asDescribed, fuses } = this.#linkage;
    const native = asDescribed ? undefined : nativeFloat(call.procedure, fuses);
    if (native === undefined) return false;
    const code = this.#code;
    const operands = call.arguments.map((argument): Operand => {
      if (argument.kind === "constant") return { constant: argument.value };
      if (mode !== undefined && this.#unusual !== undefined && alike(argument, FRM)) {
        return { unusual: this.#unusual };
      }
      if (argument.kind === "f") {
        const { local, isDouble } = this.#registers.float(decoded[argument.operand]);
        return isDouble ? { double: local } : { local };
      }
      const negated = negatedDouble(argument);
      const number = negated && this.#registers.float(decoded[negated.operand]);
      if (number?.isDouble) {
        const double = code.local("f64");
        code.get(number.local).floatUnary("f64", "neg").set(double);
        return { double };
      }
      const local = code.local(argument.type);
      lower.node(argument);
      code.set(local);
      return { local };
    });
    native.usual({
      code,
      operands,
      fcsr: () => this.#hart().load("i32.load", state.fcsr.offset),
      slow: () => lower.call(call),
    });
    return true;
  }

  /** Accesses whose pages must be looked up; those that are not made for certain are counted here. */
  #lookedUp(position: Position): GuestAccess {
    const code = this.#code;
    const call = (any: Procedure) => {
      if (position.placed.operation.accesses === undefined) this.#adjust(1, 0);
      this.#pushBudget(position);
      this.#callProcedure(any);
    };
    return {
      read: (node, lower) => {
        lower.node(node.address);
        call(anyReads[node.bytes].procedure);
        lower.leaveIfRaised();
        const extension = signExtension(node.bytes);
        if (node.signed && extension !== undefined) code.unary("i64", extension);
      },
      write: (statement, lower) => {
        lower.node(statement.address);
        lower.node(statement.value);
        call(anyWrites[statement.bytes].procedure);
        lower.leaveIfRaised();
      },
    };
  }

  /** After an operation that may have changed what the region relies on. */
  #heed(position: Position): void {
    const { delta, operation } = position.placed;
    this.#hart().load("i32.load", attention.offset);
    this.#code.ifUnlikely(() => {
      this.#adjust(-position.accessesAfter, position.slotsAfter);
      this.#goOut(this.#leave, delta + operation.length);
    });
  }

  // ---- pieces

  #mark(part: Part, delta: number, body?: Block): void {
    this.#note?.({ at: this.#code.length, part, delta, body: body ?? [] });
  }

  /** Pushes the slots that are left. */
  #slotsLeft(): Code {
    return this.#code.get(COUNTER).i64(SLOTS_BIT).arithmetic("i64", "shr_u").convert("wrap");
  }

  /** Counts the slots before an operation, for it may look at the clock. */
  #publish(position: Position): void {
    this.#pushBudget(position);
    this.#callProcedure(publish.procedure);
  }

  /** Pushes the slots that were left before an operation. */
  #pushBudget({ slotsAfter }: Position): void {
    this.#slotsLeft()
      .i32(slotsAfter + 1)
      .arithmetic("i32", "add");
  }

  /** Counts accesses that hit, and slots left. */
  #adjust(hits: number, slots: number): void {
    const change = slotsIn(slots) + hits;
    if (change === 0) return;
    this.#code.get(COUNTER).i64(change).arithmetic("i64", "add").set(COUNTER);
  }

  /** Pushes the address of the hart's state. */
  #hart(): Code {
    const { onlyHart } = this.#linkage;
    return onlyHart === undefined ? this.#code.get(HART) : this.#code.i32(onlyHart);
  }

  #at(delta: number): void {
    this.#code.get(PC);
    if (delta !== 0) this.#code.i64(delta).arithmetic("i64", "add");
  }

  #pageOf(delta: number): number {
    return pageOf(this.#region, delta);
  }

  #storePc(push: () => void): void {
    this.#hart();
    push();
    this.#code.store("i64.store", state.pc.offset);
  }

  #callProcedure(p: Procedure): void {
    const index = this.#linkage.functionOf(p);
    if (index === undefined) throw new Error(`procedure "${p.name}" is not linked`);
    this.#code.call(index);
  }
}
