/** Loads, stores, atomics and fetches in the guest's address space: translation, protection, then memory. */
import { state } from "../hart/layout.ts";
import type { I32, I64 } from "../language/expression.ts";
import { select, select32, u32, u64 } from "../language/expression.ts";
import { hook, procedure } from "../language/procedure.ts";
import { local, raise, returns, when, whilst } from "../language/statement.ts";
import { Cause } from "../trap/cause.ts";
import { Access, accessFault } from "./access.ts";
import { checkWritable, inRam, ramAddress, readPhysical, writePhysical } from "./physical.ts";
import { pmpAllows, whenDenied } from "./pmp.ts";
import { translate } from "./translate.ts";

const MPRV = 17;

/** Mode in which loads and stores are translated and protected (privileged 3.1.6.3). */
export const dataMode = (): I32 => {
  const mstatus = state.mstatus.get();
  return select32(mstatus.bit(MPRV), mstatus.bits(11, 2).toI32(), state.mode.get());
};

/** Tells engines that an access of this kind has been allowed, in the current mode, and where it goes. */
export const accessAllowed = hook("accessAllowed", {
  virtual: "i64",
  physical: "i64",
  access: "i32",
  mode: "i32",
});

/**
 * Asks an engine for the place in machine memory of an aligned access of this kind to RAM that is allowed and of which
 * nobody need be told; 0 where it does not know that. What it answers has hit the TLB.
 */
export const knownPlace = hook("knownPlace", { virtual: "i64", bytes: "i32", access: "i32" }, "i32");

const crossesPage = (address: I64, bytes: I32): I32 => address.toI32().and(0xfff).add(bytes).gtU(4096);

/**
 * Raises an access fault unless an access that no single PMP entry allows is misaligned and each of its bytes allowed.
 * Only what is aligned must be matched as one; the fault tells the first byte denied (privileged 3.7.1, 3.1.16).
 */
const protectBytes = procedure(
  "protectBytes",
  { virtual: "i64", physical: "i64", bytes: "i32", access: "i32", mode: "i32" },
  "none",
  ({ virtual, physical, bytes, access, mode }) => {
    const aligned = physical.toI32().or(bytes).and(bytes.sub(1)).isZero();
    when(aligned, () => raise(accessFault(access), virtual));
    const i = local(u32(0));
    whilst(i.ltU(bytes), () => {
      when(pmpAllows({ address: physical.add(i.toU64()), bytes: 1n, access, mode }).isZero(), () =>
        raise(accessFault(access), virtual.add(i.toU64())),
      );
      i.set(i.add(1));
    });
  },
);

/** Translates and protects an access within one page; gives its physical address. */
const place = procedure(
  "place",
  { virtual: "i64", bytes: "i32", access: "i32", mode: "i32" },
  "i64",
  ({ virtual, bytes, access, mode }) => {
    const physical = local(translate({ virtual, access, mode }));
    whenDenied({ address: physical, bytes: bytes.toU64(), access, mode }, () =>
      protectBytes({ virtual, physical, bytes, access, mode }),
    );
    accessAllowed({ virtual, physical, access, mode });
    return physical;
  },
);

/** `place` for a part of a misaligned access, which only RAM supports (privileged 3.6.4). */
const placeInRam = procedure(
  "placeInRam",
  { virtual: "i64", bytes: "i32", access: "i32", mode: "i32" },
  "i64",
  ({ virtual, bytes, access, mode }) => {
    const physical = local(place({ virtual, bytes, access, mode }));
    when(inRam(physical, bytes).isZero(), () => raise(accessFault(access), virtual));
    return physical;
  },
);

