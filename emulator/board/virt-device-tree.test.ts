import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseCpu } from "./cpu.ts";
import { cells, decodeDeviceTree, doubleCells, type TreeNode, text } from "./device-tree.ts";
import { type TreeContents, virtDeviceTree } from "./virt-device-tree.ts";

const contents: TreeContents = {
  memory: 256 * 2 ** 20,
  harts: 2,
  cpu: {
    extensions: new Set([
      "sv39",
      "sv48",
      "svinval",
      "sstc",
      "zbb",
      "zba",
      "zihintpause",
      "zicsr",
      "zifencei",
    ]),
    svadu: false,
    leaky: false,
    tlbSets: 64,
    tlbWays: 4,
  },
  append: "console=ttyS0 quiet",
  entropySeed: 7n,
  initrd: { start: 0x8420_0000, end: 0x8420_1234 },
};

function tree(changes: Partial<TreeContents> = {}): TreeNode {
  return decodeDeviceTree(virtDeviceTree({ ...contents, ...changes }));
}

function at(root: TreeNode, path: string): TreeNode {
  return path
    .split("/")
    .filter((name) => name !== "")
    .reduce((parent, name) => {
      const child = parent.children.find((candidate) => candidate.name === name);
      if (child === undefined) throw new Error(`no node ${name} of ${path}`);
      return child;
    }, root);
}

const property = (path: string, name: string, root = tree()) => at(root, path).properties.get(name);

test("memory is what the machine has, also beyond 4 GiB", () => {
  expect(property("/memory@80000000", "reg")).toEqual(doubleCells(0x8000_0000, 256 * 2 ** 20));
  expect(property("/memory@80000000", "reg", tree({ memory: 8 * 2 ** 30 }))).toEqual(
    cells(0, 0x8000_0000, 2, 0),
  );
});

describe("chosen", () => {
  test("tells command line, initrd and console", () => {
    expect(property("/chosen", "bootargs")).toEqual(text("console=ttyS0 quiet"));
    expect(property("/chosen", "linux,initrd-start")).toEqual(cells(0, 0x8420_0000));
    expect(property("/chosen", "linux,initrd-end")).toEqual(cells(0, 0x8420_1234));
    expect(property("/chosen", "stdout-path")).toEqual(text("/soc/serial@10000000"));
  });

  test("leaves out what there is not", () => {
    const { append: _, ...bare } = contents;
    const root = decodeDeviceTree(virtDeviceTree({ ...bare, initrd: undefined }));
    expect([...at(root, "/chosen").properties.keys()]).toEqual(["stdout-path", "rng-seed"]);
  });

  test("seeds the guest's random numbers from the machine's seed", () => {
    const seed = property("/chosen", "rng-seed");
    expect(seed?.length).toBe(32);
    expect(property("/chosen", "rng-seed")).toEqual(seed);
    expect(property("/chosen", "rng-seed", tree({ entropySeed: 8n }))).not.toEqual(seed);
  });
});

/** What RVA22S64 requires (RISC-V profiles 1.0, 4.1 and 4.2), but Svade and what `mmu-type` tells. */
const mandatory = (
  "zicsr zicntr zihpm ziccif ziccrse ziccamoa zicclsm za64rs zihintpause zba zbb zbs zic64b zicbom zicbop zicboz " +
  "zfhmin zkt zifencei svbare ssccptr sstvecd sstvala sscounterenw svpbmt svinval"
).split(" ");

describe("processors", () => {
  test("name their extensions in canonical order", () => {
    expect(property("/cpus/cpu@1", "riscv,isa")).toEqual(
      text(
        "rv64imafdc_ziccamoa_ziccif_zicclsm_ziccrse_zicsr_zifencei_zihintpause_za64rs_zba_zbb_zkt_" +
          "ssccptr_sscounterenw_sstc_sstvala_sstvecd_ssu64xl_svade_svbare_svinval",
      ),
    );
    expect(property("/cpus/cpu@1", "riscv,isa-base")).toEqual(text("rv64i"));
    expect(property("/cpus/cpu@1", "riscv,isa-extensions")).toEqual(
      text(
        ..."i m a f d c ziccamoa ziccif zicclsm ziccrse zicsr zifencei zihintpause za64rs zba zbb zkt".split(
          " ",
        ),
        ..."ssccptr sscounterenw sstc sstvala sstvecd ssu64xl svade svbare svinval".split(" "),
      ),
    );
  });

  test("say that they are leaky, if they are", () => {
    expect(property("/cpus/cpu@0", "compatible")).toEqual(text("riscv"));
    const root = tree({ cpu: { ...contents.cpu, leaky: true } });
    expect(property("/cpus/cpu@0", "compatible", root)).toEqual(text("trapframe,leaky", "riscv"));
  });

  test.each([
    ["rv64gc", ["zicsr", "zifencei", "zicntr"]],
    ["rva22s64", mandatory],
    ["", [...mandatory, "sstc"]],
    ["max", [...mandatory, "sstc", "zbc", "zbkb", "zbkc", "zbkx", "zcb", "zfh", "zicond"]],
  ])("have what --cpu %s asks for", (list, expected) => {
    const root = tree({ cpu: parseCpu(list) });
    const bytes = property("/cpus/cpu@0", "riscv,isa-extensions", root);
    const told = new TextDecoder().decode(bytes).split("\0");
    for (const extension of expected) expect(told).toContain(extension);
    expect(told).toHaveLength(new Set(told).size);
    if (list === "rv64gc")
      for (const absent of ["zba", "zicbom", "zic64b"]) expect(told).not.toContain(absent);
    expect(told).toContain(list === "" || list === "max" ? "svadu" : "svade");
  });

  test("tell the widest translation mode", () => {
    expect(property("/cpus/cpu@0", "mmu-type")).toEqual(text("riscv,sv48"));
    const extensions = new Set(["sv39"]);
    const root = tree({ cpu: { ...contents.cpu, extensions } });
    expect(property("/cpus/cpu@0", "mmu-type", root)).toEqual(text("riscv,sv39"));
  });

  test("tell who updates A and D bits, and cache-block sizes only with the instructions", () => {
    const root = tree({ cpu: { ...contents.cpu, extensions: new Set(["zicbom", "zicboz"]), svadu: true } });
    const isa = new TextDecoder().decode(property("/cpus/cpu@0", "riscv,isa", root));
    expect(isa).toMatch(/^rv64imafdc_zic64b_zicbom_zicboz_ziccamoa_.*_ssu64xl_svadu_svbare\0$/);
    expect(property("/cpus/cpu@0", "riscv,cbom-block-size", root)).toEqual(cells(64));
    expect(property("/cpus/cpu@0", "riscv,cboz-block-size", root)).toEqual(cells(64));
    expect(property("/cpus/cpu@0", "riscv,cbop-block-size", root)).toBeUndefined();
    expect(property("/cpus/cpu@0", "riscv,cbom-block-size")).toBeUndefined();
  });

  test("are as many as the machine has", () => {
    for (const harts of [1, 8]) {
      const names = at(tree({ harts }), "/cpus").children.map((child) => child.name);
      expect(names).toEqual([...Array.from({ length: harts }, (_, hart) => `cpu@${hart}`), "cpu-map"]);
      expect(at(tree({ harts }), "/cpus/cpu-map/cluster0").children.length).toBe(harts);
      expect(property("/soc/plic@c000000", "interrupts-extended", tree({ harts }))?.length).toBe(harts * 16);
    }
  });
});

