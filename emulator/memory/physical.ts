/** Physical memory: RAM, and devices behind the bus. */
import { inClint, readClint, writeClint } from "../device/clint.ts";
import { inSerial, readLineStatus, sendByte } from "../device/serial-cells.ts";
import type { I32, I64 } from "../language/expression.ts";
import { cell32, cell64, setting32, setting64 } from "../language/expression.ts";
import { hook, hostProcedure, procedure } from "../language/procedure.ts";
import { fillCells, local, raise, returns, storeCell, when } from "../language/statement.ts";

/** Where RAM begins on the virt board. */
export const RAM_BASE = 0x8000_0000n;

/** What a page's flag byte says (`flagPage`). */
export const PageFlag = {
  /** An engine has decoded code from this page, and hears of stores (`codeStored`). */
  code: 1,
  /** The page holds a cell that the board watches (HTIF): stores are reported to the host (`storeObserved`). */
  watched: 2,
  /** The next page has one of the other flags: a store that begins here may end there. */
  before: 4,
} as const;
/** Flags of pages whose stores somebody hears of. */
export const NOTICED = PageFlag.code | PageFlag.watched;

/** The flags of all pages of RAM, in machine memory. */
export const pageFlagsOf = (
  memory: ArrayBufferLike,
  { pageFlags, ramBytes }: Readonly<Record<"pageFlags" | "ramBytes", bigint>>,
): Uint8Array => new Uint8Array(memory, Number(pageFlags), Number(ramBytes) / 4096);

/** Sets or clears a flag, other than `before`, of a page by its number. */
export function flagPage(flags: Uint8Array, page: number, flag: number, on: boolean): void {
  const now = flags[page] ?? 0;
  const then = on ? now | flag : now & ~flag;
  flags[page] = then;
  if (page === 0) return;
  const previous = flags[page - 1] ?? 0;
  flags[page - 1] = then & NOTICED ? previous | PageFlag.before : previous & ~PageFlag.before;
}

/** 1 if a device answers at this address. */
const deviceAt = hostProcedure("deviceAt", { address: "i32", bytes: "i32" }, "i32");
const deviceRead = hostProcedure("deviceRead", { address: "i32", bytes: "i32" }, "i32");
const deviceWrite = hostProcedure("deviceWrite", { address: "i32", bytes: "i32", value: "i32" }, "none");
/** Reports a store to a page that is watched; `address` is an offset into RAM. */
const storeObserved = hostProcedure("storeObserved", { offset: "i32", bytes: "i32" }, "none");

/** Whether `bytes` bytes from a physical address on lie in RAM. */
export const inRam = (address: I64, bytes: I32): I32 =>
  address.sub(RAM_BASE).leU(setting64("ramBytes").sub(bytes.toU64()));

/** The place of a RAM address in machine memory. */
export const ramCell = (address: I64): I32 => address.toI32().add(setting32("ramBias"));

/** The offset in RAM of such a place. */
export const ramOffset = (place: I32): I32 => place.sub(setting32("ramBias")).sub(Number(RAM_BASE));

/** The physical address of such a place. */
export const ramAddress = (place: I32): I64 => ramOffset(place).toU64().add(RAM_BASE);

/** The flag byte's place of the page at a RAM address. */
export const pageFlagCell = (address: I64): I32 =>
  address.sub(RAM_BASE).shrU(12).toI32().add(setting32("pageFlags"));

/** Tells engines that bytes of a page that they have decoded have been stored to. */
export const codeStored = hook("codeStored", { offset: "i32", bytes: "i32" });

/** Tells of a store within a page of RAM whoever wants to know by the page's flags. */
const reportStore = procedure(
  "reportStore",
  { address: "i64", bytes: "i32" },
  "none",
  ({ address, bytes }) => {
    const flags = local(cell32("u8", pageFlagCell(address)));
    const offset = local(address.sub(RAM_BASE).toI32());
    when(flags.and(PageFlag.code), () => codeStored({ offset, bytes }));
    when(flags.and(PageFlag.watched), () => storeObserved({ offset, bytes }));
  },
);

/** Calls that only where there is something to tell. */
const reportFlagged = (address: I64, bytes: I32): void =>
  when(cell32("u8", pageFlagCell(address)).and(NOTICED), () => reportStore({ address, bytes }));

