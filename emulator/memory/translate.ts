/** Address translation: Bare, Sv39, Sv48 and Sv57 (privileged 4.3 to 4.5). */
import { state } from "../hart/layout.ts";
import type { I32, I64 } from "../language/expression.ts";
import { cell64, select32, setting32, u32, u64 } from "../language/expression.ts";
import { procedure } from "../language/procedure.ts";
import { local, raise, returns, when, whilst } from "../language/statement.ts";
import { EnvironmentBit } from "../trap/envcfg.ts";
import { Status } from "../trap/status.ts";
import { Access, accessFault, pageFault } from "./access.ts";
import { inRam, ramCell, readPhysical, writePhysical } from "./physical.ts";
import { whenDenied } from "./pmp.ts";
import {
  cachedPte,
  cachedSize,
  levelShift,
  NAPOT_SIZE,
  pageShift,
  satpAsid,
  tlbForget,
  tlbInsert,
  tlbLookup,
} from "./tlb.ts";

const V = 1;
const R = 2;
const W = 4;
const X = 8;
const U = 16;
const G = 32;
const A = 64;
const D = 128;
/** Bits 63 to 54: N (Svnapot), the memory type (Svpbmt, two bits), seven reserved ones. */
const N = 63;
const MEMORY_TYPE = 61;
const RESERVED = 54;
const RESERVED_TYPE = 3;
/** Low bits of the page number of a 64 KiB page, the only size that N stands for so far. */
const NAPOT_64K = 8;

/** Levels of the translation mode in satp (8 Sv39, 9 Sv48, 10 Sv57); 0 when it is Bare. */
export const translationLevels = (satp: I64): I32 => {
  const mode = satp.shrU(60).toI32();
  return select32(mode.eq(0), 0, mode.sub(5));
};

/** Whether a leaf allows an access in a mode (privileged 4.3.1, 3.1.6.3). */
const permits = (pte: I64, access: I32, mode: I32): I32 => {
  const flags = local(pte.toI32());
  const mstatus = local(state.mstatus.get().toI32());
  const statusBit = (bit: number) => mstatus.shrU(bit).and(1);
  const executableReadable = statusBit(Status.MXR).and(access).and(flags.shrU(3));
  const right = flags.shrU(1).and(access).ne(0).or(executableReadable);
  const user = flags.and(U).ne(0);
  const supervisorMay = user.isZero().or(statusBit(Status.SUM).and(access.ne(Access.execute)));
  return right.and(select32(mode.eq(0), user, supervisorMay));
};

/** Whether the high bits of an entry are such as this machine takes (privileged, "Svnapot" and "Svpbmt"). */
const highBitsLegal = (pte: I64): I32 => {
  const type = local(pte.bits(MEMORY_TYPE, 2));
  const typesOn = setting32("svpbmt").and(state.menvcfg.get().bit(EnvironmentBit.PBMTE));
  const typeLegal = type.isZero().or(typesOn.and(type.ne(RESERVED_TYPE)));
  const nLegal = pte.bit(N).leU(setting32("svnapot"));
  return pte.bits(RESERVED, 7).isZero().and(typeLegal).and(nLegal);
};

/** The A bit, and D for a store, that the access needs. */
const usedBits = (access: I32): I32 => select32(access.eq(Access.write), A | D, A);

/** The physical address that a leaf gives a virtual one in its page. */
const physicalOf = (pte: I64, size: I32, virtual: I64): I64 => {
  const offsetMask = local(u64(1).shl(pageShift(size).toU64()).sub(1));
  return pte.bits(10, 44).shl(12).and(offsetMask.not()).or(virtual.and(offsetMask));
};

