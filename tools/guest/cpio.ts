/**
 * Writes archives in the "new ASCII" cpio format (magic 070701, "newc"): what Linux unpacks as an initramfs and what our
 * microkernel starts its programs from. The format is described in Linux's
 * Documentation/driver-api/early-userspace/buffer-format.rst.
 */

interface EntryBase {
  /** Where the entry unpacks to: relative, with `/` between components. */
  path: string;
  /** Permission bits; default 0o755 for directories and files, 0o777 for symbolic links, 0o600 for devices. */
  mode?: number;
}

export type CpioEntry =
  | (EntryBase & { type: "file"; data: Uint8Array })
  | (EntryBase & { type: "directory" })
  | (EntryBase & { type: "symlink"; target: string })
  | (EntryBase & { type: "character-device" | "block-device"; major: number; minor: number });

const MAGIC = "070701";
const HEADER_BYTES = 110;
const TRAILER = "TRAILER!!!";

/** File type bits of `mode` (S_IFMT) and the permission bits an entry has by default. */
const TYPES = {
  file: { bits: 0o100000, permissions: 0o755 },
  directory: { bits: 0o040000, permissions: 0o755 },
  symlink: { bits: 0o120000, permissions: 0o777 },
  "character-device": { bits: 0o020000, permissions: 0o600 },
  "block-device": { bits: 0o060000, permissions: 0o600 },
} as const;

const encoder = new TextEncoder();

function content(entry: CpioEntry): Uint8Array {
  if (entry.type === "file") return entry.data;
  if (entry.type === "symlink") return encoder.encode(entry.target);
  return new Uint8Array();
}

function deviceNumber(entry: CpioEntry): [major: number, minor: number] {
  return "major" in entry ? [entry.major, entry.minor] : [0, 0];
}

function align4(bytes: number): number {
  return (bytes + 3) & ~3;
}

/** One member: header, NUL-terminated name padded to 4 bytes, data padded to 4 bytes. */
function member(
  inode: number,
  name: string,
  mode: number,
  links: number,
  rdev: number[],
  data: Uint8Array,
): Uint8Array {
  const nameBytes = encoder.encode(`${name}\0`);
  const dataStart = align4(HEADER_BYTES + nameBytes.length);
  const bytes = new Uint8Array(dataStart + align4(data.length));
  // inode, mode, uid, gid, links, mtime, file size, device (2), rdev (2), name size, checksum. Owner and time are zero,
  // so that the same entries always give the same archive.
  const fields = [inode, mode, 0, 0, links, 0, data.length, 0, 0, ...rdev, nameBytes.length, 0];
  const header = MAGIC + fields.map((field) => field.toString(16).padStart(8, "0")).join("");
  bytes.set(encoder.encode(header));
  bytes.set(nameBytes, HEADER_BYTES);
  bytes.set(data, dataStart);
  return bytes;
}

function checkPath(path: string): void {
  if (path === "" || path.split("/").some((part) => part === "" || part === "." || part === "..")) {
    throw new Error(`cpio: "${path}" is not a plain relative path`);
  }
}

/** The entries, each preceded by the directories it lies in that were not given. */
function withParents(entries: readonly CpioEntry[]): CpioEntry[] {
  const given = new Set<string>();
  const result: CpioEntry[] = [];
  const add = (entry: CpioEntry): void => {
    given.add(entry.path);
    result.push(entry);
  };
  for (const entry of entries) {
    checkPath(entry.path);
    const parts = entry.path.split("/");
    for (let depth = 1; depth < parts.length; depth++) {
      const path = parts.slice(0, depth).join("/");
      if (!given.has(path)) add({ type: "directory", path });
    }
    if (given.has(entry.path)) throw new Error(`cpio: "${entry.path}" is in the archive twice`);
    add(entry);
  }
  return result;
}

/**
 * The archive that holds `entries` in their order. Parent directories that are not among the entries are added before
 * the first thing inside them. Throws on a path that is absolute, empty, has `.` or `..` in it, or appears twice.
 */
export function writeCpio(entries: readonly CpioEntry[]): Uint8Array {
  const members = withParents(entries).map((entry, index) => {
    const { bits, permissions } = TYPES[entry.type];
    const mode = bits | (entry.mode ?? permissions);
    const links = entry.type === "directory" ? 2 : 1;
    return member(index + 1, entry.path, mode, links, deviceNumber(entry), content(entry));
  });
  members.push(member(0, TRAILER, 0, 1, [0, 0], new Uint8Array()));

  const archive = new Uint8Array(members.reduce((total, { length }) => total + length, 0));
  let offset = 0;
  for (const bytes of members) {
    archive.set(bytes, offset);
    offset += bytes.length;
  }
  return archive;
}
