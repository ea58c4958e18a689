/** The virt board: harts, memory and devices wired together. */

import type { BusWindow } from "../device/bus.ts";
import { Bus } from "../device/bus.ts";
import type { DeviceTime, DirectMemory } from "../device/device.ts";
import { GoldfishRtc } from "../device/goldfish-rtc.ts";
import { Htif } from "../device/htif.ts";
import { Plic } from "../device/plic.ts";
import { ReadOnlyMemory } from "../device/rom.ts";
import { SERIAL_CELLS_BYTES, SerialCells } from "../device/serial-cells.ts";
import { Syscon } from "../device/syscon.ts";
import { Uart16550 } from "../device/uart16550.ts";
import { BlockDevice } from "../device/virtio/block.ts";
import { ConsoleDevice } from "../device/virtio/console.ts";
import { EntropyDevice } from "../device/virtio/entropy.ts";
import { EmptySlot, VirtioMmio } from "../device/virtio/mmio.ts";
import { NetworkDevice } from "../device/virtio/net.ts";
import type { VirtioDevice } from "../device/virtio/virtio.ts";
import { createEngine } from "../engine/create.ts";
import type { Configuration, Engine, EngineCounters } from "../engine/engine.ts";
import { state } from "../hart/layout.ts";
import type { Arrival, Input } from "../history/input.ts";
import { InputLog } from "../history/input.ts";
import { flagPage, PageFlag, pageFlagsOf } from "../memory/physical.ts";
import { Interrupt, SLOTS_PER_TICK } from "../trap/interrupt.ts";
import type { BootPlan } from "./boot.ts";
import { planBoot, resetVector } from "./boot.ts";
import { Hart } from "./hart-view.ts";
import { ImageError } from "./image-error.ts";
import type { Machine, TrapRecord } from "./machine.ts";
import * as map from "./memory-map.ts";
import type { EngineName, MachineOptions } from "./options.ts";
import { defaultOptions } from "./options.ts";
import type { Placement } from "./placement.ts";
import { placeMachine } from "./placement.ts";
import { resetHart } from "./reset.ts";
import { Schedule } from "./schedule.ts";
import type { Stop } from "./stop.ts";
import { trapCount, trapRecords } from "./trap-records.ts";

/** A trap that repeats this often with nothing retired in between will repeat for ever. */
const STUCK_AFTER = 10_000;
const NANOSECONDS_PER_TICK = BigInt(1e9 / map.ticksPerSecond);
/** The guest's network card; locally administered. */
const MAC = Uint8Array.of(0x52, 0x54, 0x00, 0x12, 0x34, 0x56);

const align64k = 65536;

/**
 * Builds a machine from what is asked for over the defaults, its harts at the boot ROM. Throws ImageError where the
 * images cannot be started.
 */
export async function createMachine(request: Partial<MachineOptions>): Promise<Machine> {
  const options = { ...defaultOptions, ...request };
  const plan = planBoot(options);
  const placement = placeMachine(options);
  const pages = placement.bytes / align64k;
  if (pages > 65536) {
    throw new ImageError("memory", `${options.memory} bytes of RAM are too many`, "ask for at most 3.8 GiB");
  }
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const board = new Board(options, plan, placement, memory);
  await board.useEngine(options.engine);
  return board;
}

class Board implements Machine {
  readonly options: MachineOptions;
  readonly breakpoints = new Set<bigint>();
  readonly deviceTree: Uint8Array;
  readonly harts: readonly Hart[];
  engine: EngineName;
  readonly #configuration: Configuration;
  readonly #placement: Placement;
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #schedule: Schedule;
  readonly #bus: Bus;
  readonly #serial: Uart16550;
  readonly #console: ConsoleDevice;
  readonly #disks: readonly BlockDevice[];
  readonly #network: NetworkDevice | undefined;
  readonly #rtc: GoldfishRtc;
  readonly #htif: Htif | undefined;
  readonly #htifCells: BootPlan["htif"];
  readonly #inputs: InputLog;
  #engine: Engine | undefined;
  #ended: Stop | undefined;
  /** The breakpoints that the engine knows. */
  #placed: ReadonlySet<bigint> = new Set();
  /** Where the last breakpoint was reported: from there, the machine runs on. */
  #brokenAt: { readonly hart: number; readonly position: bigint } | undefined;
  #printed: number[] = [];
  /** The hart that executes outside its turn, in a debugger's hands. */
  #stepping: number | undefined;

