/** Where everything lies in machine memory, and the settings that the description is compiled with. */
import { SERIAL_CELLS_BYTES } from "../device/serial-cells.ts";
import { REGION_RECORD_BYTES } from "../engine/interpreter/interpreter.ts";
import { decodedCodeBytes } from "../engine/interpreter/slot.ts";
import { TLB_OFFSET } from "../hart/layout.ts";
import type { Setting } from "../language/expression.ts";
import { RAM_BASE } from "../memory/physical.ts";
import { TLB_ENTRY_BYTES } from "../memory/tlb.ts";
import { TRAP_LOG_HEADER, TRAP_LOG_RECORDS, TRAP_RECORD_BYTES } from "../trap/log.ts";
import { clint, serial } from "./memory-map.ts";
import type { MachineOptions } from "./options.ts";

export interface Placement {
  /** Bytes of machine memory in all. */
  readonly bytes: number;
  /** Address of each hart's state, and the bytes it has there. */
  readonly harts: readonly number[];
  readonly hartBytes: number;
  readonly trapLog: number;
  /** What engines and the serial port share. */
  readonly serialCells: number;
  /** Records of translated regions; nothing architectural. */
  readonly regions: number;
  readonly ram: number;
  readonly settings: Readonly<Record<Setting, bigint>>;
}

const PAGE = 4096;
const align = (value: number, to: number) => Math.ceil(value / to) * to;

/** misa of RV64 with the letters of RV64IMAFDC and S and U modes. */
const MISA = [..."acdfimsu"].reduce((bits, l) => bits | (1n << BigInt(l.charCodeAt(0) - 97)), 2n << 62n);

/** Lays out machine memory. The low addresses stay unused, so that no valid address is 0. */
export function placeMachine({ memory, harts, cpu }: MachineOptions): Placement {
  let end = PAGE;
  const reserve = (bytes: number) => {
    const at = end;
    end = align(end + bytes, PAGE);
    return at;
  };
  const trapLog = reserve(TRAP_LOG_HEADER + TRAP_LOG_RECORDS * TRAP_RECORD_BYTES);
  const hartBytes = TLB_OFFSET + cpu.tlbSets * cpu.tlbWays * TLB_ENTRY_BYTES;
  const hartStride = align(hartBytes, PAGE);
  const firstHart = reserve(harts * hartStride);
  const hartAddresses = Array.from({ length: harts }, (_, hart) => firstHart + hart * hartStride);
  const serialCells = reserve(SERIAL_CELLS_BYTES);
  const pageFlags = reserve(memory / PAGE);
  const decodedCode = reserve(decodedCodeBytes(memory));
  const regions = reserve(REGION_RECORD_BYTES);
  const ram = reserve(memory);
  const has = (extension: string) => (cpu.extensions.has(extension) ? 1n : 0n);
  const levels = cpu.extensions.has("sv57") ? 5 : cpu.extensions.has("sv48") ? 4 : 3;
  return {
    bytes: align(end, 65536),
    harts: hartAddresses,
    hartBytes,
    trapLog,
    serialCells,
    regions,
    ram,
    settings: {
      ramBytes: BigInt(memory),
      ramBias: BigInt(ram) - RAM_BASE,
      pageFlags: BigInt(pageFlags),
      trapLog: BigInt(trapLog),
      decodedCode: BigInt(decodedCode),
      harts: BigInt(harts),
      firstHart: BigInt(firstHart),
      hartStride: BigInt(hartStride),
      clint: BigInt(clint.base),
      serial: BigInt(serial.base),
      serialCells: BigInt(serialCells),
      tlbSets: BigInt(cpu.tlbSets),
      tlbWays: BigInt(cpu.tlbWays),
      maximumLevels: BigInt(levels),
      svadu: cpu.svadu ? 1n : 0n,
      svnapot: has("svnapot"),
      svpbmt: has("svpbmt"),
      sstc: has("sstc"),
      zicbom: has("zicbom"),
      zicboz: has("zicboz"),
      zicntr: has("zicntr"),
      zihpm: has("zihpm"),
      leaky: cpu.leaky ? 1n : 0n,
      misa: MISA,
    },
  };
}
