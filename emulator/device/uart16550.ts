import { ByteQueue } from "./byte-queue.ts";
import type { AccessBytes, Device, InterruptEdge, InterruptLine } from "./device.ts";
import type { SerialCells } from "./serial-cells.ts";

const fifoBytes = 16;
const triggerLevels = [1, 4, 8, 14];

const interruptEnable = { received: 1, transmitEmpty: 2, lineStatus: 4, modemStatus: 8 };
/** Values of IIR, highest priority first. */
const identify = {
  lineStatus: 0x6,
  received: 0x4,
  timeout: 0xc,
  transmitEmpty: 0x2,
  modemStatus: 0x0,
  none: 0x1,
};
const lineStatus = { dataReady: 0x01, overrun: 0x02, transmitEmpty: 0x60 };
const lineControlDivisorLatch = 0x80;
const fifoControl = { enable: 0x01, clearReceived: 0x02 };
const modemControl = { dataTerminalReady: 0x01, requestToSend: 0x02, out1: 0x04, out2: 0x08, loopback: 0x10 };
const modemStatus = { clearToSend: 0x10, dataSetReady: 0x20, ringIndicator: 0x40, carrierDetect: 0x80 };
/** What a terminal that is always there keeps asserted. */
const terminalPresent = modemStatus.clearToSend | modemStatus.dataSetReady | modemStatus.carrierDetect;

/**
 * NS16550A serial port (National Semiconductor PC16550D data sheet). Sending takes no time, so the transmitter is
 * always empty; the character time-out comes at once when fewer characters than the trigger level are left.
 *
 * The empty transmitter asks once for its interrupt instead of holding the line until IIR is read: so does QEMU's
 * `virt`, and guests that grew up there (xv6 until 2023) never read IIR and would be interrupted for ever.
 */
export class Uart16550 implements Device {
  readonly name = "serial";
  readonly #transmit: (byte: number) => void;
  readonly #interrupt: InterruptLine;
  readonly #transmitterEmpty: InterruptEdge;
  readonly #cells: SerialCells;
  readonly #host = new ByteQueue();

  #received: number[] = [];
  #fifoControl = 0;
  #interruptEnable = 0;
  #lineControl = 0;
  #modemControl = 0;
  #modemLines = terminalPresent;
  #modemDeltas = 0;
  #scratch = 0;
  #divisor = 0;
  #overrun = false;
  #transmitEmptyPending = false;
  #transmitEmptyAsked = false;
  #level = false;

  /** `transmit` gets every byte the guest sends, those sent through `cells` when the port is next asked for anything. */
  constructor(
    transmit: (byte: number) => void,
    interrupt: InterruptLine,
    transmitterEmpty: InterruptEdge,
    cells: SerialCells,
  ) {
    this.#transmit = transmit;
    this.#interrupt = interrupt;
    this.#transmitterEmpty = transmitterEmpty;
    this.#cells = cells;
    this.#offer();
  }

  /** Characters for the guest. They wait outside the port until it has room, so none is lost however many come. */
  receive(bytes: Uint8Array): void {
    this.flush();
    this.#host.push(bytes);
    this.#refill();
    this.#settle();
  }

