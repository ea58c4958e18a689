/** The microkernel and its programs, on our machine and on one that is not ours: QEMU, under OpenSBI too. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildImages, type GuestImages } from "../../tools/guest/images.ts";
import { type Board, bootQemu, bootTrapframe, qemuIsInstalled } from "./board.ts";

const PROMPT = "trapframe> ";
const MINUTE = 60_000;

if (!qemuIsInstalled)
  console.warn("qemu-system-riscv64 is not installed: the kernel is tested on our machine ONLY");

let images: GuestImages;
beforeAll(async () => {
  images = await buildImages();
}, 2 * MINUTE);

function onQemu(...options: string[]): Board {
  return bootQemu(["-kernel", images.kernel, "-initrd", images.initrd, ...options]);
}

function onTrapframe(...options: string[]): Board {
  return bootTrapframe(["--kernel", images.kernel, "--initrd", images.initrd, ...options]);
}

/** Types a line at the prompt and returns what came of it, up to the next prompt. */
async function command(board: Board, line: string): Promise<string> {
  board.type(`${line}\r`);
  await board.expect(`${line}\r\n`);
  return board.expect(PROMPT);
}

interface Process {
  pid: number;
  parent: number;
  state: string;
  name: string;
}

async function ps(board: Board): Promise<Process[]> {
  const [, ...lines] = (await command(board, "ps")).trimEnd().split("\n");
  return lines.map((line) => {
    const [pid, parent, state = "", , , name = ""] = line.trim().split(/\s+/);
    return { pid: Number(pid), parent: Number(parent), state, name };
  });
}

/** What `crash KIND` dies of: the exception's number and the kernel's words for it. */
const crimes: [kind: string, cause: number | string, words: RegExp][] = [
  ["null", 13, /load page fault at pc 0x0+1\w+, stval 0x0000000000000000: nothing is mapped there/],
  ["code", 15, /store page fault at pc \w+, stval 0x0+1\w+: the page does not permit it/],
  ["constant", 15, /store page fault at pc \w+, stval 0x0+1\w+: the page does not permit it/],
  ["kernel", 13, /load page fault at pc \w+, stval 0xffffffc080200000: nothing is mapped there/],
  ["kernel-jump", 12, /instruction page fault at pc 0xffffffc080200000, stval 0xffffffc080200000/],
  ["stack-jump", 12, /instruction page fault at pc (0x\w+), stval \1: the page does not permit it/],
  ["illegal", 2, /illegal instruction at pc \w+/],
  ["privileged", 2, /illegal instruction at pc \w+/],
  ["sret", 2, /illegal instruction at pc \w+/],
  ["breakpoint", 3, /breakpoint at pc \w+/],
  // An AMO's cause is 6 (privileged specification 1.12, table 3.6); QEMU's, when it emulates one hart, is the load's.
  ["misaligned", "[46]", /(load|store) address misaligned at pc \w+, stval 0x\w+[13579bdf]\n/],
  ["nowhere", 13, /load page fault at pc \w+, stval 0x123456789abcdef0: nothing is mapped there/],
  ["overflow", 15, /store page fault at pc \w+, stval 0x0000003fffef\w+: nothing is mapped there/],
];

const boards: [name: string, boot: () => Board, banner: string][] = [
  ["our machine", () => onTrapframe(), "1 hart, 256 MiB of memory, Sv39 with 65535 ASIDs, timer by Sstc"],
  ["our machine with 4 harts", () => onTrapframe("--harts", "4"), "4 harts, 256 MiB"],
];
const qemuBoards: typeof boards = [
  ["QEMU", () => onQemu(), "1 hart, 128 MiB of memory, Sv39 with 65535 ASIDs, timer by Sstc"],
  ["QEMU with 4 harts", () => onQemu("-smp", "4"), "4 harts, 128 MiB"],
  ["QEMU under our firmware", () => onQemu("-bios", images.firmware), "1 hart, 128 MiB"],
  [
    "QEMU under our firmware with 4 harts",
    () => onQemu("-bios", images.firmware, "-smp", "4"),
    "4 harts, 128 MiB",
  ],
  [
    "QEMU with 64 MiB and no Sstc",
    () => onQemu("-m", "64M", "-cpu", "rv64,sstc=off"),
    "1 hart, 64 MiB of memory, Sv39 with 65535 ASIDs, timer by SBI",
  ],
  ["QEMU with 8 GiB and 8 harts", () => onQemu("-m", "8G", "-smp", "8"), "8 harts, 8192 MiB"],
];
if (qemuIsInstalled) boards.push(...qemuBoards);

