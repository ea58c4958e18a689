/** Physical memory protection with 16 entries (privileged 3.7). */
import { PMP_ADDRESS_OFFSET, PMP_CONFIG_OFFSET, state } from "../hart/layout.ts";
import { cell32, cell64, hart, select, u32, u64 } from "../language/expression.ts";
import { procedure } from "../language/procedure.ts";
import { local, returns, when, whilst } from "../language/statement.ts";

const LOCKED = 0x80;
const addressOf = (i: ReturnType<typeof u32>) => cell64("i64", hart.add(i.shl(3)), PMP_ADDRESS_OFFSET);

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
    const i = local(u32(0));
    const previous = local(u64(0));
    whilst(i.ltU(state.pmpInUse.get()), () => {
      const config = local(cell32("u8", hart.add(i), PMP_CONFIG_OFFSET));
      const register = local(addressOf(i));
      const kind = local(config.shrU(3).and(3));
      when(kind.ne(0), () => {
        // NAPOT: trailing ones give the size; NA4 is the same with none of them looked at.
        const ones = local(select(kind.eq(3), register.xor(register.add(1)), 0));
        const from = local(select(kind.eq(1), previous, register.and(ones.not())).shl(2));
        const to = local(select(kind.eq(1), register, register.or(ones).add(1)).shl(2));
        // An entry that ends before it begins matches nothing.
        when(address.ltU(to).and(from.ltU(end)).and(from.ltU(to)), () => {
          when(address.ltU(from).or(end.gtU(to)), () => returns(u32(0)));
          when(mode.eq(3).and(config.and(LOCKED).isZero()), () => returns(u32(1)));
          returns(config.and(access).eq(access));
        });
      });
      previous.set(register);
      i.set(i.add(1));
    });
    return mode.eq(3);
  },
);
