/** Small programs that follow the public suites' conventions, for tests of the runner. */
import { buildGuest } from "../../guest/build.ts";

/** Builds `checks.S` or `signature.S` with some of what it can do wrong; answers the path of the ELF. */
export function buildProgram(source: "checks" | "signature", ...defined: readonly string[]): Promise<string> {
  const folder = "tools/conformance/testing";
  return buildGuest({
    name: ["conformance/rv64xx-p", source, ...defined.map((name) => name.toLowerCase())].join("-"),
    sources: [`${folder}/${source}.S`],
    linkerScript: `${folder}/link.ld`,
    flags: defined.map((name) => `-D${name}`),
  });
}
