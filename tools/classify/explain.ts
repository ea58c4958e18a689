/** Why an operation is sensitive: the executions that show it, in words. */

import { createDecoder } from "../../emulator/isa/decode.ts";
import { disassemble, integerRegisterNames } from "../../emulator/isa/disassemble.ts";
import { instructions } from "../../emulator/isa/table.ts";
import type { BehaviourWitness, ControlWitness, Measurement } from "./measure.ts";
import { CODE } from "./memory.ts";
import { differenceOf } from "./outcome.ts";
import { resources } from "./resources.ts";
import type { State } from "./state.ts";

const decode = createDecoder(instructions);
const [plain] = resources;

/** One sentence for each kind of sensitivity that has been seen. */
export function explain({ tallies, behaviour, control }: Measurement): string[] {
  return [
    ...(behaviour === undefined ? [] : [behaviourSentence(behaviour)]),
    ...(control === undefined ? [] : [controlSentence(control, tallies.U.retired > 0)]),
  ];
}

function behaviourSentence({ word, outcomes: [a, b] }: BehaviourWitness): string {
  const { place, values } = differenceOf(a, b);
  const [first, second] = values.map(hex);
  const where = placeName(place);
  if (a.state.mode !== b.state.mode)
    return `${text(word)}: ${where} is ${first} in ${situation(a.state)}, but ${second} in ${situation(b.state)}`;
  return `${text(word)} in ${situation(a.state)}: ${where} is ${first}, but ${second} with ${b.state.resources.label}`;
}

function controlSentence({ word, state, changes }: ControlWitness, inUser: boolean): string {
  const ignored = inUser && state.mode !== "U" ? "; in U-mode it does not trap" : "";
  return `${text(word)} in ${situation(state)} changes ${changes.map(resourceName).join(", ")}${ignored}`;
}

function situation({ mode, resources }: State): string {
  return resources === plain ? `${mode}-mode` : `${mode}-mode with ${resources.label}`;
}

function text(word: number): string {
  const decoded = decode(word);
  return decoded === undefined ? `0x${word.toString(16)}` : disassemble(decoded, CODE);
}

/** Fields of a hart's state that go by the name of a CSR need no other. */
const resourceName = (field: string) =>
  field === "waiting" ? "who has the processor" : field === "mode" ? "the mode" : field;

/** Integer registers are known by their names in the calling convention, as in the disassembly. */
function placeName(place: string): string {
  return /^x\d+$/.test(place) ? (integerRegisterNames[Number(place.slice(1))] ?? place) : place;
}

const hex = (value: bigint) => `0x${BigInt.asUintN(64, value).toString(16)}`;
