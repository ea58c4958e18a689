/**
 * The shape of a control-flow graph: dominators, loops, and how it nests, so that it can be written with structured
 * blocks and loops. Node 0 is the entry.
 */

/** A graph that nests: every cycle has one node through which it is entered. */
export interface Shape {
  /** The nodes that can be reached, in reverse postorder. */
  readonly order: readonly number[];
  /** Edges that go on. */
  readonly successors: readonly (readonly number[])[];
  /** Where the edges from nodes that can be reached come from. */
  readonly predecessors: readonly (readonly number[])[];
  /** Nodes that an edge from within their own loop leads to. */
  readonly loopHeads: ReadonlySet<number>;
  /** Nodes that several forward edges lead to: code for them follows a block that these leave. */
  readonly merges: ReadonlySet<number>;
  /** The nodes that each node dominates immediately, in reverse postorder. */
  readonly dominated: readonly (readonly number[])[];
  /** Whether an edge leads back to the head of a loop around its origin. */
  isBackEdge(from: number, to: number): boolean;
}

/** Finds the shape of a graph; edges that enter a loop beside its head are cut, which leaves fewer successors. */
export function shapeOf(successors: readonly (readonly number[])[]): Shape {
  for (let remaining = successors; ; ) {
    const order = reversePostorder(remaining);
    const position = new Map(order.map((node, i) => [node, i]));
    const predecessors = predecessorsOf(remaining, order);
    const dominator = immediateDominators(predecessors, order, position);
    const retreats = (from: number, to: number) => (position.get(to) ?? 0) <= (position.get(from) ?? 0);
    const dominates = (a: number, b: number): boolean => {
      for (let node = b; ; ) {
        if (node === a) return true;
        const above = dominator[node];
        if (above === undefined || above === node) return false;
        node = above;
      }
    };
    const enters = (from: number, to: number) => retreats(from, to) && !dominates(to, from);
    if (order.some((from) => remaining[from]?.some((to) => enters(from, to)))) {
      remaining = remaining.map((all, from) =>
        position.has(from) ? all.filter((to) => !enters(from, to)) : [],
      );
      continue;
    }
    return nest(remaining, predecessors, order, dominator, retreats);
  }
}

/** Nodes, and all from which they are reached without passing `stop`, which is not among them. */
export function leadingTo(nodes: readonly number[], stop: number, { predecessors }: Shape): Set<number> {
  const found = new Set<number>();
  const waiting = [...nodes];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node === stop || found.has(node)) continue;
    found.add(node);
    waiting.push(...(predecessors[node] ?? []));
  }
  return found;
}

function nest(
  successors: readonly (readonly number[])[],
  predecessors: readonly (readonly number[])[],
  order: readonly number[],
  dominator: readonly (number | undefined)[],
  isBackEdge: (from: number, to: number) => boolean,
): Shape {
  const loopHeads = new Set<number>();
  const forwardEdges = new Map<number, number>();
  for (const from of order) {
    for (const to of new Set(successors[from])) {
      if (isBackEdge(from, to)) loopHeads.add(to);
      else forwardEdges.set(to, (forwardEdges.get(to) ?? 0) + 1);
    }
  }
  const dominated: number[][] = successors.map(() => []);
  for (const node of order) {
    const above = dominator[node];
    if (above !== undefined && above !== node) dominated[above]?.push(node);
  }
  const merges = new Set([...forwardEdges].filter(([, edges]) => edges > 1).map(([node]) => node));
  return { order, successors, predecessors, loopHeads, merges, dominated, isBackEdge };
}

function reversePostorder(successors: readonly (readonly number[])[]): number[] {
  const order: number[] = [];
  const seen = new Set([0]);
  const stack = [{ node: 0, next: 0 }];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const to = successors[top.node]?.[top.next++];
    if (to === undefined) {
      order.push(top.node);
      stack.pop();
    } else if (!seen.has(to)) {
      seen.add(to);
      stack.push({ node: to, next: 0 });
    }
  }
  return order.reverse();
}

function predecessorsOf(successors: readonly (readonly number[])[], order: readonly number[]): number[][] {
  const predecessors: number[][] = successors.map(() => []);
  for (const from of order) for (const to of successors[from] ?? []) predecessors[to]?.push(from);
  return predecessors;
}

/** By the iterative method of Cooper, Harvey and Kennedy, "A simple, fast dominance algorithm" (2001). */
function immediateDominators(
  predecessors: readonly (readonly number[])[],
  order: readonly number[],
  position: ReadonlyMap<number, number>,
): (number | undefined)[] {
  const dominator: (number | undefined)[] = predecessors.map(() => undefined);
  dominator[0] = 0;
  const at = (node: number) => position.get(node) ?? 0;
  const meet = (a: number, b: number): number => {
    let [left, right] = [a, b];
    while (left !== right) {
      if (at(left) > at(right)) left = dominator[left] ?? 0;
      else right = dominator[right] ?? 0;
    }
    return left;
  };
  for (let changed = true; changed; ) {
    changed = false;
    for (const node of order.slice(1)) {
      const known = (predecessors[node] ?? []).filter((p) => dominator[p] !== undefined);
      const first = known[0];
      if (first === undefined) continue;
      const nearest = known.reduce(meet, first);
      if (dominator[node] === nearest) continue;
      dominator[node] = nearest;
      changed = true;
    }
  }
  return dominator;
}
