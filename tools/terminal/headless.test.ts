import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { FakeMachine, fakeOptions, type Guest } from "../../test/support/fake-machine.ts";
import { MachineBuilder } from "../host/machine-builder.ts";
import { Headless, type HeadlessOptions } from "./headless.ts";
import { parseExpect, parseSend } from "./script.ts";

/** Prints a prompt, then answers every line typed; "off N" powers off, "reboot" reboots. */
function shell(): Guest {
  let greeted = false;
  let line = "";
  return (machine, budget) => {
    if (!greeted) {
      greeted = true;
      machine.print("$ ");
      return { retired: Math.min(10, budget), stop: { reason: "limit" } };
    }
    const typed = machine.typed.shift();
    if (typed === undefined) return { retired: 0, stop: { reason: "idle", ticks: undefined } };
    line += typed.text;
    if (!line.endsWith("\n")) return { retired: 1, stop: { reason: "limit" } };
    const [command = "", argument = ""] = line.trim().split(" ");
    line = "";
    machine.print(`did ${command}\r\n$ `);
    if (command === "off") return { retired: 1, stop: { reason: "power-off", status: Number(argument) } };
    if (command === "reboot") return { retired: 1, stop: { reason: "reboot" } };
    return { retired: 1, stop: { reason: "limit" } };
  };
}

function start(guest: () => Guest, options: Partial<HeadlessOptions> = {}) {
  const input = new PassThrough();
  const output = new PassThrough();
  const builder = new MachineBuilder(fakeOptions, async (given) => new FakeMachine(guest(), given));
  const headless = new Headless(builder, {
    steps: [],
    instructionLimit: undefined,
    timeoutSeconds: undefined,
    reboot: true,
    input: Object.assign(input, { setRawMode: () => {} }) as unknown as NodeJS.ReadStream,
    output: output as unknown as NodeJS.WriteStream,
    errors: new PassThrough() as unknown as NodeJS.WriteStream,
    ...options,
  });
  const printed = () => String(output.read() ?? "");
  return { headless, input, printed, ended: headless.run() };
}

describe("Headless", () => {
  it("passes stdin and stdout, and answers the guest's status", async () => {
    const { input, printed, ended } = start(shell);
    input.write("ls\n");
    input.write("off 5\n");
    expect(await ended).toEqual({ status: 5 });
    expect(printed()).toBe("$ did ls\r\n$ did off\r\n$ ");
  });

  it("follows a script, with stdin at its end", async () => {
    const steps = [parseExpect("\\$ $"), parseSend("ls\\n"), parseExpect("did ls"), parseSend("off 0\\n")];
    const { input, ended } = start(shell, { steps });
    input.end();
    expect(await ended).toEqual({ status: 0 });
  });

  it("fails when the guest ends before it showed what was expected", async () => {
    const { ended } = start(shell, { steps: [parseSend("off 0\\n"), parseExpect("never")] });
    expect(await ended).toEqual({ status: 120, message: "the guest ended without showing /never/" });
  });

  it("says so when nothing can wake the guest any more", async () => {
    const { input, ended } = start(shell, { steps: [parseExpect("never")] });
    input.end();
    expect(await ended).toMatchObject({ status: 122, message: expect.stringContaining("/never/") });
  });

  it("ends at the limits", async () => {
    const busy: () => Guest = () => (_, budget) => ({ retired: budget, stop: { reason: "limit" } });
    expect(await start(busy, { instructionLimit: 1000 }).ended).toMatchObject({ status: 124 });
    expect(await start(busy, { timeoutSeconds: 0.05 }).ended).toMatchObject({ status: 124 });
    expect(await start(shell, { timeoutSeconds: 0.05 }).ended).toMatchObject({ status: 124 });
  });

  it("goes on after a reboot, or ends with it", async () => {
    const going = start(shell);
    going.input.write("reboot\n");
    setTimeout(() => going.input.write("off 1\n"), 30);
    expect(await going.ended).toEqual({ status: 1 });
    expect(going.headless.effort.reboots).toBe(1);
    const ending = start(shell, { reboot: false });
    ending.input.write("reboot\n");
    expect(await ending.ended).toEqual({ status: 0 });
  });

  it("reports the trap that repeats", async () => {
    const trap = { hart: 1, cause: 12n, pc: 0xdead0n, tval: 0xdead0n };
    const { ended } = start(() => () => ({ retired: 0, stop: { reason: "stuck", trap } }));
    expect(await ended).toEqual({
      status: 121,
      message: expect.stringMatching(/hart 1 .*instruction page fault.*pc 0xdead0/),
    });
  });

  it("takes commands after Ctrl-A from a terminal only", async () => {
    const terminal = start(shell);
    Object.assign(terminal.input, { isTTY: true });
    const piped = start(shell);
    piped.input.write("\x01x\n");
    piped.input.write("off 4\n");
    expect(await piped.ended).toEqual({ status: 4 });
    terminal.input.write("off 3\n");
    expect(await terminal.ended).toEqual({ status: 3 });
  });
});