  constructor(options: MachineOptions, plan: BootPlan, placement: Placement, memory: WebAssembly.Memory) {
    this.options = options;
    this.engine = options.engine;
    this.#configuration = {
      memory,
      settings: placement.settings,
      cpu: options.cpu,
      host: this.#host,
      harts: placement.harts,
      rewrite: options.rewrite,
      keptModules: options.keptModules,
      keptRegions: options.keptRegions,
      translating: options.translating,
    };
    this.#inputs = new InputLog(options.replay);
    this.deviceTree = plan.deviceTree;
    this.#placement = placement;
    this.#view = new DataView(memory.buffer);
    this.#bytes = new Uint8Array(memory.buffer);
    this.#words = new Int32Array(memory.buffer);
    for (const [hart, at] of placement.harts.entries()) {
      resetHart(this.#view, at, hart, options.cpu, BigInt(resetVector));
    }
    for (const { address, bytes } of plan.loads)
      this.#bytes.set(bytes, placement.ram + address - map.ramBase);

    const power = {
      powerOff: (status: number) => this.#end({ reason: "power-off", status }),
      reboot: () => this.#end({ reason: "reboot" }),
    };
    const plic = new Plic(map.plicSources, options.harts, (hart, mode, level) =>
      this.#setLine(hart, mode === "M" ? Interrupt.machineExternal : Interrupt.supervisorExternal, level),
    );
    this.#serial = new Uart16550(
      (byte) => this.#printed.push(byte),
      plic.line(map.serial.interrupt),
      plic.edge(map.serial.interrupt),
      new SerialCells(new DataView(memory.buffer, placement.serialCells, SERIAL_CELLS_BYTES)),
    );
    this.#rtc = new GoldfishRtc(
      () => options.startTime + this.ticks * NANOSECONDS_PER_TICK,
      plic.line(map.rtc.interrupt),
    );
    this.#console = new ConsoleDevice((bytes) => options.onVirtioConsole?.(bytes));
    this.#disks = (options.disks ?? []).map(
      (disk, i) => new BlockDevice(disk, `trapframe-disk-${i}`, this.#deviceTime),
    );
    this.#network = options.network && new NetworkDevice(MAC, options.network);
    this.#htifCells = plan.htif;
    this.#htif =
      plan.htif &&
      new Htif({
        memory: this.#directMemory,
        ...plan.htif,
        transmit: (bytes) => {
          this.#serial.flush();
          this.#printed.push(...bytes);
        },
        powerOff: (status, code) => this.#end({ reason: "power-off", status, code }),
      });
    if (plan.htif !== undefined) {
      this.#watch(plan.htif.tohost);
      if (plan.htif.fromhost !== undefined) this.#watch(plan.htif.fromhost);
    }

    this.#bus = new Bus([
      { ...map.bootRom, device: new ReadOnlyMemory(plan.bootRom) },
      { ...map.test, device: new Syscon(power) },
      { ...map.rtc, device: this.#rtc },
      { ...map.plic, device: plic },
      { ...map.serial, device: this.#serial },
      ...this.#virtioWindows(plic),
    ]);
    this.#schedule = new Schedule({
      count: options.harts,
      clock: (hart) => this.#get32(hart, state.clock.offset),
      follow: (hart) => {
        const low = this.#get32(hart, state.clock.offset);
        const high = this.#get32(hart, state.clock.offset + 4);
        for (let other = 0; other < options.harts; other++) {
          this.#set32(other, state.clock.offset, low);
          this.#set32(other, state.clock.offset + 4, high);
        }
      },
      run: (hart, slots, past) => this.#engine?.run(hart, slots, past) ?? "turn",
      turnEnded: (hart) => {
        // Other harts may store now. A reservation may be lost at any time (unprivileged, "A", 10.2).
        if (options.harts > 1) this.#loseReservation(hart);
      },
    });
    this.harts = placement.harts.map((_, hart) => new Hart(hart, placement, this.#configuration));
    options.initial?.harts.forEach((initial, hart) => {
      this.harts[hart]?.set(initial);
    });
  }

  async useEngine(name: EngineName): Promise<void> {
    const engine = await createEngine(name, this.#configuration, this.#placement);
    engine.breakAt(this.#placed);
    engine.stateChanged();
    this.#engine = engine;
    this.engine = name;
  }

  get engineCounters(): EngineCounters | undefined {
    return this.#engine?.counters?.();
  }

  run(slots: number): Stop {
    this.#placeBreakpoints();
    const stop = this.#runOn(slots);
    this.#flushConsole();
    return stop;
  }

  step(hart: number): Stop {
    this.#stepping = hart;
    const before = this.#get64(hart, state.clock.offset);
    this.#engine?.run(hart, 1, true);
    this.#pollDevices();
    this.#stepping = undefined;
    for (let other = 0; other < this.options.harts; other++) if (other !== hart) this.#loseReservation(other);
    if (this.#get64(hart, state.clock.offset) !== before) this.#schedule.stepped(hart);
    this.#flushConsole();
    return this.#ended ?? this.#stuck() ?? (this.harts[hart]?.waiting ? this.#idle() : { reason: "limit" });
  }

  advance(ticks: bigint): void {
    this.#offer({ kind: "time", ticks });
  }

  get inputs(): readonly Input[] {
    return this.#inputs.past;
  }

  get instructions(): bigint {
    return this.harts.reduce((sum, hart) => sum + hart.instructions, 0n);
  }

  get ticks(): bigint {
    return BigInt.asUintN(64, this.#deviceTime.ticks() + this.#get64(this.#onTurn, state.timeOffset.offset));
  }

  get #onTurn(): number {
    return this.#stepping ?? this.#schedule.turn;
  }

  typeConsole(bytes: Uint8Array): void {
    this.#offer({ kind: "serial", bytes });
  }
  typeVirtioConsole(bytes: Uint8Array): void {
    this.#offer({ kind: "virtio-console", bytes });
  }
  receiveFrame(frame: Uint8Array): void {
    this.#offer({ kind: "frame", bytes: frame });
  }

  traps(): TrapRecord[] {
    return trapRecords(this.#view, this.#placement.trapLog);
  }

  get trapCount(): number {
    return trapCount(this.#view, this.#placement.trapLog);
  }

  readPhysical(address: bigint, length: number): Uint8Array | undefined {
    return this.#directMemory.read(Number(address), length);
  }

  /** The board as engines reach it. */
  readonly #host = {
    deviceAt: (address: number, bytes: number) => (this.#bus.answers(address, bytes) ? 1 : 0),
    deviceRead: (address: number, bytes: number) => this.#bus.read(address, bytes as 1 | 2 | 4) ?? 0,
    deviceWrite: (address: number, bytes: number, value: number) => {
      this.#bus.write(address, bytes as 1 | 2 | 4, value);
    },
    storeObserved: (offset: number, bytes: number) => this.#storeObserved(offset, bytes),
  };

  /** Takes in what the host offers, unless a log says what enters. */
  #offer(arrival: Arrival): void {
    if (!this.#inputs.replaying) this.#enter(arrival);
  }

  #enter(arrival: Arrival): void {
    this.#inputs.record(this.#schedule.position, arrival);
    switch (arrival.kind) {
      case "serial":
        this.#serial.receive(arrival.bytes);
        this.#htif?.receive(arrival.bytes);
        return;
      case "virtio-console":
        this.#console.receive(arrival.bytes);
        return;
      case "frame":
        this.#network?.receive(arrival.bytes);
        return;
      case "time":
        for (let hart = 0; hart < this.options.harts; hart++) {
          const clock = this.#get64(hart, state.clock.offset) + arrival.ticks * BigInt(SLOTS_PER_TICK);
          this.#set64(hart, state.clock.offset, clock);
        }
        this.#pollDevices();
    }
  }

  #replayDue(): boolean {
    let any = false;
    for (let input = this.#inputs.due(this.#schedule.position); input !== undefined; any = true) {
      this.#enter(input);
      input = this.#inputs.due(this.#schedule.position);
    }
    return any;
  }

  /** Slots to the next input of the log, while one is replayed. */
  #slotsToInput(): number {
    return this.#inputs.replaying ? this.#inputs.distance(this.#schedule.position) : Number.POSITIVE_INFINITY;
  }

  /** Where harts take turns, the position moves on while they sleep, up to the next input of the log. */
  #wokenByReplay(): boolean {
    return this.#replayDue() || (this.#inputs.replaying && this.options.harts > 1);
  }

  /** Tells the engine of breakpoints that came or went. */
  #placeBreakpoints(): void {
    const same = this.breakpoints.size === this.#placed.size;
    if (same && [...this.breakpoints].every((address) => this.#placed.has(address))) return;
    this.#placed = new Set(this.breakpoints);
    this.#engine?.breakAt(this.#placed);
  }

  #runOn(slots: number): Stop {
    for (let left = slots; left > 0; ) {
      if (this.#ended !== undefined) return this.#ended;
      if (this.#inputs.replaying) this.#replayDue();
      const hart = this.#schedule.turn;
      const until = Math.min(left, this.#slotsToInput(), this.#slotsToAlarm());
      const reported = this.#brokenAt?.hart === hart && this.#brokenAt.position === this.#schedule.position;
      const { used, broken, asleep } = this.#schedule.advance(until, reported);
      left -= used;
      if (broken) return this.#break(hart);
      this.#pollDevices();
      const stop = this.#ended ?? this.#stuck();
      if (stop !== undefined) return stop;
      if (asleep && !this.#wokenByReplay()) return this.#idle();
    }
    return { reason: "limit" };
  }

  #break(hart: number): Stop {
    this.#brokenAt = { hart, position: this.#schedule.position };
    return { reason: "breakpoint", hart, pc: this.#get64(hart, state.pc.offset) };
  }

  /** Slots of the hart whose turn it is until a device has something to do, so that it comes at the same slot in every run. */
  #slotsToAlarm(): number {
    return Math.min(this.#slotsToClockAlarm(), this.#slotsToDisk());
  }

  #slotsToClockAlarm(): number {
    const alarm = this.#rtc.nextAlarm();
    if (alarm === undefined) return Number.POSITIVE_INFINITY;
    const left = alarm - this.options.startTime - this.ticks * NANOSECONDS_PER_TICK;
    return left <= 0n ? 1 : Number(left / NANOSECONDS_PER_TICK + 1n) * SLOTS_PER_TICK;
  }

  #slotsToDisk(): number {
    const due = this.#nextDiskDue();
    if (due === undefined) return Number.POSITIVE_INFINITY;
    const left = due * BigInt(SLOTS_PER_TICK) - this.#get64(this.#onTurn, state.clock.offset);
    return left <= 0n ? 1 : Number(left);
  }

  /** When the first request of any disk completes, in ticks of `#deviceTime`. */
  #nextDiskDue(): bigint | undefined {
    let nearest: bigint | undefined;
    for (const disk of this.#disks) {
      const due = disk.nextDue();
      if (due !== undefined && (nearest === undefined || due < nearest)) nearest = due;
    }
    return nearest;
  }

  #pollDevices(): void {
    this.#rtc.poll();
    for (const disk of this.#disks) disk.poll();
  }

  /** Every hart waits: guest time until a timer that would wake one of them. */
  #idle(): Stop {
    let nearest: bigint | undefined;
    const consider = (at: bigint) => {
      const ticks = at - this.ticks;
      if (ticks > 0n && at < 2n ** 63n && (nearest === undefined || ticks < nearest)) nearest = ticks;
    };
    for (const hart of this.harts) {
      const enabled = hart.csr("mie");
      const on = (interrupt: number) => ((enabled >> BigInt(interrupt)) & 1n) === 1n;
      if (on(Interrupt.machineTimer)) consider(this.#get64(hart.index, state.mtimecmp.offset));
      if (on(Interrupt.supervisorTimer) && hart.csr("menvcfg") >> 63n === 1n) consider(hart.csr("stimecmp"));
    }
    const alarm = this.#rtc.nextAlarm();
    if (alarm !== undefined) {
      const left = alarm - (this.options.startTime + this.ticks * NANOSECONDS_PER_TICK);
      consider(this.ticks + (left > 0n ? left / NANOSECONDS_PER_TICK + 1n : 1n));
    }
    const due = this.#nextDiskDue();
    if (due !== undefined) consider(this.ticks + due - this.#deviceTime.ticks());
    return { reason: "idle", ticks: nearest };
  }

  #stuck(): Stop | undefined {
    for (let hart = 0; hart < this.options.harts; hart++) {
      if (this.#get32(hart, state.repeatedTraps.offset) < STUCK_AFTER) continue;
      const trap = this.traps().findLast((t) => t.hart === hart);
      if (trap === undefined) continue;
      return { reason: "stuck", trap: { hart, cause: BigInt(trap.cause), pc: trap.pc, tval: trap.tval } };
    }
    return undefined;
  }

  #end(stop: Stop): void {
    this.#ended ??= stop;
    // The hart that asked stops at once, so that where a slice ends makes no difference.
    for (const hart of this.#placement.harts) this.#view.setInt32(hart + state.yielding.offset, 1, true);
  }

  #flushConsole(): void {
    this.#serial.flush();
    if (this.#printed.length === 0) return;
    const bytes = Uint8Array.from(this.#printed);
    this.#printed = [];
    this.options.onConsole?.(bytes);
  }

  #virtioWindows(plic: Plic): BusWindow[] {
    const devices: VirtioDevice[] = [
      ...this.#disks,
      ...(this.#network === undefined ? [] : [this.#network]),
      new EntropyDevice(this.options.entropySeed),
      this.#console,
    ];
    if (devices.length > map.virtio.length) {
      const most = map.virtio.length - (devices.length - this.#disks.length);
      throw new ImageError(
        "disks",
        `${this.#disks.length} disks do not fit the board`,
        `give at most ${most}`,
      );
    }
    return map.virtio.map((region, slot) => {
      const device = devices[slot];
      if (device === undefined) return { ...region, device: new EmptySlot() };
      return { ...region, device: new VirtioMmio(device, this.#directMemory, plic.line(region.interrupt)) };
    });
  }

  #setLine(hart: number, interrupt: number, level: boolean): void {
    const bit = 1n << BigInt(interrupt);
    const lines = this.#get64(hart, state.lines.offset);
    this.#set64(hart, state.lines.offset, level ? lines | bit : lines & ~bit);
  }

  readonly #deviceTime: DeviceTime = {
    ticks: () => this.#get64(this.#onTurn, state.clock.offset) / BigInt(SLOTS_PER_TICK),
    // The hart that asked may have been given more slots than are left until then.
    scheduled: () =>
      this.#view.setInt32((this.#placement.harts[this.#onTurn] ?? 0) + state.yielding.offset, 1, true),
  };

  /** RAM for devices. What they store, harts see and execute at once. */
  readonly #directMemory: DirectMemory = {
    read: (address, length) => {
      const at = this.#ramOffset(address, length);
      if (at === undefined) return undefined;
      return this.#bytes.slice(this.#placement.ram + at, this.#placement.ram + at + length);
    },
    write: (address, bytes) => {
      const at = this.#ramOffset(address, bytes.length);
      if (at === undefined) return false;
      this.#bytes.set(bytes, this.#placement.ram + at);
      this.#engine?.memoryChanged(at, bytes.length);
      this.#breakReservations(address, bytes.length);
      return true;
    },
  };

  #ramOffset(address: number, length: number): number | undefined {
    const at = address - map.ramBase;
    return at >= 0 && length >= 0 && at + length <= this.options.memory ? at : undefined;
  }

  #breakReservations(address: number, length: number): void {
    for (let hart = 0; hart < this.options.harts; hart++) {
      const reserved = Number(this.#get64(hart, state.reservation.offset));
      if (reserved < address + length && address < reserved + 8) {
        this.#loseReservation(hart);
      }
    }
  }

  #loseReservation(hart: number): void {
    this.#set32(hart, state.reservation.offset, -1);
    this.#set32(hart, state.reservation.offset + 4, -1);
  }

  #watch(address: number): void {
    const offset = this.#ramOffset(address, 8);
    if (offset === undefined) return;
    const flags = pageFlagsOf(this.#bytes.buffer, this.#placement.settings);
    flagPage(flags, offset >>> 12, PageFlag.watched, true);
  }

  #storeObserved(offset: number, bytes: number): void {
    if (this.#htif === undefined || this.#htifCells === undefined) return;
    const meets = (cell: number) => offset + bytes > cell - map.ramBase && offset < cell - map.ramBase + 8;
    const { tohost, fromhost } = this.#htifCells;
    if (meets(tohost)) {
      this.#htif.tohostWritten(this.#view.getBigUint64(this.#placement.ram + tohost - map.ramBase, true));
    }
    if (fromhost !== undefined && meets(fromhost)) this.#htif.poll();
  }

  #get32(hart: number, offset: number): number {
    return this.#words[((this.#placement.harts[hart] ?? 0) + offset) >> 2] ?? 0;
  }
  #set32(hart: number, offset: number, value: number): void {
    this.#words[((this.#placement.harts[hart] ?? 0) + offset) >> 2] = value;
  }
  /** Costs many times as much as `#get32`: not for what happens at every turn. */
  #get64(hart: number, offset: number): bigint {
    return this.#view.getBigUint64((this.#placement.harts[hart] ?? 0) + offset, true);
  }
  #set64(hart: number, offset: number, value: bigint): void {
    this.#view.setBigUint64((this.#placement.harts[hart] ?? 0) + offset, value, true);
  }
}
