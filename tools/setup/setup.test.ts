import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ROOT } from "../guest/root.ts";

let checkout: string;

/** Writes a file of the checkout. */
function write(path: string, text: string): void {
  mkdirSync(dirname(join(checkout, path)), { recursive: true });
  writeFileSync(join(checkout, path), text);
}

/** Runs the set-up of the checkout, with a script in place of npm. */
function setUp(...args: string[]): { status: number | null; stderr: string } {
  const environment = { ...process.env, npm_execpath: join(checkout, "npm.mjs") };
  const script = join(checkout, "tools/setup/setup.mjs");
  return spawnSync(process.execPath, [script, ...args], { encoding: "utf8", env: environment });
}

/** Lets the file system's clock move on, so that what is written next is younger than what was. */
const nextTick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10));

const exists = (path: string): boolean => existsSync(join(checkout, path));

beforeEach(() => {
  // A checkout with three sources, whose dependencies are this one's.
  checkout = mkdtempSync(join(tmpdir(), "trapframe-setup-"));
  mkdirSync(join(checkout, "tools/setup"), { recursive: true });
  copyFileSync(join(ROOT, "tools/setup/setup.mjs"), join(checkout, "tools/setup/setup.mjs"));
  copyFileSync(join(ROOT, "tsconfig.json"), join(checkout, "tsconfig.json"));
  write("package.json", '{ "type": "module" }');
  write("package-lock.json", "{}");
  utimesSync(join(checkout, "package-lock.json"), 0, 0);
  symlinkSync(join(ROOT, "node_modules"), join(checkout, "node_modules"));
  write("npm.mjs", 'console.error("npm error no network\\n\\nUsage: npm ci"); process.exit(1);');
  write(
    "emulator/isa/table.ts",
    "export const instructions: string[] = [];\nexport const check = () => {};\n",
  );
  write("emulator/answer.ts", "export const answer: number = 42;\n");
  write("tools/command-line.ts", 'import { answer } from "../emulator/answer.ts";\nconsole.log(answer);\n');
});

afterEach(() => rmSync(checkout, { recursive: true, force: true }));

describe("setup", () => {
  it("compiles what changed, and is silent when nothing did", async () => {
    expect(setUp("--no-guests")).toMatchObject({ status: 0, stderr: "compiling TypeScript …\n" });
    expect(exists(".build/js/emulator/answer.js")).toBe(true);
    const { stdout } = spawnSync(process.execPath, [join(checkout, ".build/bundle/command-line.js")]);
    expect(`${stdout}`).toBe("42\n");
    expect(setUp("--no-guests")).toMatchObject({ status: 0, stderr: "" });

    await nextTick();
    write("emulator/question.ts", "export const question = 6 * 9;\n");
    expect(setUp("--no-guests").stderr).toContain("compiling");
    expect(exists(".build/js/emulator/question.js")).toBe(true);

    rmSync(join(checkout, "emulator/question.ts"));
    expect(setUp("--no-guests").stderr).toContain("compiling");
    expect(exists(".build/js/emulator/question.js")).toBe(false);
  });

  it("says what does not compile, each time until it does", () => {
    write("emulator/wrong.ts", 'export const wrong: number = "text";\n');
    for (let turn = 0; turn < 2; turn++) {
      const { status, stderr } = setUp("--no-guests");
      expect(status).toBe(1);
      expect(stderr).toContain("setup: the TypeScript sources do not compile:\nemulator/wrong.ts");
    }
  });

  it("says which instructions contradict each other", () => {
    write(
      "emulator/isa/table.ts",
      'export const instructions = [];\nexport const check = () => { throw new Error("they overlap"); };\n',
    );
    expect(setUp("--no-guests")).toMatchObject({
      status: 1,
      stderr: "compiling TypeScript …\nsetup: emulator/isa: they overlap\n",
    });
  });

  it("installs dependencies when there are none, and says why that failed", () => {
    rmSync(join(checkout, "node_modules"));
    const { status, stderr } = setUp("--no-guests");
    expect(status).toBe(1);
    expect(stderr).toContain("installing dependencies");
    expect(stderr).toMatch(/setup: npm ci failed\..*\nnpm error no network\n$/);
  });

  it("installs dependencies anew when the lock file is younger and asks for others", () => {
    utimesSync(join(checkout, "package-lock.json"), new Date(), new Date());
    expect(setUp("--no-guests").stderr).toContain("installing dependencies");
    copyFileSync(join(ROOT, "package-lock.json"), join(checkout, "package-lock.json"));
    expect(setUp("--no-guests").stderr).not.toContain("installing dependencies");
  });

  it("refuses options it does not know", () => {
    expect(setUp("--bogus")).toMatchObject({
      status: 1,
      stderr: "setup: unknown option --bogus; the only one is --no-guests\n",
    });
  });
});
