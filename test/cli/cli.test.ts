import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ROOT } from "../../tools/guest/root.ts";
import { commandLine, Scratch, trapframe } from "./trapframe.ts";

const scratch = new Scratch();
afterAll(() => scratch.remove());

const jumpToSelf = 0x0000_006f;
const programs = {
  forever: scratch.program("forever", jumpToSelf),
  // lui t0,0x100; lui t1,STATUS; addi t1,t1,0x333; sw t1,0(t0)
  fails: scratch.program("fails", 0x001002b7, 0x00073337, 0x33330313, 0x0062a023, jumpToSelf),
  // jr zero: nothing is there, and mtvec is 0 too
  wild: scratch.program("wild", 0x00000067),
  // lui t0,0x10000; li t1,'A'; sb t1,0(t0); wfi; j .-4
  sleeps: scratch.program("sleeps", 0x100002b7, 0x04100313, 0x00628023, 0x10500073, 0xffdff06f),
  // lui t0,0x10000; li t1,'A'; sb t1,0(t0); j .-4
  chatters: scratch.program("chatters", 0x100002b7, 0x04100313, 0x00628023, 0xffdff06f),
  // lui t0,0x10000; lbu t1,5(t0); andi t1,t1,1; beqz t1,.-8; lbu t1,0(t0); sb t1,0(t0); j .-20
  echoes: scratch.program(
    "echoes",
    0x100002b7,
    0x0052c303,
    0x00137313,
    0xfe030ce3,
    0x0002c303,
    0x00628023,
    0xfedff06f,
  ),
};

/** The start of an ELF file: everything but class, machine and type is as the machine wants it. */
function elfHeader({ elfClass = 2, machine = 243, type = 2 }): Uint8Array {
  const header = new Uint8Array(64);
  header.set([0x7f, 0x45, 0x4c, 0x46, elfClass, 1, 1]);
  header.set([type, 0, machine, 0, 1], 16);
  return header;
}

it("tells its version in whatever folder and language it is started", () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const env = { ...process.env, LC_ALL: "de_DE.UTF-8" };
  const started = (...args: string[]) =>
    spawnSync(process.execPath, [commandLine, ...args], { cwd: tmpdir(), env, encoding: "utf8" }).stdout;
  expect(started("--version")).toBe(`${version}\n`);
  expect(started("--help")).toContain("Show version number");
});

