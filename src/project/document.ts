import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Node,
  type Pair,
  type Scalar,
} from "yaml";
import type { Mistake, Path, Place } from "./finding.ts";

/** A YAML text as plain data, with the place of every key and value. */
export type DefinitionDocument = {
  readonly data: unknown;
  /** Mistakes of the YAML itself. When `isBroken`, the data is not worth checking. */
  readonly mistakes: readonly Mistake[];
  readonly isBroken: boolean;
  /** The place of the key or value at `path`, or of the nearest thing around it that exists. */
  readonly placeOf: (path: Path, on: "key" | "value") => Place;
  /** The value at `path` as a person wrote it, in short. */
  readonly describe: (path: Path) => string;
};

type Entry = { readonly key: Place; readonly value: Place; readonly shown: string };
type Walk = {
  readonly entries: Map<string, Entry>;
  readonly mistakes: Mistake[];
  readonly placeAt: (node: unknown, fallback: Place) => Place;
  /** By name, as far as the text has been read: looking one up in the document would read all of it for every alias. */
  readonly anchors: Map<string, Node>;
  /** Aliases that are being followed: an alias inside its own anchor would never end. */
  readonly following: Set<unknown>;
  budget: number;
};

/** A few lines of nested aliases can stand for billions of values ("billion laughs"); no real definition has this many. */
const mostValues = 50_000;
/** Aliases of aliases nest without end in the text; each level is a call on the stack. The schema itself has seven levels. */
const mostLevels = 64;

/** Parses YAML 1.2. Never throws for any text. Aliases are followed; merge keys, tags and keys that are no text are mistakes. */
export function readDocument(text: string): DefinitionDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
    stringKeys: false,
    logLevel: "error",
  });
  const placeAtOffset = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const broken = [...document.errors, ...document.warnings].map((problem) => ({
    ...placeAtOffset(problem.pos[0]),
    text: `expected valid YAML, got a mistake: ${problem.message.split("\n")[0] ?? problem.code}`,
  }));
  const entries = new Map<string, Entry>();
  const walk: Walk = {
    entries,
    mistakes: [],
    placeAt: (node, fallback) => (hasRange(node) ? placeAtOffset(node.range[0]) : fallback),
    anchors: new Map(),
    following: new Set(),
    budget: mostValues,
  };
  const start = { line: 1, column: 1 };
  const data =
    broken.length > 0 ? undefined : convert(walk, document.contents, { path: [], key: start, fallback: start });
  return {
    data,
    mistakes: broken.length > 0 ? broken : walk.mistakes,
    isBroken: broken.length > 0,
    placeOf: (path, on) => findEntry(entries, path)?.[on] ?? start,
    describe: (path) => entries.get(JSON.stringify(path))?.shown ?? "nothing",
  };
}

function hasRange(node: unknown): node is { range: [number, number, number] } {
  return typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range);
}

function findEntry(entries: ReadonlyMap<string, Entry>, path: Path): Entry | undefined {
  for (let length = path.length; length >= 0; length--) {
    const entry = entries.get(JSON.stringify(path.slice(0, length)));
    if (entry !== undefined) return entry;
  }
  return undefined;
}

type Position = { readonly path: Path; readonly key: Place; readonly fallback: Place };

function convert(walk: Walk, node: unknown, at: Position): unknown {
  const value = walk.placeAt(node, at.fallback);
  walk.entries.set(JSON.stringify(at.path), { key: at.key, value, shown: show(node) });
  walk.budget -= 1;
  if (walk.budget < 0) return exhausted(walk, value);
  if (at.path.length > mostLevels) {
    walk.mistakes.push({ ...value, text: `expected at most ${mostLevels} levels, got more` });
    return undefined;
  }
  if (walk.following.size === 0 && isNode(node) && !isAlias(node) && node.anchor !== undefined) {
    walk.anchors.set(node.anchor, node);
  }
  if (isAlias(node)) return followAlias(walk, walk.anchors.get(node.source), { ...at, fallback: value });
  if (isMap(node)) return convertMap(walk, node.items, { ...at, fallback: value });
  if (isSeq(node))
    return node.items.map((item, index) =>
      convert(walk, item, { path: [...at.path, index], key: walk.placeAt(item, value), fallback: value }),
    );
  return isScalar(node) ? node.value : null;
}

function exhausted(walk: Walk, place: Place): undefined {
  if (walk.budget === -1)
    walk.mistakes.push({ ...place, text: `expected at most ${mostValues} values, got more through aliases` });
  return undefined;
}

function followAlias(walk: Walk, target: Node | undefined, at: Position): unknown {
  if (target === undefined || walk.following.has(target)) {
    walk.mistakes.push({
      ...at.fallback,
      text: "expected an alias of something that ends before it, got an alias of itself",
    });
    return undefined;
  }
  walk.following.add(target);
  const data = convert(walk, target, at);
  walk.following.delete(target);
  return data;
}

function convertMap(walk: Walk, pairs: readonly Pair[], at: Position): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  const seen = new Map<string, Place>();
  for (const { key: keyNode, value } of pairs) {
    const place = walk.placeAt(keyNode, at.fallback);
    const key = isPlainScalar(keyNode) ? String(keyNode.value ?? "") : undefined;
    const wrong = key === undefined ? `expected a text as key, got ${show(keyNode)}` : refuseKey(key, seen.get(key));
    if (wrong !== undefined) walk.mistakes.push({ ...place, text: wrong });
    if (key === undefined || wrong !== undefined) continue;
    seen.set(key, place);
    result[key] = convert(walk, value, { path: [...at.path, key], key: place, fallback: place });
  }
  return result;
}

/** The core schema of YAML 1.2 makes no other values than these. */
function isPlainScalar(node: unknown): node is Scalar<string | number | bigint | boolean | null> {
  return isScalar(node);
}

function refuseKey(key: string, first: Place | undefined): string | undefined {
  if (key === "<<")
    return 'expected plain keys, got the merge key "<<"; write the keys out, or use an alias for the whole value';
  // Assigning it would change the object's prototype instead of adding a key.
  if (key === "__proto__") return 'expected a key, got "__proto__"';
  return first === undefined
    ? undefined
    : `expected each key once, got ${JSON.stringify(key)} again (first at line ${first.line})`;
}

const longestShown = 60;

function show(node: unknown): string {
  if (isAlias(node)) return `*${node.source}`;
  if (isMap(node)) return "a mapping";
  if (isSeq(node)) return "a list";
  if (!isPlainScalar(node) || node.value === null) return "nothing";
  if (typeof node.value !== "string") return node.source ?? String(node.value);
  const short = node.value.length > longestShown ? `${node.value.slice(0, longestShown)}…` : node.value;
  return JSON.stringify(short);
}