describe.each(boards)("the kernel on %s", { timeout: 2 * MINUTE }, (name, boot, banner) => {
  let board: Board;

  beforeAll(async () => {
    board = boot();
    await board.expect("Trapframe kernel: ");
    expect(await board.expect(PROMPT)).toContain(banner);
  }, 2 * MINUTE);

  afterAll(() => board.stop());

  it("has one process at the start", async () => {
    expect(await ps(board)).toEqual([{ pid: 1, parent: 0, state: "running", name: "init" }]);
  });

  it("starts programs with arguments", async () => {
    expect(await command(board, "hello a bc")).toMatch(/^Hello from process \d+, started with: a bc\n$/);
  });

  it.each(crimes)("kills a process for %s, and only it", async (kind, cause, words) => {
    const said = await command(board, `crash ${kind}`);
    expect(said).toMatch(/^process \d+ \(crash\) killed: /);
    expect(said).toMatch(words);
    expect(said).toMatch(new RegExp(`\\[\\d+\\] ended by exception ${cause}\\n$`));
  });

  it("answers bad system calls with errors", async () => {
    const said = await command(board, "badcalls");
    expect(said).not.toContain("WRONG");
    expect(said).toMatch(/badcalls: \d\d attempts, 0 wrong answers\n$/);
  });

  it("preempts: a computing process does not keep others from running", async () => {
    const [, pid] = (await command(board, "primes 1000000000 &")).match(/^\[(\d+)\] primes/) ?? [];
    expect(await command(board, "ticker 3 10")).toMatch(/1 of 3\n.*2 of 3\n.*3 of 3\n$/);
    const primes = (await ps(board)).find(({ name }) => name === "primes");
    expect(primes).toMatchObject({ pid: Number(pid), parent: 1 });
    // It may end at once, or when the hart it runs on has been told.
    const said = (await command(board, `kill ${pid}`)) + (await command(board, `wait ${pid}`));
    expect(said).toContain(`[${pid}] was killed\n`);
    expect(await ps(board)).toHaveLength(1);
  });

  it("sleeps about as long as it was told to", async () => {
    const uptime = async (): Promise<number> => Number(/up (.*) s/.exec(await command(board, "uptime"))?.[1]);
    const before = await uptime();
    await command(board, "ticker 1 500");
    expect(await uptime()).toBeGreaterThanOrEqual(before + 0.5);
  });

  it("ends the program in the foreground at Ctrl-C", async () => {
    board.type("primes 1000000000\r");
    await board.expect("primes 1000000000\r\n");
    board.type("\x03");
    expect(await board.expect(PROMPT)).toMatch(/^\^C\n\[\d+\] was killed\n$/);
    board.type("ticker 1000000 1000\r"); // asleep nearly always
    await board.expect("ticker 1000000 1000\r\n");
    board.type("\x03");
    expect(await board.expect(PROMPT)).toMatch(/\^C\n\[\d+\] was killed\n$/);
  });

  it("keeps the floating-point registers of processes apart", async () => {
    expect(await command(board, "floats")).toBe("floats: 4 copies, 0 failed\n");
  });

  it("ends processes whose memory cannot be provided, and gets all memory back", async () => {
    const before = await command(board, "free");
    expect(await command(board, "tree 4")).toBe("tree: depth 4, 0 processes refused\n");
    expect(await command(board, "tree 7")).toMatch(/^tree: depth 7, [1-9]\d* processes refused\n/);
    expect(await command(board, "hog 16")).toBe("hog: took 16 MiB, found them as written, gave them back\n");
    if (!name.includes("8 GiB")) expect(await command(board, "hog")).toContain("out of memory");
    expect(await command(board, "free")).toBe(before);
    expect(await ps(board)).toHaveLength(1);
  });

  it("edits lines", async () => {
    const typed = "xyz\x15echo  one\x7f\x7f\x7ftwo\x1b[A\x08\x08\x08threee\x7f";
    board.type(`${typed}\r`);
    await board.expect("\r\n");
    expect(await board.expect(PROMPT)).toBe("three\n");
    board.type("poweroff\x03");
    expect(await board.expect(PROMPT)).toMatch(/\^C\n$/);
  });

  it("answers mistakes with what to do", async () => {
    expect(await command(board, "")).toBe("");
    expect(await command(board, "nonsense")).toBe("nonsense: no such command or program; help lists them\n");
    expect(await command(board, "kill")).toBe("usage: kill PID\n");
    expect(await command(board, "kill me")).toBe("me: not a process id; ps lists them\n");
    expect(await command(board, "kill 99999")).toBe("kill: 99999: not found\n");
    expect(await command(board, "wait")).toBe("wait: nothing is running\n");
    expect(await command(board, "poweroff 256")).toContain("a number from 0 to 255");
    expect(await command(board, "&")).toContain("in the background?");
    expect(await command(board, "primes many")).toMatch(/^usage: primes .*\n\[\d+\] exited with status 2\n$/);
    expect(await command(board, "help")).toMatch(/Programs:.* badcalls .*hello/);
  });

  it("powers off with an exit status", async () => {
    board.type("poweroff 3\r");
    expect(await board.status()).toBe(3);
  });
});

describe.runIf(qemuIsInstalled)("the kernel on QEMU", { timeout: MINUTE }, () => {
  it("powers off with status 0 by itself", async () => {
    const board = onQemu();
    await board.expect(PROMPT);
    board.type("poweroff\r");
    expect(await board.status()).toBe(0);
  });

  it("starts anew at reboot", async () => {
    const board = onQemu("-smp", "2");
    await board.expect(PROMPT);
    board.type("reboot\r");
    await board.expect("Trapframe kernel: 2 harts");
    await board.expect(PROMPT);
    expect(await command(board, "hello")).toBe("Hello from process 2\n");
    await board.stop();
  });

  it("panics legibly without programs", async () => {
    const board = bootQemu(["-kernel", images.kernel]);
    await board.expect('kernel panic: no program "init" in the archive');
    expect(await board.status()).toBe(1);
  });
});
