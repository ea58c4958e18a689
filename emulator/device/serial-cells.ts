/**
 * What of the serial port needs no host: reading the line status, and sending, as long as neither has a consequence but
 * the byte sent. The port says in cells of machine memory whether it is so, and takes from there what was sent.
 */
import type { I32 } from "../language/expression.ts";
import { cell32, setting32 } from "../language/expression.ts";
import { procedure } from "../language/procedure.ts";
import { local, returns, storeCell, when } from "../language/statement.ts";

/** Line status, or 0 where reading it changes something; whether bytes may be sent; how many were; these bytes. */
const Cell = { lineStatus: 0, sends: 1, sent: 4, bytes: 8 } as const;
/** Bytes of machine memory for the cells, and of those sent that they hold. */
export const SERIAL_CELLS_BYTES = 4096;
const ROOM = SERIAL_CELLS_BYTES - Cell.bytes;

const REGISTER_BYTES = 0x100;
const TRANSMIT = 0;
const LINE_STATUS = 5;

const base = setting32("serial");
const cells = setting32("serialCells");

/** Whether a physical address below 4 GiB is one of the serial port's, where there is one. */
export const inSerial = (address: I32): I32 => base.ne(0).and(address.sub(base).ltU(REGISTER_BYTES));

/** The line status, where that is what is loaded and it has no consequence; otherwise 0, which it never is. */
export const readLineStatus = procedure(
  "readLineStatus",
  { address: "i32", bytes: "i32" },
  "i32",
  ({ address, bytes }) => {
    const asked = address.sub(base).eq(LINE_STATUS).and(bytes.eq(1));
    when(asked.isZero(), () => returns(asked));
    return cell32("u8", cells, Cell.lineStatus);
  },
);

/** Sends a byte, where that is what the store does and it has no other consequence; gives 1 if so. */
export const sendByte = procedure(
  "sendByte",
  { address: "i32", bytes: "i32", value: "i64" },
  "i32",
  ({ address, bytes, value }) => {
    const sent = local(cell32("i32", cells, Cell.sent));
    const sends = local(
      address
        .sub(base)
        .eq(TRANSMIT)
        .and(bytes.eq(1))
        .and(cell32("u8", cells, Cell.sends))
        .and(sent.ltU(ROOM)),
    );
    when(sends, () => {
      storeCell("u8", cells.add(sent), value, Cell.bytes);
      storeCell("i32", cells, sent.add(1), Cell.sent);
    });
    return sends;
  },
);

/** The cells as the port sees them. */
export class SerialCells {
  readonly #view: DataView;

  /** Of machine memory, the cells only. */
  constructor(view: DataView) {
    this.#view = view;
  }

  /** Says what a read of the line status gives, 0 where it has a consequence, and whether sending has none. */
  offer(lineStatus: number, sends: boolean): void {
    this.#view.setUint8(Cell.lineStatus, lineStatus);
    this.#view.setUint8(Cell.sends, sends ? 1 : 0);
  }

  /** The bytes sent since this was last asked. */
  take(): Uint8Array {
    const sent = this.#view.getUint32(Cell.sent, true);
    this.#view.setUint32(Cell.sent, 0, true);
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + Cell.bytes, sent);
  }
}
