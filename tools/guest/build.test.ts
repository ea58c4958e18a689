import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { buildGuest, buildProgram, type GuestProgram } from "./build.ts";
import { GuestBuildError } from "./error.ts";
import { ROOT } from "./root.ts";

const FOLDER = `.build/test/guest-build-${process.pid}`;
const PROGRAM: GuestProgram = {
  name: `test/build-${process.pid}/program`,
  sources: [`${FOLDER}/start.S`, `${FOLDER}/main.c`],
  linkerScript: `${FOLDER}/link.ld`,
};

/** Writes a source of the test program. */
function write(name: string, text: string): void {
  writeFileSync(join(ROOT, FOLDER, name), text);
}

/** Builds and returns what was done: the lines of progress. */
async function build(program: GuestProgram): Promise<string[]> {
  const lines: string[] = [];
  await buildGuest(program, (line) => lines.push(line));
  return lines;
}

/** Lets the file system's clock move on, so that what is written next is younger than what was. */
const nextTick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10));

beforeEach(() => {
  mkdirSync(join(ROOT, FOLDER), { recursive: true });
  write("start.S", ".globl _start\n_start: call main\n1: j 1b\n");
  write("main.c", '#include "answer.h"\nint main(void);\nint main(void) { return ANSWER; }\n');
  write("answer.h", "#define ANSWER 42\n");
  write("link.ld", "ENTRY(_start) SECTIONS { . = 0x80000000; .text : { *(.text*) } }\n");
});

afterAll(() => {
  rmSync(join(ROOT, FOLDER), { recursive: true, force: true });
  for (const folder of [`test/build-${process.pid}`, `objects/${FOLDER}`]) {
    // A compiler that was stopped may still leave something behind.
    const retry = { maxRetries: 10, retryDelay: 100 };
    rmSync(join(ROOT, ".build/guest", folder), { recursive: true, force: true, ...retry });
  }
});

describe("buildGuest", () => {
  it("makes a riscv64 ELF file", async () => {
    const elf = readFileSync(await buildGuest(PROGRAM));
    expect(elf.subarray(0, 6)).toEqual(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]));
    expect(elf.readUInt16LE(18)).toBe(243); // EM_RISCV
    expect(elf.readBigUInt64LE(24)).toBe(0x8000_0000n); // e_entry
  });

  it("does nothing when nothing changed, and rebuilds for a header, a script or a flag", async () => {
    await build(PROGRAM);
    const { mtimeMs } = statSync(await buildGuest(PROGRAM));
    expect(await build(PROGRAM)).toEqual([]);
    expect(statSync(await buildGuest(PROGRAM)).mtimeMs).toBe(mtimeMs);

    await nextTick();
    write("answer.h", "#define ANSWER 43\n");
    expect(await build(PROGRAM)).toHaveLength(1);
    expect(await build(PROGRAM)).toHaveLength(0);

    await nextTick();
    write("link.ld", "ENTRY(_start) SECTIONS { . = 0x90000000; .text : { *(.text*) } }\n");
    expect(await build(PROGRAM)).toHaveLength(1);

    const optimized = { ...PROGRAM, flags: ["-Os"] };
    expect(await build(optimized)).toHaveLength(1);
    expect(await build(optimized)).toHaveLength(0);
  });

  it("finds what it made up to date where a source was saved in the same millisecond", async () => {
    const now = Date.now();
    utimesSync(join(ROOT, FOLDER, "main.c"), (now + 0.5) / 1000, (now + 0.5) / 1000);
    vi.useFakeTimers({ toFake: ["Date"], now });
    await build(PROGRAM).finally(() => vi.useRealTimers());
    expect(await build(PROGRAM)).toEqual([]);
  });

  it("says what the compiler said about an error, and about a warning", async () => {
    write("main.c", "int main(void);\nint main(void) { return missing; }\n");
    await expect(build(PROGRAM)).rejects.toThrow(/compiling .*main\.c failed:[\s\S]*missing/);
    write("main.c", "int main(void);\nint main(void) { int unused; return 0; }\n");
    await expect(build(PROGRAM)).rejects.toThrow(GuestBuildError);
  });

  it("says what the linker said", async () => {
    write("start.S", ".globl _start\n_start: call nowhere\n");
    await expect(build(PROGRAM)).rejects.toThrow(/linking .* failed:[\s\S]*nowhere/);
  });

  it("builds again after a failure, once the source is right", async () => {
    write("main.c", "wrong\n");
    await expect(build(PROGRAM)).rejects.toThrow(GuestBuildError);
    await nextTick();
    write("main.c", "int main(void);\nint main(void) { return 0; }\n");
    expect(await build(PROGRAM)).toHaveLength(1);
  });

  it("can leave out floating point", async () => {
    write(
      "main.c",
      "int main(void);\nint main(void) {\n#ifdef __riscv_flen\n#error float\n#endif\nreturn 0; }\n",
    );
    expect(await build({ ...PROGRAM, isa: "rv64imac" })).toHaveLength(1);
    await expect(build(PROGRAM)).rejects.toThrow("float");
  });
});

describe("buildProgram", () => {
  // zig builds its C library when it is needed for the first time.
  const milliseconds = 200_000;

  it(
    "links a static Linux program with the C library",
    async () => {
      write("main.c", '#include <stdio.h>\nint main(void) { return puts("hello") < 0; }\n');
      const program = { name: PROGRAM.name, sources: [`${FOLDER}/main.c`] };
      const elf = readFileSync(await buildProgram(program));
      expect(elf.readUInt16LE(16)).toBe(2); // ET_EXEC: at fixed addresses, so without a loader
      expect(elf.readUInt16LE(18)).toBe(243); // EM_RISCV
      const lines: string[] = [];
      await buildProgram(program, (line) => lines.push(line));
      expect(lines).toEqual([]);
    },
    milliseconds,
  );

  it(
    "says what the linker said",
    async () => {
      write("main.c", "int missing(void);\nint main(void) { return missing(); }\n");
      const program = { name: PROGRAM.name, sources: [`${FOLDER}/main.c`] };
      await expect(buildProgram(program)).rejects.toThrow(/linking .* failed:[\s\S]*missing/);
    },
    milliseconds,
  );
});
