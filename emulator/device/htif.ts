import { ByteQueue } from "./byte-queue.ts";
import type { DirectMemory } from "./device.ts";
import { failureStatus } from "./syscon.ts";

/** What stands around the interface. */
export interface HtifSurroundings {
  readonly memory: DirectMemory;
  /** Physical addresses of the two 64-bit registers in RAM; a program that never listens has no `fromhost`. */
  readonly tohost: number;
  readonly fromhost: number | undefined;
  transmit(bytes: Uint8Array): void;
  /** `status` as in PowerControl, for the exit code `code`. */
  powerOff(status: number, code: bigint): void;
}

const deviceSystem = 0;
const deviceConsole = 1;
const commandSystemCall = 0;
const commandGetCharacter = 0;
const commandPutCharacter = 1;
const consoleAnswer = (BigInt(deviceConsole) << 56n) | (BigInt(commandGetCharacter) << 48n);
const callWrite = 64n;
const callExit = 93n;
const badFileDescriptor = -9n;
const badAddress = -14n;
const notImplemented = -38n;
/** The most one call writes; like any short write, the guest goes on from there. */
const writeLimit = 65_536n;

/**
 * Berkeley's host-target interface as Spike defines it: the program stores a command in `tohost`, bits 63:56 the
 * device, 55:48 its command, 47:0 the payload, and finds the answer in `fromhost`. Device 0 ends the machine or makes
 * a system call for the program, device 1 is a console.
 */
export class Htif {
  readonly #around: HtifSurroundings;
  readonly #input = new ByteQueue();
  /** Answers the program waits for. Flags, not a queue: a program that never takes them cannot fill the host. */
  #callDone = false;
  #wantsCharacter = false;

  constructor(around: HtifSurroundings) {
    this.#around = around;
  }

  /** To be called after the program stored `value` in `tohost`. */
  tohostWritten(value: bigint): void {
    if (value === 0n) return;
    this.#store(this.#around.tohost, 0n);
    const device = Number(value >> 56n);
    const command = Number((value >> 48n) & 0xffn);
    const payload = value & 0xffff_ffff_ffffn;
    if (device === deviceSystem && command === commandSystemCall) this.#system(payload);
    else if (device === deviceConsole && command === commandPutCharacter) {
      this.#around.transmit(Uint8Array.of(Number(payload & 0xffn)));
    } else if (device === deviceConsole && command === commandGetCharacter) this.#wantsCharacter = true;
    this.poll();
  }

  /** Characters typed for the program. */
  receive(bytes: Uint8Array): void {
    this.#input.push(bytes);
    this.poll();
  }

  /** Hands over an answer once the program has taken the last one, which it shows by zeroing `fromhost`. */
  poll(): void {
    const { fromhost } = this.#around;
    if (fromhost === undefined || this.#load(fromhost) !== 0n) return;
    if (this.#callDone) {
      this.#callDone = false;
      this.#store(fromhost, 1n);
    } else if (this.#wantsCharacter) {
      const byte = this.#input.shift();
      if (byte === undefined) return;
      this.#wantsCharacter = false;
      this.#store(fromhost, consoleAnswer | BigInt(byte));
    }
  }

  /** An odd payload is an exit code, shifted; an even one the address of a call: number, then arguments. */
  #system(payload: bigint): void {
    if ((payload & 1n) === 1n) {
      this.#exit(payload >> 1n);
      return;
    }
    const address = Number(payload);
    const result = this.#call(address);
    if (result === undefined) return;
    this.#store(address, BigInt.asUintN(64, result));
    this.#callDone = true;
  }

  /** The call's result; undefined when nobody is left to take it. */
  #call(address: number): bigint | undefined {
    const [number, first, second, third] = [0, 8, 16, 24].map((offset) => this.#load(address + offset));
    if (number === undefined || first === undefined || second === undefined || third === undefined)
      return undefined;
    switch (number) {
      case callWrite:
        return this.#write(first, second, third);
      case callExit:
        this.#exit(BigInt.asUintN(32, first));
        return undefined;
      default:
        return notImplemented;
    }
  }

  #write(descriptor: bigint, address: bigint, length: bigint): bigint {
    if (descriptor !== 1n && descriptor !== 2n) return badFileDescriptor;
    const count = length < writeLimit ? length : writeLimit;
    const bytes = this.#around.memory.read(Number(address), Number(count));
    if (bytes === undefined) return badAddress;
    this.#around.transmit(bytes);
    return count;
  }

  #exit(code: bigint): void {
    this.#around.powerOff(code === 0n ? 0 : failureStatus(Number(code)), code);
  }

  #load(address: number): bigint | undefined {
    const bytes = this.#around.memory.read(address, 8);
    return bytes && new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  }

  #store(address: number, value: bigint): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, value, true);
    this.#around.memory.write(address, bytes);
  }
}