/** Loads 1, 2, 4 or 8 bytes, zero-extended, at any alignment. */
export const readVirtual = procedure(
  "readVirtual",
  { virtual: "i64", bytes: "i32" },
  "i64",
  ({ virtual, bytes }) => {
    const mode = local(dataMode());
    when(crossesPage(virtual, bytes).isZero(), () => {
      const address = local(place({ virtual, bytes, access: Access.read, mode }));
      returns(readPhysical({ address, bytes, cause: Cause.loadAccess, virtual }));
    });
    const second = local(virtual.or(0xfff).add(1));
    const inFirst = local(second.sub(virtual).toI32());
    const low = local(placeInRam({ virtual, bytes: inFirst, access: Access.read, mode }));
    const high = local(placeInRam({ virtual: second, bytes: bytes.sub(inFirst), access: Access.read, mode }));
    const value = local(u64(0));
    const i = local(u32(0));
    whilst(i.ltU(bytes), () => {
      const n = i.toU64();
      const inLow = i.ltU(inFirst);
      const byte = readPhysical({
        address: select(inLow, low.add(n), high.add(n).sub(inFirst.toU64())),
        bytes: 1,
        cause: Cause.loadAccess,
        virtual: select(inLow, virtual, second),
      });
      value.set(value.or(byte.shl(n.shl(3))));
      i.set(i.add(1));
    });
    return value;
  },
);

/** Stores the low `bytes` bytes of a value, at any alignment; nothing is stored when any byte of it faults. */
export const writeVirtual = procedure(
  "writeVirtual",
  { virtual: "i64", bytes: "i32", value: "i64" },
  "none",
  ({ virtual, bytes, value }) => {
    const mode = local(dataMode());
    when(crossesPage(virtual, bytes).isZero(), () => {
      const address = local(place({ virtual, bytes, access: Access.write, mode }));
      checkWritable({ address, bytes, cause: Cause.storeAccess, virtual });
      writePhysical({ address, bytes, value });
      returns();
    });
    const second = local(virtual.or(0xfff).add(1));
    const inFirst = local(second.sub(virtual).toI32());
    const low = local(placeInRam({ virtual, bytes: inFirst, access: Access.write, mode }));
    const high = local(
      placeInRam({ virtual: second, bytes: bytes.sub(inFirst), access: Access.write, mode }),
    );
    const i = local(u32(0));
    whilst(i.ltU(bytes), () => {
      const n = i.toU64();
      writePhysical({
        address: select(i.ltU(inFirst), low.add(n), high.add(n).sub(inFirst.toU64())),
        bytes: 1,
        value: value.shrU(n.shl(3)),
      });
      i.set(i.add(1));
    });
  },
);

/** Physical address of an aligned atomic access in RAM; `access` says which exceptions it raises. */
export const placeAtomic = procedure(
  "placeAtomic",
  { virtual: "i64", bytes: "i32", access: "i32" },
  "i64",
  ({ virtual, bytes, access }) => {
    const known = local(knownPlace({ virtual, bytes, access }));
    when(known, () => returns(ramAddress(known)));
    when(virtual.toI32().and(bytes.sub(1)).ne(0), () =>
      raise(select32(access.eq(Access.read), Cause.loadMisaligned, Cause.storeMisaligned), virtual),
    );
    return place({ virtual, bytes, access, mode: dataMode() });
  },
);

const fetchParcel = procedure("fetchParcel", { virtual: "i64" }, "i64", ({ virtual }) =>
  place({ virtual, bytes: 2, access: Access.execute, mode: state.mode.get() }),
);

/**
 * The instruction at `pc`: 32 bits, of which the high 16 of a compressed one are zero. A fault on the second half of an
 * instruction that crosses a page reports the second page's address.
 */
export const fetch = procedure("fetch", { pc: "i64" }, "i32", ({ pc }) => {
  const cause = Cause.instructionAccess;
  const address = local(fetchParcel({ virtual: pc }));
  const low = local(readPhysical({ address, bytes: 2, cause, virtual: pc }).toI32());
  when(low.and(3).ne(3), () => returns(low));
  const next = local(pc.add(2));
  const second = local(address.add(2));
  when(
    pc.toI32().and(0xfff).eq(0xffe),
    () => second.set(fetchParcel({ virtual: next })),
    () => {
      whenDenied({ address: second, bytes: 2, access: Access.execute, mode: state.mode.get() }, () =>
        raise(cause, next),
      );
    },
  );
  return readPhysical({ address: second, bytes: 2, cause, virtual: next }).toI32().shl(16).or(low);
});
