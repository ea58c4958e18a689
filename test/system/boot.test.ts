/**
 * The same kernel and initrd boot on machines of several sizes, on one that is not ours (QEMU), under our firmware and
 * under one that is not ours (OpenSBI), and carry programs that are not ours (Debian's busybox).
 */

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildImages, type GuestImages, initrdWith } from "../../tools/guest/images.ts";
import {
  conversation,
  type Finished,
  requireDebian,
  requireFile,
  trapframeRun,
} from "../linux/linux-guest.ts";

const QEMU = "qemu-system-riscv64";
const MINUTE = 60_000;
const PROMPT = "trapframe> ";
const OPENSBI = "/usr/lib/riscv64-linux-gnu/opensbi/generic";
const STATUS = 7;

const fwDynamic = requireFile(`${OPENSBI}/fw_dynamic.bin`, "opensbi");
const fwJump = requireFile(`${OPENSBI}/fw_jump.bin`, "opensbi");
const debian = requireDebian();
const qemuIsInstalled = spawnSync(QEMU, ["--version"]).error === undefined;
if (!qemuIsInstalled)
  console.warn(`SKIPPED: ${QEMU} is not installed: our system is booted on our machine ONLY`);

let images: GuestImages;

beforeAll(async () => {
  images = await buildImages();
}, 5 * MINUTE);

/** What is typed at the shell, a line for each prompt. */
const session = ["ps", "hello again", "seq 1 100 | grep 7 | wc -l", "date +%Y", `poweroff ${STATUS}`];

/** The session was held, on a machine with so many harts, and its status came out. */
function expectSession({ console, status, errors }: Finished, harts: number): void {
  const said = errors + console;
  expect(said).toContain(`Trapframe kernel: ${harts} hart${harts === 1 ? "" : "s"},`);
  expect(said).toMatch(/^ +PID +PPID S .* COMMAND\n +1 +0 [RS] .* init\n +2 +1 [RS] .* sh\n +3 +2 R .* ps$/m);
  for (const server of ["supervisor", "names", "disk", "pager", "terminal", "files", "process"])
    expect(said).toMatch(new RegExp(`^100000\\d .* ${server}$`, "m"));
  expect(said).toMatch(/^Hello from process \d+, started with: again$/m);
  expect(said).toMatch(/wc -l\n19\n/);
  // The board's clock, not the time since the start.
  expect(said).toMatch(/^20[2-9]\d\n/m);
  expect(status, said).toBe(STATUS);
}

/** Boots on our machine and holds the session. */
function runHere(...options: string[]): Promise<Finished> {
  const turns = session.map<[string, string]>((line) => [PROMPT, `${line}\\n`]);
  return trapframeRun(images.kernel, `--initrd=${images.initrd}`, ...options, ...conversation(...turns));
}

/** Boots on QEMU's `virt` board and holds the session. */
function runOnQemu(firmware: string, harts: number): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const options = ["-machine", "virt", "-nographic", "-smp", String(harts), "-m", "256M"];
    const files = ["-bios", firmware, "-kernel", images.kernel, "-initrd", images.initrd];
    const child = spawn(QEMU, [...options, ...files], { timeout: MINUTE });
    let console = "";
    let errors = "";
    let answered = 0;
    child.stdout.on("data", (chunk: Buffer) => {
      console += chunk.toString("latin1");
      const prompts = console.split(PROMPT).length - 1;
      if (prompts <= answered || !console.endsWith(PROMPT)) return;
      child.stdin.write(`${session[answered]}\n`);
      answered = prompts;
    });
    child.stderr.on("data", (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, console: console.replaceAll("\r", ""), errors }));
  });
}

describe("on our machine", () => {
  test.each([
    [1, "64M"],
    [2, "128M"],
    [4, "256M"],
    [8, "1G"],
  ])(
    "with %i harts and %s of memory",
    async (harts, memory) => {
      expectSession(await runHere(`--harts=${harts}`, `--memory=${memory}`), harts);
    },
    MINUTE,
  );

  test(
    "with less memory than it needs it says which server cannot start, and ends",
    async () => {
      const { status, console } = await runHere("--memory=32M");
      expect(console).toMatch(/^supervisor: cannot start \w+: /m);
      expect(status).not.toBe(0);
    },
    MINUTE,
  );

  test.skipIf(fwDynamic === undefined).each([1, 4])(
    "under OpenSBI, with %i harts",
    async (harts) => {
      const finished = await runHere(`--bios=${fwDynamic}`, `--harts=${harts}`);
      expect(finished.console).toContain("OpenSBI");
      expectSession(finished, harts);
    },
    MINUTE,
  );
});