describe("bad input", () => {
  const cases: [what: string, args: string[], status: number, message: RegExp][] = [
    ["no command", [], 2, /which command/],
    ["an unknown command", ["bot"], 2, /unknown command "bot".*mean boot/s],
    ["an unknown option", ["run", "--fast"], 2, /Unknown argument: fast/],
    ["a missing value", ["run", "--memory"], 2, /following: memory/],
    ["an option given twice", ["run", "--harts", "1", "--harts", "2"], 2, /--harts is given 2 times/],
    ["too many images", ["run", "a", "b"], 2, /Unknown argument: b/],
    ["two kernels", ["run", "a", "--kernel", "b"], 2, /both name a kernel/],
    ["nothing to start", ["run", "--bios", "none"], 2, /nothing to start/],
    ["an unknown extension", ["run", "--cpu", "zfoo"], 2, /unknown extension "zfoo".*zba/],
    ["a bad TLB", ["run", "--cpu", "tlb=3x3"], 2, /power of two/],
    ["an unknown engine", ["run", "--engine", "fast"], 2, /reference/],
    ["bad memory", ["run", "--memory", "lots"], 2, /--memory: "lots"/],
    ["too little memory", ["run", "--memory", "4K"], 2, /between 1M and 3G/],
    ["odd memory", ["run", "--memory", "4194305"], 2, /multiple of 4096/],
    ["too many harts", ["run", "--harts", "9"], 2, /from 1 to 8/],
    ["a bad seed", ["run", "--seed", "x"], 2, /--seed/],
    ["a bad time", ["run", "--rtc", "noon"], 2, /--rtc/],
    ["a bad timeout", ["run", "--timeout", "0"], 2, /--timeout/],
    ["a bad expression", ["run", "--expect", "("], 2, /--expect.*regular expression/],
    ["a bad escape", ["run", "--send", "\\q"], 2, /--send.*escape/],
    ["a missing kernel", ["run", "nowhere"], 1, /kernel "nowhere": there is no such file/],
    ["a missing initrd", ["run", "--initrd", "nowhere"], 1, /initrd "nowhere"/],
    ["a missing bios", ["run", "--bios", "nowhere"], 1, /bios "nowhere"/],
    ["a folder as kernel", ["run", "/"], 1, /it is a directory/],
    ["a device as kernel", ["run", "/dev/zero"], 1, /it is a device/],
    ["an empty kernel", ["run", scratch.file("empty", "")], 1, /is empty/],
    ["a missing disk", ["run", "--disk", "nowhere"], 1, /disk "nowhere"/],
    ["an empty disk", ["run", "--disk", scratch.file("empty.img", "")], 1, /it is empty/],
    ["an unknown disk mode", ["run", "--disk", "a,fast"], 2, /unknown mode "fast"/],
    ["32-bit code", ["run", scratch.file("class", elfHeader({ elfClass: 1 }))], 1, /32-bit/],
    ["x86 code", ["run", scratch.file("x86", elfHeader({ machine: 62 }))], 1, /x86-64/],
    ["an object file", ["run", scratch.file("object", elfHeader({ type: 1 }))], 1, /link it first/],
    ["a truncated program", ["run", scratch.file("cut", elfHeader({}).subarray(0, 40))], 1, /truncated/],
    [
      "an image larger than RAM",
      ["run", "--bios", "none", "--memory", "1M", scratch.file("large", new Uint8Array(2 << 20))],
      1,
      /does not fit in RAM/,
    ],
    [
      "a device tree nowhere",
      ["run", "--bios", "none", programs.forever, "--dump-dtb", "/nowhere/x"],
      1,
      /no such folder/,
    ],
    ["no terminal for boot", ["boot"], 2, /needs a terminal.*trapframe run/],
    ["something that is no ELF file", ["disasm", join(ROOT, "package.json")], 1, /not an ELF file/],
    [
      "a missing symbol",
      ["disasm", join(ROOT, ".build/guest/kernel.elf"), "--symbol", "nowhere"],
      2,
      /no symbol "nowhere"/,
    ],
    ["an unknown instruction", ["isa", "frobnicate"], 2, /"frobnicate"/],
    ["one instruction to classify", ["isa", "sret", "--classify"], 2, /leave "sret" out/],
  ];

  it.concurrent.each(cases)("%s", { timeout: 60_000 }, async (_, args, status, message) => {
    const finished = await trapframe(args, "");
    expect(finished.errors).toMatch(message);
    expect(finished.errors).toMatch(/^trapframe: /);
    expect(finished.errors).not.toMatch(/^ +at /m);
    expect(finished.status).toBe(status);
  });

  it.skipIf(process.getuid?.() === 0)("a disk that may not be written", async () => {
    const disk = scratch.file("locked.img", new Uint8Array(512));
    chmodSync(disk, 0o444);
    const { status, errors } = await trapframe(["run", "--disk", disk], "");
    expect(errors).toMatch(/permission denied.*,readonly/);
    expect(status).toBe(1);
  });

  it("shows a stack trace only when asked", async () => {
    expect((await trapframe(["run", "nowhere", "--debug"], "")).errors).toMatch(/^ +at /m);
  });
});