test("references lead to the nodes they mean", () => {
  const root = tree();
  const cpu = (hart: number) => at(root, `/cpus/cpu@${hart}`).properties.get("phandle");
  expect(property("/cpus/cpu-map/cluster0/core1", "cpu", root)).toEqual(cpu(1));
  expect(property("/poweroff", "regmap", root)).toEqual(property("/soc/test@100000", "phandle", root));
  expect(property("/soc/serial@10000000", "interrupt-parent", root)).toEqual(
    property("/soc/plic@c000000", "phandle", root),
  );
  const [first, second] = [0, 1].map((hart) => {
    const phandle = property(`/cpus/cpu@${hart}/interrupt-controller`, "phandle", root);
    return new DataView((phandle ?? cells(0)).buffer).getUint32(0);
  });
  if (first === undefined || second === undefined) throw new Error("no interrupt controllers");
  expect(property("/soc/plic@c000000", "interrupts-extended", root)).toEqual(
    cells(first, 11, first, 9, second, 11, second, 9),
  );
  expect(property("/soc/clint@2000000", "interrupts-extended", root)).toEqual(
    cells(first, 3, first, 7, second, 3, second, 7),
  );
});

const installed = (command: string) => spawnSync(command, ["--version"]).status === 0;

test.skipIf(!installed("dtc"))(
  "dtc has nothing to say against it (skipped where dtc is not installed)",
  () => {
    for (const harts of [1, 8]) {
      const input = virtDeviceTree({ ...contents, harts });
      const run = spawnSync("dtc", ["-I", "dtb", "-O", "dts", "-W", "property_name_chars_strict"], { input });
      expect(run.stderr.toString()).toBe("");
      expect(run.status).toBe(0);
    }
  },
);

/** Where ours differs from QEMU's on purpose. */
const ours = new Map<string, string>([
  ["/:model", "names this machine"],
  ["/chosen:rng-seed", "seeded"],
  ["/soc/plic@c000000:riscv,ndev", "sources without the inexistent source 0"],
  ["/cpus/cpu@0:riscv,isa", "our extensions"],
  ["/cpus/cpu@0:riscv,isa-base", "newer binding"],
  ["/cpus/cpu@0:riscv,isa-extensions", "newer binding"],
  ["/cpus/cpu@0/interrupt-controller:#address-cells", "dtc asks for it"],
  ["/cpus/cpu@0:mmu-type", "our processor"],
  ["/aliases:serial0", "newer QEMU has it"],
]);
const references = /phandle|interrupt-parent|interrupts-extended|regmap|:cpu$/;

test.skipIf(!installed("qemu-system-riscv64"))(
  "QEMU's virt says the same (skipped where it is not installed)",
  () => {
    const directory = mkdtempSync(join(tmpdir(), "trapframe-"));
    try {
      const file = join(directory, "virt.dtb");
      const run = spawnSync("qemu-system-riscv64", [
        "-M",
        `virt,dumpdtb=${file}`,
        "-m",
        "256M",
        "-nographic",
      ]);
      expect(run.status).toBe(0);
      const theirs = flatten(decodeDeviceTree(new Uint8Array(readFileSync(file))));
      const { append: _, ...bare } = contents;
      const mine = flatten(decodeDeviceTree(virtDeviceTree({ ...bare, harts: 1, initrd: undefined })));
      for (const [key, value] of mine) {
        if (!ours.has(key) && !references.test(key)) expect([key, theirs.get(key)]).toEqual([key, value]);
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
);

/** Every property by its path, "/soc/serial@10000000:reg". */
function flatten(tree: TreeNode, path = ""): Map<string, Uint8Array> {
  const own = [...tree.properties].map(([name, value]) => [`${path || "/"}:${name}`, value] as const);
  return new Map([...own, ...tree.children.flatMap((child) => [...flatten(child, `${path}/${child.name}`)])]);
}