describe.skipIf(!qemuIsInstalled).each([1, 4])("on QEMU with %i harts", (harts) => {
  test(
    "under our firmware",
    async () => expectSession(await runOnQemu(images.firmware, harts), harts),
    2 * MINUTE,
  );

  test.skipIf(fwDynamic === undefined)(
    "under OpenSBI's fw_dynamic",
    async () => expectSession(await runOnQemu(fwDynamic ?? "", harts), harts),
    2 * MINUTE,
  );

  test.skipIf(fwJump === undefined)(
    "under OpenSBI's fw_jump",
    async () => expectSession(await runOnQemu(fwJump ?? "", harts), harts),
    2 * MINUTE,
  );
});

/** What Debian's busybox is told, and what it answers. */
const busyboxSteps = [
  ["for i in 3 1 2; do echo line $i; done | sort | tr a-z A-Z", "LINE 1\nLINE 2\nLINE 3\n"],
  ["ls /bin/sh /debian", /^\/bin\/sh\n\n\/debian:\nawk\nbusybox\nfind\n(?:\w+\n)+$/],
  ["find /debian -name 's*' | sort", "/debian/sed\n/debian/sh\n/debian/sort\n"],
  ["ps", /^PID +USER +COMMAND\n +1 0 +\/bin\/init\n(?:.*\n)*.* \{ps\} \/debian\/sh -c .*\n/],
  ["busybox seq 1 20 | grep 1 | awk '{ n += $1 } END { print n }'", "146\n"],
  ["i=0; while [ $i -lt 3 ]; do i=$((i + 1)); (exit $i) & wait $!; echo $?; done", "1\n2\n3\n"],
  ["cat <<E | sed s/a/b/\nbar\nE", "bbr\n"],
  [
    "cd /tmp; mkdir d; busybox seq 1 1000 > d/f; busybox tar -czf - d | gzip -d | busybox tar -tf -",
    "d/\nd/f\n",
  ],
  ["busybox sleep 1000 & kill $!; wait $!; echo $?", "143\n"],
] as const;

describe.skipIf(debian === undefined)("Debian's unmodified busybox on our system", () => {
  const folder = mkdtempSync(join(tmpdir(), "trapframe-boot-"));
  let said: string[] = [];

  beforeAll(async () => {
    if (debian === undefined) return;
    const commands = ["awk", "find", "grep", "gzip", "kill", "ls", "ps", "sed", "sh", "sort", "tr"];
    const script = busyboxSteps.map(([command]) => `${command}\necho @next\n`).join("");
    const data = new TextEncoder().encode(`PATH=/debian\nexec 2>&1\n${script}`);
    const initrd = await initrdWith([
      { type: "file", path: "debian/busybox", data: readFileSync(debian.busybox) },
      ...commands.map((name) => ({ type: "symlink", path: `debian/${name}`, target: "busybox" }) as const),
      { type: "file", path: "steps", data },
    ]);
    const path = join(folder, "initrd.cpio");
    writeFileSync(path, initrd);
    const { console, errors } = await trapframeRun(
      images.kernel,
      `--initrd=${path}`,
      ...conversation([PROMPT, "/debian/sh -c '. /steps' | cat\\n"], [PROMPT, "poweroff\\n"]),
    );
    const start = console.indexOf("| cat\n") + "| cat\n".length;
    said = (errors + console.slice(start)).split("@next\n");
  }, 2 * MINUTE);

  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(busyboxSteps.map(([command, answer], index) => ({ command, answer, index })))(
    "$command",
    ({ answer, index }) => {
      if (typeof answer === "string") expect(said[index]).toBe(answer);
      else expect(said[index]).toMatch(answer);
    },
  );
});
