/** `trapframe disasm`: a program's code as text. */
import { once } from "node:events";
import type { InferredOptionTypes } from "yargs";
import { defaultCpu } from "../../emulator/board/cpu.ts";
import { type ElfProgram, parseElf } from "../../emulator/board/elf.ts";
import type { ProgramSymbol, SymbolTable } from "../../emulator/board/symbols.ts";
import { nameAddress, parseAddress, symbolsOf } from "../code/address.ts";
import { disassembleRange } from "../code/listing.ts";
import { translateAt } from "../code/translation.ts";
import { listTranslation } from "../code/translation-listing.ts";
import { hex64 } from "../host/describe-trap.ts";
import { readInput } from "../host/read-input.ts";
import type { Command } from "./command.ts";
import { usage } from "./quantity.ts";

const disasmOptions = {
  from: { type: "string", requiresArg: true, description: "first address: a symbol, or hexadecimal" },
  to: { type: "string", requiresArg: true, description: "address after the last" },
  symbol: { type: "string", requiresArg: true, description: "only this function", conflicts: ["from", "to"] },
  translated: {
    type: "boolean",
    description: "what the translator makes of the code at ADDRESS",
    conflicts: ["from", "to", "symbol"],
  },
  flat: {
    type: "boolean",
    implies: "translated",
    description:
      "as where addresses are physical and nothing in RAM is protected: programs on the bare machine",
  },
} as const;

type DisasmArguments = InferredOptionTypes<typeof disasmOptions> & {
  elf: string;
  address?: string | undefined;
};

/** Text gathered before it is written. */
const chunkCharacters = 1 << 16;

export const command: Command<DisasmArguments> = {
  builder: (yargs) =>
    yargs
      .positional("elf", { type: "string", demandOption: true, description: "an ELF file" })
      .positional("address", { type: "string", description: "with --translated: a symbol, or hexadecimal" })
      .options(disasmOptions)
      .example([
        ["$0 disasm kernel.elf", "all its code"],
        ["$0 disasm kernel.elf --symbol trap_entry", "one function"],
        ["$0 disasm --translated kernel.elf memcpy", "a region as it is translated: guest code, WebAssembly"],
        ["$0 disasm kernel.elf --from 80200000 --to 80200040", "a range of addresses"],
      ]),
  handler: disasm,
};

async function disasm(given: DisasmArguments): Promise<void> {
  const program = parseElf(await readInput("program", given.elf), `"${given.elf}"`);
  const { address } = given;
  if ((given.translated === true) !== (address !== undefined)) {
    throw usage("--translated and an address go together: --translated ELF ADDRESS");
  }
  const text = address === undefined ? listing(given, program) : translation(given, program, address);
  process.stdout.write(`${given.elf}: 64-bit RISC-V, entry point 0x${program.entry.toString(16)}\n`);
  let chunk = "";
  for (const line of text) {
    chunk += `${line}\n`;
    if (chunk.length < chunkCharacters) continue;
    if (!process.stdout.write(chunk)) await once(process.stdout, "drain");
    chunk = "";
  }
  process.stdout.write(chunk);
}

function* listing(given: DisasmArguments, program: ElfProgram): Generator<string> {
  const symbols = symbolsOf(program);
  const [from, to] = chooseRange(given, program);
  for (const segment of program.segments) {
    if (segment.executable) yield* disassembleRange(segment, from, to, symbols);
  }
}

/** The region that begins at an address, as a machine of the default processor would have it. */
function translation({ flat }: DisasmArguments, program: ElfProgram, text: string): readonly string[] {
  const symbols = symbolsOf(program);
  const address = parseAddress(symbols, text);
  if (address === undefined) throw usage(`"${text}" is no symbol and no hexadecimal address`);
  const translated = translateAt(program, address, defaultCpu, { flat: flat === true });
  if (translated === undefined) {
    throw usage(`at "${text}" the program has no code that a translation could begin with`);
  }
  return [`\n${hex64(address)} <${nameAddress(symbols, address)}>:`, ...listTranslation(translated)];
}

function chooseRange(given: DisasmArguments, program: ElfProgram): [from: bigint, to: bigint] {
  const symbols = symbolsOf(program);
  if (given.symbol !== undefined) {
    const symbol = symbols.named(given.symbol);
    if (symbol === undefined) throw usage(`--symbol: the program has no symbol "${given.symbol}"`);
    return [
      symbol.address,
      symbol.bytes > 0n ? symbol.address + symbol.bytes : nextFunction(symbol, symbols),
    ];
  }
  const read = (option: string, text: string | undefined, otherwise: bigint) => {
    const address = text === undefined ? otherwise : parseAddress(symbols, text);
    if (address === undefined) throw usage(`--${option}: "${text}" is no symbol and no hexadecimal address`);
    return address;
  };
  return [read("from", given.from, 0n), read("to", given.to, 1n << 64n)];
}

/** Where the code of a symbol without a size ends. */
function nextFunction(symbol: ProgramSymbol, symbols: SymbolTable): bigint {
  let next = symbol.sectionEnd ?? symbol.address;
  for (const { address, kind } of symbols.all) {
    if (kind === "function" && address > symbol.address && address < next) next = address;
  }
  return next;
}
