/** What is measured, in the order of the tables, and what others have published. */

export interface Row {
  /** What the guest calls it. */
  readonly name: string;
  readonly label: string;
  /** What is published, in the words of the column. */
  readonly published?: string;
}

export interface Table {
  readonly title: string;
  /** What the column of published figures holds; undefined where there are none. */
  readonly published?: string;
  readonly rows: readonly Row[];
}

const words = [0, 4, 8, 16, 32, 64, 120];

function calls(where: "between" | "inside", path: "fast" | "slow", published: string): Row[] {
  const partner = where === "between" ? "between processes" : "inside a process";
  const how = path === "fast" ? "" : ", slow path";
  return words.map((count) => ({
    name: `call ${where} ${path} ${count}`,
    label: `${partner}, ${count} words${how}`,
    ...(count === 0 && { published }),
  }));
}

export const tables: readonly Table[] = [
  {
    title: "Processes and threads",
    published: "NT / Linux",
    rows: [
      { name: "spawn process", label: "spawn a process", published: "12.0 / 6.0 ms" },
      { name: "clone process", label: "clone the current process", published: "- / 1.0 ms" },
      { name: "spawn thread", label: "spawn a thread", published: "0.9 / 0.3 ms" },
      { name: "spawn bare thread", label: "spawn a thread whose stack is there" },
      { name: "fork", label: "Linux program: fork, exit, wait" },
      { name: "posix_spawn", label: "Linux program: posix_spawn of true, wait" },
      { name: "pthread", label: "Linux program: pthread_create, pthread_join" },
      { name: "switch process", label: "switch process, 20 runnable", published: "10 / 19 us" },
      { name: "switch thread", label: "switch thread, 20 runnable", published: "6 / 19 us" },
      { name: "switch user-level thread", label: "switch user-level thread, 20 runnable" },
    ],
  },
  {
    title: "Call and reply",
    published: "seL4, cycles",
    rows: [
      ...calls("between", "fast", "684 + 717"),
      ...calls("between", "slow", ""),
      ...calls("inside", "fast", "343 + 380"),
      ...calls("inside", "slow", ""),
    ],
  },
  {
    title: "Other communication, 4 words a message",
    rows: [
      { name: "port self", label: "port: send and receive oneself" },
      { name: "port", label: "port of 16: a message to another process" },
      { name: "mailbox", label: "mailbox: a message to another process" },
      { name: "notification self", label: "notification: signal and wait oneself" },
      { name: "notification", label: "notification: signal another process" },
      { name: "shared memory", label: "shared bounded buffer of 16: an item" },
    ],
  },
  {
    title: "Entering the kernel",
    rows: [
      { name: "null call", label: "null kernel call" },
      { name: "null Linux call", label: "null Linux call (getpid), by the POSIX server" },
      { name: "zero-fill fault", label: "page fault, filled with zeroes" },
      { name: "pager fault", label: "page fault through a pager's process" },
      { name: "interrupt", label: "device raises interrupt to driver runs" },
    ],
  },
];
