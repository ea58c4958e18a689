/**
 * Physical memory protection with 16 entries (privileged 3.7). A write to their registers works out the address ranges
 * once; an access looks at the ranges only.
 *
 * A range is its first byte (8), the byte after its last (8), and its entry's configuration (1).
 */
import {
  PMP_ADDRESS_OFFSET,
  PMP_CONFIG_OFFSET,
  PMP_ENTRIES,
  PMP_RANGE_BYTES,
  PMP_RANGES_OFFSET,
  state,
} from "../hart/layout.ts";
import { cell32, cell64, hart, select, select32, u32, u64 } from "../language/expression.ts";
import { hook, procedure } from "../language/procedure.ts";
import { local, returns, storeCell, when, whilst } from "../language/statement.ts";

const LOCKED = 0x80;
const PERMISSIONS = 7;
/** Where a range ends that covers all; the last entry's end of NAPOT lies beyond it. */
const EVERYTHING = (1n << 56n) - 4n;
export const RangeOffset = { from: 0, to: 8, config: 16 } as const;
/** Values of a configuration's A field: off, top of range, four bytes, a power of two. */
const Match = { off: 0, tor: 1, na4: 2, napot: 3 } as const;

/** Tells engines that protection has changed. */
export const protectionChanged = hook("protectionChanged", {});

/** Works out the ranges after a PMP register has been written. */
export const renewProtection = procedure("renewProtection", {}, "none", () => {
  const count = local(u32(0));
  const range = local(hart.add(PMP_RANGES_OFFSET));
  const i = local(u32(0));
  const previous = local(u64(0));
  whilst(i.ltU(PMP_ENTRIES), () => {
    const config = local(cell32("u8", hart.add(i), PMP_CONFIG_OFFSET));
    const register = local(cell64("i64", hart.add(i.shl(3)), PMP_ADDRESS_OFFSET));
    const match = local(config.shrU(3).and(3));
    // Trailing ones give a power of two's size; NA4 is the same with none of them looked at.
    const ones = local(select(match.eq(Match.napot), register.xor(register.add(1)), 0));
    const from = local(select(match.eq(Match.tor), previous, register.and(ones.not())).shl(2));
    const to = local(select(match.eq(Match.tor), register, register.or(ones).add(1)).shl(2));
    // An entry that ends before it begins matches nothing.
    when(match.ne(Match.off).and(from.ltU(to)), () => {
      storeCell("i64", range, from, RangeOffset.from);
      storeCell("i64", range, to, RangeOffset.to);
      storeCell("u8", range, config, RangeOffset.config);
      range.set(range.add(PMP_RANGE_BYTES));
      count.set(count.add(1));
    });
    previous.set(register);
    i.set(i.add(1));
  });
  state.pmpRanges.set(count);
  const first = local(hart.add(PMP_RANGES_OFFSET));
  const from = cell64("i64", first, RangeOffset.from);
  const coversAll = count
    .ne(0)
    .and(from.isZero())
    .and(cell64("i64", first, RangeOffset.to).geU(EVERYTHING));
  state.pmpOpen.set(select32(coversAll, cell32("u8", first, RangeOffset.config).and(PERMISSIONS), 0));
  protectionChanged({});
});

/**
 * Whether a hart in `mode` may access `bytes` bytes. The lowest entry that matches any of them decides and must match
 * all of them; asked about a whole page, 1 therefore means that every access within it is allowed.
 */
export const pmpAllows = procedure(
  "pmpAllows",
  { address: "i64", bytes: "i64", access: "i32", mode: "i32" },
  "i32",
  ({ address, bytes, access, mode }) => {
    const end = local(address.add(bytes));
    const range = local(hart.add(PMP_RANGES_OFFSET));
    const last = local(range.add(state.pmpRanges.get().mul(PMP_RANGE_BYTES)));
    whilst(range.ltU(last), () => {
      const from = local(cell64("i64", range, RangeOffset.from));
      const to = local(cell64("i64", range, RangeOffset.to));
      when(address.ltU(to).and(from.ltU(end)), () => {
        when(address.ltU(from).or(end.gtU(to)), () => returns(u32(0)));
        const config = local(cell32("u8", range, RangeOffset.config));
        when(mode.eq(3).and(config.and(LOCKED).isZero()), () => returns(u32(1)));
        returns(config.and(access).ne(0));
      });
      range.set(range.add(PMP_RANGE_BYTES));
    });
    return mode.eq(3);
  },
);

/** Does something unless `pmpAllows`, which mostly need not be asked. */
export const whenDenied = (asked: Parameters<typeof pmpAllows>[0], then: () => void): void =>
  when(state.pmpOpen.get().and(asked.access).isZero(), () => when(pmpAllows(asked).isZero(), then));