describe("run", () => {
  const bare = (program: string, ...args: string[]) => ["run", "--bios", "none", program, ...args];

  it("exits with the guest's status", async () => {
    expect((await trapframe(bare(programs.fails), "")).status).toBe(7);
  });

  it("reports a guest that runs wild", async () => {
    const { status, errors } = await trapframe(bare(programs.wild), "");
    expect(status).toBe(121);
    expect(errors).toMatch(/instruction access fault .*pc 0x0/);
  });

  it("reports a guest whose supervisor runs wild", async () => {
    const { status, output } = await trapframe(["run", programs.wild, "--max-instructions", "10M"], "");
    expect(output).toMatch(/cannot fetch the supervisor's trap handler at 0x0/);
    expect(status).toBe(1);
  });

  it("passes on all that a pipe held before the guest had begun", async () => {
    const { status, output } = await trapframe(["run"], "echo whole\npoweroff 6\n");
    expect(output).toMatch(/echo whole/);
    expect(status).toBe(6);
  });

  it("ends a guest that sleeps for ever, unless somebody may still type", async () => {
    expect((await trapframe(bare(programs.sleeps), "")).status).toBe(122);
    const running = trapframe(bare(programs.sleeps, "--timeout", "0.5"));
    expect((await running).status).toBe(124);
  });

  it("keeps to its limits, and says what was done", async () => {
    const limited = await trapframe(
      bare(programs.forever, "--max-instructions", "1_000_000", "--stats", "json"),
      "",
    );
    expect(limited.status).toBe(124);
    const statistics: unknown = JSON.parse(limited.errors.split("\n").at(-2) ?? "");
    expect(statistics).toMatchObject({ status: 124, instructions: 1_000_000, engine: "auto" });
    expect((await trapframe(bare(programs.forever, "--timeout", "0.3", "--stats"), "")).errors).toMatch(
      /MIPS/,
    );
  });

  it("says what was translated", async () => {
    const args = (form: string) => ["--engine", "auto", "--max-instructions", "100M", "--stats", form];
    const [json, human] = await Promise.all([
      trapframe(bare(programs.forever, ...args("json")), ""),
      trapframe(bare(programs.forever, ...args("human")), ""),
    ]);
    const { translation } = JSON.parse(json.errors.split("\n").at(-2) ?? "");
    expect(translation.translatedSlots + translation.interpretedSlots).toBe(100_000_000);
    expect(translation.translatedSlots).toBeGreaterThan(90_000_000);
    expect(translation).toMatchObject({ dropped: 0, modules: expect.any(Number) });
    expect(human.errors).toMatch(/translated +9\d\.\d\d% of what was executed/);
    expect(human.errors).toMatch(/regions +[1-9]/);
  });

  it("goes on with what an earlier run has translated, which changes nothing else", async () => {
    const run = async () => {
      const args = ["--engine", "auto", "--max-instructions", "50M", "--stats", "json"];
      const { errors } = await trapframe(bare(programs.forever, ...args), "");
      return JSON.parse(errors.split("\n").at(-2) ?? "");
    };
    const earlier = await run();
    const { instructions, harts, translation } = await run();
    expect({ instructions, harts }).toEqual({ instructions: earlier.instructions, harts: earlier.harts });
    expect(translation.restored).toBeGreaterThan(0);
    expect(translation.interpretedSlots).toBeLessThan(1_000_000);
  });

  it("passes stdin to the guest and its output to stdout", async () => {
    const running = trapframe(bare(programs.echoes, "--timeout", "20"));
    running.process.stdin?.write("hello");
    await new Promise<void>((resolve) => {
      let seen = "";
      running.process.stdout?.on("data", (chunk: Buffer) => {
        seen += chunk.toString();
        if (seen === "hello") resolve();
      });
    });
    running.process.kill("SIGTERM");
    expect((await running).status).toBe(143);
  });

  it("follows a script", async () => {
    const args = [
      "--send",
      "ab",
      "--expect",
      "b$",
      "--send",
      "\\x43\\n",
      "--expect",
      "^C$",
      "--max-instructions",
      "20e6",
    ];
    const { status, output, errors } = await trapframe(bare(programs.echoes, ...args), "");
    expect(output).toBe("abC\n");
    expect(errors).not.toMatch(/waiting/);
    expect(status).toBe(124);
  });

  it("types what a script says at the same instruction every time", async () => {
    const args = [
      "--expect",
      "AAAA",
      "--send",
      "x",
      "--max-instructions",
      "3e6",
      "--stats",
      "json",
      "--rtc",
      "0",
    ];
    const run = async () => {
      const { errors, output } = await trapframe(bare(programs.chatters, ...args), "");
      return [output.length, /"instructions":\d+/.exec(errors)?.[0]];
    };
    expect(await run()).toEqual(await run());
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("ends at once on %s", async (signal, status) => {
    for (const program of [programs.chatters, programs.sleeps]) {
      const running = trapframe(bare(program));
      await new Promise((resolve) => running.process.stdout?.once("data", resolve));
      running.process.kill(signal);
      expect((await running).status).toBe(status);
    }
  });

  it("ends quietly when nobody reads its output any more", async () => {
    const running = trapframe(bare(programs.chatters));
    running.process.stdout?.once("data", () => running.process.stdout?.destroy());
    const { status, errors } = await running;
    expect(status).toBe(141);
    expect(errors).toBe("");
  });

  it("writes the device tree", async () => {
    const file = join(scratch.folder, "tree.dtb");
    const { status } = await trapframe(bare(programs.forever, "--dump-dtb", file), "");
    expect(status).toBe(0);
  });

  it("executes the same on the reference engine", async () => {
    expect((await trapframe(bare(programs.fails, "--engine", "reference"), "")).status).toBe(7);
  });
});

describe("our own guest", () => {
  it("boots to its prompt, obeys a script, and powers off with a status", { timeout: 60_000 }, async () => {
    const script = [
      "--expect",
      "trapframe> $",
      "--send",
      "ps\\n",
      "--expect",
      "init",
      "--send",
      "poweroff 5\\n",
    ];
    const { status, output } = await trapframe(["run", "--timeout", "50", ...script], "");
    expect(output).toMatch(/PID/);
    expect(status).toBe(5);
  });
});

describe("looking things up", () => {
  it("disassembles a symbol", async () => {
    const { status, output } = await trapframe(
      ["disasm", join(ROOT, ".build/guest/kernel.elf"), "--symbol", "trap_entry"],
      "",
    );
    expect(output).toMatch(/<trap_entry>:\n.*csrrw +a0,sscratch,a0/);
    expect(status).toBe(0);
  });

  it("shows what the translator makes of code", async () => {
    const kernel = join(ROOT, ".build/guest/kernel.elf");
    const { status, output } = await trapframe(["disasm", "--translated", kernel, "trap_entry"], "");
    expect(output).toMatch(/<trap_entry>:\n\d+ instructions .* bytes of WebAssembly\nenter +│ block \$1\n/);
    expect(output).toMatch(/\+0: csrrw +a0,sscratch,a0 .*│ /);
    expect(output).toMatch(/ hart\.sscratch = a0 .*│ /);
    expect(output).toMatch(/│ +i64\.store offset=sscratch \$hart \$a0\n/);
    expect(status).toBe(0);
    const refused = [
      [["disasm", "--translated", kernel], /an address go together/],
      [["disasm", kernel, "trap_entry"], /an address go together/],
      [["disasm", "--flat", kernel], /flat -> translated/],
      [["disasm", "--translated", kernel, "nowhere"], /"nowhere" is no symbol/],
      [["disasm", "--translated", kernel, "0"], /no code that a translation could begin with/],
    ] as const;
    for (const [args, message] of refused) {
      const { status, errors } = await trapframe([...args], "");
      expect(errors).toMatch(message);
      expect(status).toBe(2);
    }
  });

  it("ends a long listing when its reader goes", async () => {
    const running = trapframe(["disasm", join(ROOT, ".build/guest/kernel.elf")]);
    running.process.stdout?.once("data", () => running.process.stdout?.destroy());
    expect([0, 141]).toContain((await running).status);
  });

  it("knows instructions, extensions and CSRs", async () => {
    const [one, extension, csr, json] = await Promise.all([
      trapframe(["isa", "sret"], ""),
      trapframe(["isa", "zbs"], ""),
      trapframe(["isa", "mstatus"], ""),
      trapframe(["isa", "add", "--json"], ""),
    ]);
    expect(one.output).toMatch(/class +privileged/);
    expect(extension.output.trim().split("\n")).toHaveLength(8);
    expect(csr.output).toMatch(/MPP +one of 0, 1, 3/);
    expect(JSON.parse(json.output)).toMatchObject({ name: "add", semantics: ["rd = rs1 + rs2"] });
  });

  it("helps, and completes", async () => {
    const [help, run, script, words] = await Promise.all([
      trapframe(["--help"], ""),
      trapframe(["run", "--help"], ""),
      trapframe(["completion"], ""),
      trapframe(["--get-yargs-completions", "trapframe", "run", "--en"], ""),
    ]);
    expect(help.output).toMatch(/trapframe run/);
    expect(run.output).toMatch(/Examples:[\s\S]*Exit status/);
    expect(script.output).toMatch(/complete/);
    expect(words.output).toMatch(/--engine/);
  });
});
