/**
 * When and what to translate. Executing an instruction once costs the interpreter some 3 ns; translating it costs some
 * 5 us, and once translated it takes a fraction of a nanosecond: it pays from about 2,000 executions on.
 */
export interface Policy {
  /** Slots between two looks at where execution is, at first and at most: they grow while mostly translated code runs. */
  readonly interval: number;
  readonly longestInterval: number;
  /** Times that one line of code (`LINE_BYTES`) must have been looked at before it is translated. */
  readonly threshold: number;
  /** Instructions executed one by one to learn where code leads. */
  readonly traceLength: number;
  /** Times that an entry must have been seen in a trace. */
  readonly entries: number;
  /** Operations of a region, and destinations of one of its indirect jumps. */
  readonly operations: number;
  readonly destinations: number;
  /** Translates code before it is first executed, also what it might lead to. */
  readonly ahead: boolean;
}

/** Code that is looked at together. */
export const LINE_BYTES = 64;

/** What pays in the long run. */
export const whenHot: Policy = {
  interval: 4000,
  longestInterval: 1_000_000,
  threshold: 60,
  traceLength: 2000,
  entries: 2,
  operations: 200,
  destinations: 64,
  ahead: false,
};

/** Everything, and anew where an indirect jump was seen to lead somewhere: to test what is translated. */
export const atOnce: Policy = {
  interval: 300,
  longestInterval: 300,
  threshold: 2,
  traceLength: 100,
  entries: 1,
  operations: 100,
  destinations: 8,
  ahead: true,
};