/** Stores the low 1, 2, 4 or 8 bytes of a value at a place in machine memory. */
export const storeBytes = (place: I32, bytes: I32, value: I64): void =>
  when(
    bytes.eq(8),
    () => storeCell("i64", place, value),
    () =>
      when(
        bytes.eq(4),
        () => storeCell("u32", place, value),
        () =>
          when(
            bytes.eq(2),
            () => storeCell("u16", place, value),
            () => storeCell("u8", place, value),
          ),
      ),
  );

const misaligned = (address: I64, bytes: I32) => address.toI32().and(bytes.sub(1));

/** Devices take naturally aligned accesses in the low 4 GiB. */
const raiseUnlessDevice = (address: I64, bytes: I32, cause: I32, virtual: I64): void => {
  when(address.shrU(32).ne(0).or(misaligned(address, bytes).ne(0)), () => raise(cause, virtual));
  const low = local(address.toI32());
  when(inClint(low).or(inSerial(low)).isZero(), () =>
    when(deviceAt({ address: low, bytes }).isZero(), () => raise(cause, virtual)),
  );
};

/** Loads 1, 2, 4 or 8 bytes, zero-extended. Raises `cause` with `virtual` where nothing answers. */
export const readPhysical = procedure(
  "readPhysical",
  { address: "i64", bytes: "i32", cause: "i32", virtual: "i64" },
  "i64",
  ({ address, bytes, cause, virtual }) => {
    when(inRam(address, bytes), () => {
      const place = local(ramCell(address));
      when(bytes.eq(8), () => returns(cell64("i64", place)));
      when(bytes.eq(4), () => returns(cell64("u32", place)));
      when(bytes.eq(2), () => returns(cell64("u16", place)));
      returns(cell64("u8", place));
    });
    raiseUnlessDevice(address, bytes, cause, virtual);
    const low = local(address.toI32());
    when(inClint(low), () => returns(readClint({ address: low, bytes })));
    when(inSerial(low), () => {
      const lineStatus = local(readLineStatus({ address: low, bytes }));
      when(lineStatus, () => returns(lineStatus.toU64()));
    });
    when(bytes.ne(8), () => returns(deviceRead({ address: low, bytes }).toU64()));
    const first = local(deviceRead({ address: low, bytes: 4 }).toU64());
    return deviceRead({ address: low.add(4), bytes: 4 })
      .toU64()
      .shl(32)
      .or(first);
  },
);

/** Raises `cause` with `virtual` unless 1, 2, 4 or 8 bytes can be stored at a physical address. */
export const checkWritable = procedure(
  "checkWritable",
  { address: "i64", bytes: "i32", cause: "i32", virtual: "i64" },
  "none",
  ({ address, bytes, cause, virtual }) => {
    when(inRam(address, bytes).isZero(), () => raiseUnlessDevice(address, bytes, cause, virtual));
  },
);

/** Sets bytes of one page of RAM to zero. */
export const clearPhysical = procedure(
  "clearPhysical",
  { address: "i64", bytes: "i32" },
  "none",
  ({ address, bytes }) => {
    fillCells(ramCell(address), 0, bytes);
    reportFlagged(address, bytes);
  },
);

/** Stores the low `bytes` bytes of a value; the address has passed `checkWritable`. */
export const writePhysical = procedure(
  "writePhysical",
  { address: "i64", bytes: "i32", value: "i64" },
  "none",
  ({ address, bytes, value }) => {
    when(
      inRam(address, bytes),
      () => {
        storeBytes(local(ramCell(address)), bytes, value);
        reportFlagged(address, bytes);
      },
      () => {
        const low = local(address.toI32());
        when(inClint(low), () => {
          writeClint({ address: low, bytes, value });
          returns();
        });
        when(inSerial(low), () => when(sendByte({ address: low, bytes, value }), () => returns()));
        when(
          bytes.eq(8),
          () => {
            deviceWrite({ address: low, bytes: 4, value: value.toI32() });
            deviceWrite({ address: low.add(4), bytes: 4, value: value.shrU(32).toI32() });
          },
          () => deviceWrite({ address: low, bytes, value: value.toI32() }),
        );
      },
    );
  },
);
