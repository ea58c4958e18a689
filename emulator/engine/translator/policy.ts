/**
 * When and what to translate. Executing an instruction once costs the interpreter 3 to 5 ns; translating it was measured
 * to cost 20 to 50 us with the trace and the module, and the host's optimising compiler about as much again on another
 * thread. So it pays from some 50,000 executions on: hence 800,000 slots for a line of code, and 16,384 exits to one place.
 * Before the translator is warm itself, it costs some 30 ms more, in which the interpreter executes 8 million.
 */
export interface Policy {
  /** Slots that are interpreted between two looks at where. */
  readonly interval: number;
  /** Times that one line of code (interpreter/slot.ts) must have been looked at before it is translated. */
  readonly threshold: number;
  /** Looks before anything is translated at all. */
  readonly hesitation: number;
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

/** Every so often, a place that regions are left for is shown to the translator; a power of two below 2^16. */
export const EXITS_SHOWN = 16384;

/** Rounds of a loop in a trace that make it tight, and the operations of its own region. */
export const TIGHT = 50;
export const TIGHT_OPERATIONS = 60;

/** Instructions of a trace after which it is looked at whether it is to go on. */
export const TRACED_AT_ONCE = 200;

/** Spots that are remembered before all are forgotten. */
export const MOST_SPOTS = 100_000;

/**
 * Looks at where execution is after which no line counts as rewritten any more, for pages of RAM are given to one program
 * after another. Doubling their thresholds, a line is not translated more than seven times meanwhile.
 */
export const FORGIVEN_AFTER = 4000;

/** What rewrites itself is translated ahead only so often, until RAM is filled anew. */
export const MOST_TIMES_AHEAD = 8;

/**
 * What pays in the long run. Booting Linux (992 million instructions), this threshold translated 75 % of the slots; a
 * quarter of it translated 85 % and took a seventh more processor time, half and twice of it made no difference.
 */
export const whenHot: Policy = {
  interval: 10_000,
  threshold: 80,
  hesitation: 800,
  traceLength: 2000,
  entries: 2,
  operations: 200,
  destinations: 64,
  ahead: false,
};

/** As `whenHot`, by less: for programs of some thousand instructions that test what it does to others. */
export const whenWarm: Policy = { ...whenHot, interval: 1000, threshold: 8, hesitation: 2 };

/** Everything, and anew where an indirect jump was seen to lead somewhere: to test what is translated. */
export const atOnce: Policy = {
  interval: 300,
  threshold: 2,
  hesitation: 0,
  traceLength: 100,
  entries: 1,
  operations: 100,
  destinations: 8,
  ahead: true,
};
