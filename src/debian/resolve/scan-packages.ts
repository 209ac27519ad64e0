/** Where stanzas stand, by a name: one place, or several. Most names have one, and an array for each would cost more than all else. */
export type Places = Map<string, number | number[]>;

/** One `Packages` file; `base` is its offset in all files laid end to end. */
export type IndexText = { readonly text: string; readonly base: number };

export function placesOf(places: Places, name: string): readonly number[] {
  const found = places.get(name);
  if (found === undefined) return [];
  return typeof found === "number" ? [found] : found;
}

/** Notes every stanza by its `Package` field. */
export function scanNames({ text, base }: IndexText, byName: Places): void {
  const label = "\nPackage: ";
  // The first stanza has no newline before it; -1 is where its label would start.
  let at = text.startsWith(label.slice(1)) ? -1 : text.indexOf(label);
  for (let isMore = at >= 0 || text.startsWith(label.slice(1)); isMore; isMore = at >= 0) {
    const start = at + label.length;
    addPlace(byName, text.slice(start, endOfLine(text, start)), base + startOfStanza(text, at));
    at = text.indexOf(label, start);
  }
}

/** Notes every stanza by each name that it provides; versions are read when the stanza is. */
export function scanProvides({ text, base }: IndexText, byProvided: Places): void {
  const label = "\nProvides: ";
  for (let at = text.indexOf(label); at >= 0; at = text.indexOf(label, at + label.length)) {
    const stanza = base + startOfStanza(text, at);
    const end = endOfField(text, at + label.length);
    for (let from = at + label.length; from < end;) {
      const start = startOfName(text, from, end);
      const stop = endOfName(text, start, end);
      if (stop > start) addPlace(byProvided, text.slice(start, stop), stanza);
      const comma = text.indexOf(",", stop);
      from = comma < 0 ? end : comma + 1;
    }
  }
}

/** The stanzas that have this line, newlines included. */
export function* stanzasWithLine(text: string, line: string): Iterable<number> {
  for (let at = text.indexOf(line); at >= 0; at = text.indexOf(line, at + line.length)) yield startOfStanza(text, at);
}

/** `at` is the newline before a field of the stanza, or -1. */
function startOfStanza(text: string, at: number): number {
  if (at < 0) return 0;
  const blank = text.charCodeAt(at - 1) === newline ? at - 1 : text.lastIndexOf("\n\n", at - 1);
  return blank < 0 ? 0 : blank + 2;
}

const tab = 9;
const newline = 10;
const space = 32;
const bracket = 40;
const comma = 44;

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}

/** Continuation lines begin with a blank. */
function endOfField(text: string, from: number): number {
  let end = endOfLine(text, from);
  while (text.charCodeAt(end + 1) === space || text.charCodeAt(end + 1) === tab) end = endOfLine(text, end + 1);
  return end;
}

function startOfName(text: string, from: number, end: number): number {
  let at = from;
  while (at < end && isBlank(text.charCodeAt(at))) at += 1;
  return at;
}

function endOfName(text: string, from: number, end: number): number {
  let at = from;
  while (at < end && !endsName(text.charCodeAt(at))) at += 1;
  return at;
}

function isBlank(code: number): boolean {
  return code === space || code === newline || code === tab;
}

function endsName(code: number): boolean {
  return code === comma || code === bracket || isBlank(code);
}

/** A stanza that names something twice is noted once. */
function addPlace(places: Places, name: string, place: number): void {
  const known = places.get(name);
  if (known === undefined) places.set(name, place);
  else if (typeof known === "number") {
    if (known !== place) places.set(name, [known, place]);
  } else if (known.at(-1) !== place) known.push(place);
}
