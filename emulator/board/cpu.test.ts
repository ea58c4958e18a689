import { describe, expect, it } from "vitest";
import { CpuError, defaultCpu, extensions, parseCpu } from "./cpu.ts";

describe("parseCpu", () => {
  it("gives the default processor for an empty list", () => {
    expect(parseCpu("")).toEqual(defaultCpu);
  });

  it("switches extensions off and on, the last word counting", () => {
    expect(parseCpu("no-zba").extensions.has("zba")).toBe(false);
    expect(parseCpu("zbb=off").extensions.has("zbb")).toBe(false);
    expect(parseCpu("no-zbs,ZBS").extensions.has("zbs")).toBe(true);
  });

  it("begins with a base", () => {
    const of = (list: string) => parseCpu(list).extensions;
    expect([...of("rv64gc")]).toEqual(["zicsr", "zifencei", "zicntr", "sv39"]);
    expect(parseCpu("rv64gc").svadu).toBe(false);
    for (const name of "zba zbb zbs zfhmin zicbom zicbop zicboz zihintpause zihpm svinval svpbmt".split(
      " ",
    )) {
      expect(of("rva22s64"), name).toContain(name);
      expect(of("RVA22S64, no-svpbmt").has(name), name).toBe(name !== "svpbmt");
    }
    for (const name of "sv48 sstc zbc zicond zfh".split(" "))
      expect(of("rva22s64"), name).not.toContain(name);
    expect(parseCpu("rva22s64").svadu).toBe(false);
    expect(of("max")).toEqual(new Set(extensions.keys()));
    expect(parseCpu("max").svadu).toBe(true);
    expect(() => parseCpu("zba,max")).toThrow(/"max".*first/);
  });

  it("has the profile and what it allows by default", () => {
    for (const name of parseCpu("rva22s64").extensions) expect(defaultCpu.extensions).toContain(name);
    expect(defaultCpu).toMatchObject({ svadu: true });
    expect(defaultCpu.extensions).toContain("sstc");
    expect(defaultCpu.extensions).not.toContain("zbc");
  });

  it("keeps what an extension requires", () => {
    expect(parseCpu("rv64gc,zfh").extensions).toContain("zfhmin");
    expect(parseCpu("max,no-zfhmin").extensions).not.toContain("zfh");
  });

  it("refuses to switch off what every machine has", () => {
    expect(parseCpu("zkt")).toEqual(defaultCpu);
    expect(() => parseCpu("no-zkt")).toThrow(/zkt cannot be switched off/);
  });

  it("takes svadu as a switch", () => {
    expect(parseCpu("svadu").svadu).toBe(true);
    expect(parseCpu("svadu,svadu=off").svadu).toBe(false);
  });

  it("is leaky only when asked to be", () => {
    for (const list of ["", "rv64gc", "rva22s64", "max", "leaky,no-leaky"])
      expect(parseCpu(list).leaky, list).toBe(false);
    expect(parseCpu("leaky").leaky).toBe(true);
    expect(parseCpu("max,leaky").leaky).toBe(true);
  });

  it("takes a translation mode as the widest there is", () => {
    const modes = (list: string) => [...parseCpu(list).extensions].filter((name) => /^sv\d/.test(name));
    expect(modes("sv39")).toEqual(["sv39"]);
    expect(modes("no-sv57")).toEqual(["sv39", "sv48"]);
    expect(modes("sv39,sv48")).toEqual(["sv39", "sv48"]);
    expect(() => parseCpu("no-sv39")).toThrow(CpuError);
  });

  it("shapes the TLB", () => {
    expect(parseCpu("tlb=64x2")).toMatchObject({ tlbSets: 64, tlbWays: 2 });
  });

  it.each(["tlb=", "tlb=12", "tlb=3x4", "tlb=0x4", "tlb=64x0", "tlb=64x17", "tlb=8192x1", "tlb=4x4x4"])(
    "refuses the geometry %s",
    (list) => expect(() => parseCpu(list)).toThrow(/tlb=/),
  );

  it("names an unknown extension and lists the known ones", () => {
    expect(() => parseCpu("zba,zfoo")).toThrow(/unknown extension "zfoo".*zbb.*svadu.*rva22s64/);
    expect(() => parseCpu("zba=maybe")).toThrow(/"maybe"/);
  });
});