/** Walks the page tables, enters the leaf in the TLB and gives the physical address (privileged 4.3.2). */
const walk = procedure(
  "walk",
  { virtual: "i64", access: "i32", mode: "i32" },
  "i64",
  ({ virtual, access, mode }) => {
    const fault = () => raise(pageFault(access), virtual);
    const satp = local(state.satp.get());
    const level = local(translationLevels(satp));
    const unused = local(u64(64).sub(levelShift(level).toU64()));
    when(virtual.shl(unused).shrS(unused).ne(virtual), fault);
    const table = local(satp.bits(0, 44).shl(12));
    const global = local(u32(0));
    whilst(level.ne(0), () => {
      level.set(level.sub(1));
      const index = virtual.shrU(levelShift(level).toU64()).and(0x1ff);
      const address = local(table.add(index.shl(3)));
      whenDenied({ address, bytes: 8, access: Access.read, mode: 1 }, () =>
        raise(accessFault(access), virtual),
      );
      const pte = local(u64(0));
      when(
        inRam(address, u32(8)),
        () => pte.set(cell64("i64", ramCell(address))),
        () => pte.set(readPhysical({ address, bytes: 8, cause: accessFault(access), virtual })),
      );
      const flags = local(pte.toI32());
      when(
        flags
          .and(V)
          .isZero()
          .or(flags.and(R | W).eq(W)),
        fault,
      );
      when(pte.shrU(RESERVED).ne(0), () => when(highBitsLegal(pte).isZero(), fault));
      when(flags.and(G).ne(0), () => global.set(1));
      when(
        flags.and(R | X).isZero(),
        () => {
          // D, A, U, memory type and N of a pointer to the next level are reserved.
          when(
            flags
              .and(A | D | U)
              .ne(0)
              .or(pte.shrU(MEMORY_TYPE).ne(0)),
            fault,
          );
          table.set(pte.bits(10, 44).shl(12));
        },
        () => {
          when(permits(pte, access, mode).isZero(), fault);
          const below = u64(1).shl(level.mul(9).toU64()).sub(1);
          when(pte.shrU(10).and(below).ne(0), fault);
          const size = local(level);
          when(pte.bit(N), () => {
            when(level.ne(0).or(pte.bits(10, 4).ne(NAPOT_64K)), fault);
            size.set(NAPOT_SIZE);
          });
          when(flags.and(usedBits(access)).ne(usedBits(access)), () => {
            when(setting32("svadu").and(state.menvcfg.get().bit(EnvironmentBit.ADUE)).isZero(), fault);
            whenDenied({ address, bytes: 8, access: Access.write, mode: 1 }, () =>
              raise(accessFault(access), virtual),
            );
            pte.set(pte.or(usedBits(access).toU64()));
            writePhysical({ address, bytes: 8, value: pte });
          });
          tlbInsert({ virtual, pte, size, asid: satpAsid(satp), global });
          returns(physicalOf(pte, size, virtual));
        },
      );
    });
    fault();
    return u64(0);
  },
);

/** Whether a cached leaf allows an access in a mode, with the A bit, and D for a store, set. */
const cachedPermits = (pte: I64, access: I32, mode: I32): I32 => {
  const used = usedBits(access);
  return permits(pte, access, mode).and(pte.toI32().and(used).eq(used));
};

const untranslated = (mode: I32): I32 => mode.eq(3).or(translationLevels(state.satp.get()).isZero());

const cached = (virtual: I64): I32 => tlbLookup({ virtual, asid: satpAsid(state.satp.get()) });

/** No physical address. */
export const NOWHERE = -1n;

/** As `translate`, as far as that needs no walk: otherwise gives `NOWHERE`. Changes and counts nothing. */
export const translateCached = procedure(
  "translateCached",
  { virtual: "i64", access: "i32", mode: "i32" },
  "i64",
  ({ virtual, access, mode }) => {
    when(untranslated(mode), () => returns(virtual));
    const entry = local(cached(virtual));
    when(entry.isZero(), () => returns(u64(NOWHERE)));
    const pte = local(cachedPte(entry));
    when(cachedPermits(pte, access, mode).isZero(), () => returns(u64(NOWHERE)));
    return physicalOf(pte, cachedSize(entry), virtual);
  },
);

/**
 * Physical address for an access at a virtual one by `mode` (the effective one). Raises a page fault, or an access
 * fault when a page table lies where it may not. A cached leaf that denies the access is walked again, as the
 * specification allows at any time, so that widening a permission needs no fence.
 */
export const translate = procedure(
  "translate",
  { virtual: "i64", access: "i32", mode: "i32" },
  "i64",
  ({ virtual, access, mode }) => {
    when(untranslated(mode), () => returns(virtual));
    const entry = local(cached(virtual));
    when(entry.ne(0), () => {
      const pte = local(cachedPte(entry));
      when(cachedPermits(pte, access, mode), () => {
        state.tlbHits.set(state.tlbHits.get().add(1));
        returns(physicalOf(pte, cachedSize(entry), virtual));
      });
      tlbForget({ entry });
    });
    state.tlbMisses.set(state.tlbMisses.get().add(1));
    return walk({ virtual, access, mode });
  },
);