  /** Transmits what was sent through the cells. */
  flush(): void {
    for (const byte of this.#cells.take()) this.#send(byte);
  }

  /** The registers are bytes; a wider access reaches the addressed one, as over 8 data lines. */
  read(offset: number): number {
    this.flush();
    const value = this.#readRegister(offset);
    this.#settle();
    return value;
  }

  write(offset: number, _bytes: AccessBytes, value: number): void {
    this.flush();
    this.#writeRegister(offset, value & 0xff);
    this.#settle();
  }

  #readRegister(offset: number): number {
    switch (offset) {
      case 0:
        return this.#divisorLatch ? this.#divisor & 0xff : this.#takeReceived();
      case 1:
        return this.#divisorLatch ? this.#divisor >> 8 : this.#interruptEnable;
      case 2: {
        const identity = this.#identity();
        if (identity === identify.transmitEmpty) this.#transmitEmptyPending = false;
        return identity | (this.#fifoEnabled ? 0xc0 : 0);
      }
      case 3:
        return this.#lineControl;
      case 4:
        return this.#modemControl;
      case 5: {
        const overrun = this.#overrun ? lineStatus.overrun : 0;
        this.#overrun = false;
        return overrun | this.#lineStatus;
      }
      case 6: {
        const deltas = this.#modemDeltas;
        this.#modemDeltas = 0;
        return this.#modemLines | deltas;
      }
      case 7:
        return this.#scratch;
      default:
        return 0;
    }
  }

  #writeRegister(offset: number, value: number): void {
    switch (offset) {
      case 0:
        if (this.#divisorLatch) this.#divisor = (this.#divisor & 0xff00) | value;
        else this.#send(value);
        break;
      case 1:
        if (this.#divisorLatch) this.#divisor = (this.#divisor & 0xff) | (value << 8);
        else this.#enableInterrupts(value & 0x0f);
        break;
      case 2:
        this.#controlFifo(value);
        break;
      case 3:
        this.#lineControl = value;
        break;
      case 4:
        this.#modemControl = value & 0x1f;
        this.#moveModemLines();
        this.#refill();
        break;
      case 7:
        this.#scratch = value;
        break;
    }
  }

  #send(byte: number): void {
    if (this.#loopback) this.#arrive(byte);
    else this.#transmit(byte);
    this.#transmitEmptyPending = true;
    this.#transmitEmptyAsked = false;
  }

  #enableInterrupts(value: number): void {
    const newly = value & ~this.#interruptEnable;
    if ((newly & interruptEnable.transmitEmpty) !== 0) this.#transmitEmptyPending = true;
    this.#interruptEnable = value;
  }

  #controlFifo(value: number): void {
    const enable = value & fifoControl.enable;
    const changed = enable !== (this.#fifoControl & fifoControl.enable);
    // The other bits count only while bit 0 is set; switching between the modes empties the FIFO.
    this.#fifoControl = enable === 0 ? 0 : value;
    if (changed || (enable !== 0 && (value & fifoControl.clearReceived) !== 0)) this.#received = [];
    this.#refill();
  }

  /** In loopback the modem outputs drive the inputs; a changed input sets its delta bit. */
  #moveModemLines(): void {
    const before = this.#modemLines;
    const control = this.#modemControl;
    this.#modemLines = !this.#loopback
      ? terminalPresent
      : (control & modemControl.requestToSend ? modemStatus.clearToSend : 0) |
        (control & modemControl.dataTerminalReady ? modemStatus.dataSetReady : 0) |
        (control & modemControl.out1 ? modemStatus.ringIndicator : 0) |
        (control & modemControl.out2 ? modemStatus.carrierDetect : 0);
    const changed = before ^ this.#modemLines;
    // Of the ring indicator only the trailing edge counts.
    const rising = this.#modemLines & modemStatus.ringIndicator;
    this.#modemDeltas |= (changed & ~rising) >> 4;
  }

  #takeReceived(): number {
    const byte = this.#received.shift() ?? 0;
    this.#refill();
    return byte;
  }

  #refill(): void {
    if (this.#loopback) return;
    while (this.#received.length < this.#capacity) {
      const byte = this.#host.shift();
      if (byte === undefined) return;
      this.#received.push(byte);
    }
  }

  /** A character that nothing holds back. A full FIFO keeps its own and loses this; a full register is overwritten. */
  #arrive(byte: number): void {
    if (this.#received.length < this.#capacity) {
      this.#received.push(byte);
      return;
    }
    this.#overrun = true;
    if (!this.#fifoEnabled) this.#received = [byte];
  }

  #identity(): number {
    const enabled = this.#interruptEnable;
    if (enabled & interruptEnable.lineStatus && this.#overrun) return identify.lineStatus;
    if (enabled & interruptEnable.received && this.#received.length > 0) {
      return this.#received.length >= this.#trigger ? identify.received : identify.timeout;
    }
    if (enabled & interruptEnable.transmitEmpty && this.#transmitEmptyPending) return identify.transmitEmpty;
    if (enabled & interruptEnable.modemStatus && this.#modemDeltas !== 0) return identify.modemStatus;
    return identify.none;
  }

  #settle(): void {
    this.#updateInterrupt();
    this.#offer();
  }

  /** Reading the line status forgets an overrun; sending may interrupt, loop back or set the divisor instead. */
  #offer(): void {
    const interrupts = (this.#interruptEnable & interruptEnable.transmitEmpty) !== 0;
    this.#cells.offer(
      this.#overrun ? 0 : this.#lineStatus,
      !interrupts && !this.#loopback && !this.#divisorLatch,
    );
  }

  #updateInterrupt(): void {
    const identity = this.#identity();
    const empty = identity === identify.transmitEmpty;
    if (empty && !this.#transmitEmptyAsked) this.#transmitterEmpty();
    this.#transmitEmptyAsked = empty;
    const level = identity !== identify.none && !empty;
    if (level === this.#level) return;
    this.#level = level;
    this.#interrupt(level);
  }

  get #lineStatus(): number {
    return lineStatus.transmitEmpty | (this.#received.length > 0 ? lineStatus.dataReady : 0);
  }

  get #divisorLatch(): boolean {
    return (this.#lineControl & lineControlDivisorLatch) !== 0;
  }

  get #loopback(): boolean {
    return (this.#modemControl & modemControl.loopback) !== 0;
  }

  get #fifoEnabled(): boolean {
    return (this.#fifoControl & fifoControl.enable) !== 0;
  }

  get #capacity(): number {
    return this.#fifoEnabled ? fifoBytes : 1;
  }

  get #trigger(): number {
    return this.#fifoEnabled ? (triggerLevels[this.#fifoControl >> 6] ?? 1) : 1;
  }
}
