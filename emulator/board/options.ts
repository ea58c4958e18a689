/** What a machine can be built from. Everything from outside enters here or as recorded input. */
import type { KeptModules, Rewrite } from "../engine/engine.ts";
import type { EngineName } from "../engine/names.ts";
import type { KeptRegions } from "../engine/translator/kept-batches.ts";
import type { Input } from "../history/input.ts";
import { defaultCpu } from "./cpu.ts";
import type { HartState } from "./machine.ts";

export type { EngineName };

/** A disk as the virtio block device sees it: whole 512-byte sectors, synchronous, so that runs are deterministic. */
export interface BlockStore {
  readonly sectors: number;
  readonly readOnly: boolean;
  /** Ticks of guest time that each request takes, however many are under way; none where it is not given. */
  readonly latency?: bigint;
  /** Fills `into` (a multiple of 512 bytes) from `sector` on. Throws when the host fails. */
  read(sector: number, into: Uint8Array): void;
  write(sector: number, from: Uint8Array): void;
  flush(): void;
}

/** The far end of the network device's cable: frames the guest sends arrive here. */
export type FrameSink = (frame: Uint8Array) => void;

/** The processor: extensions beyond RV64GC and the shape of the TLB. */
export interface CpuOptions {
  /** Lower-case names as in `riscv,isa`, for example "zba"; those of RV64IMAFDC are always there. */
  readonly extensions: ReadonlySet<string>;
  /** Hardware updates of the A and D bits (Svadu) instead of page faults (Svade). */
  readonly svadu: boolean;
  /** Supervisor instructions do not trap in U-mode but do nothing there, as described in isa/LEAKY.md. */
  readonly leaky: boolean;
  readonly tlbSets: number;
  readonly tlbWays: number;
}

export interface MachineOptions {
  /** RAM in bytes, a multiple of 4096, at 0x8000_0000. */
  readonly memory: number;
  /** 1 to 8. */
  readonly harts: number;
  readonly cpu: CpuOptions;
  readonly engine: EngineName;
  /** Machine-mode firmware (ELF or raw); undefined starts the kernel itself in M-mode. */
  readonly firmware?: Uint8Array;
  /** ELF, Linux `Image`, or a raw binary. */
  readonly kernel?: Uint8Array;
  readonly initrd?: Uint8Array;
  /** Kernel command line. */
  readonly append?: string;
  readonly disks?: readonly BlockStore[];
  /** Called with every frame the guest sends; frames for the guest enter by `Machine.receiveFrame`. */
  readonly network?: FrameSink;
  /** Seed of the entropy device: same seed, same bytes. */
  readonly entropySeed: bigint;
  /** Wall-clock time at instruction 0, nanoseconds since 1970, shown by the real-time clock. */
  readonly startTime: bigint;
  /** Inputs of an earlier machine (`Machine.inputs`) to let in again, each at its position, instead of live ones. */
  readonly replay?: readonly Input[];
  /** Begins in the midst of things: instead of booting an image, harts and RAM hold this. */
  readonly initial?: InitialState;
  /** Executes a description with faults in it, to try suites on. */
  readonly rewrite?: Rewrite;
  /** Keeps what an engine generates for machines of a kind, which takes a tenth of a second. */
  readonly keptModules?: KeptModules | undefined;
  /**
   * Keeps what an engine translates of these images, which takes a third of the time in which Linux boots. Asked whenever
   * an engine begins, with a likeness: what was translated under another is of no use to it.
   */
  readonly keptRegions?: ((likeness: string) => KeptRegions) | undefined;
  /** Called when the engine begins to translate code, and when it has done so: for those who measure. */
  readonly translating?: (begins: boolean) => void;
  /** Called with what the guest prints on its serial port. */
  readonly onConsole?: (bytes: Uint8Array) => void;
  /** Called with what the guest prints on the virtio console. */
  readonly onVirtioConsole?: (bytes: Uint8Array) => void;
}

/** What a machine holds that has not been booted. */
export interface InitialState {
  /** Hart by hart; what is not named is as after reset. */
  readonly harts: readonly HartState[];
  /** Bytes from an address in RAM on; the rest is zero. */
  readonly memory: readonly { readonly at: bigint; readonly bytes: Uint8Array }[];
}

/** What a machine is where nothing else is asked for. */
export const defaultOptions: MachineOptions = {
  memory: 256 * 1024 * 1024,
  harts: 1,
  cpu: defaultCpu,
  engine: "auto",
  entropySeed: 1n,
  startTime: 0n,
};
