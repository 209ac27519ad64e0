import { placeholders, type Placeholder } from "./placeholders.ts";
import { printable } from "./printable.ts";
import type { DecisionView } from "./view.ts";

/** `{image}`, `{uncounted:scan}`. */
const pattern = /\{([A-Za-z]+)(?::([a-z]+))?\}/g;

/** What may be typed into a shell as it stands, and is no option. */
const plainWord = /^[A-Za-z0-9_][A-Za-z0-9_@:/.+-]*$/;

/** `@missing` with its values. What a value holds is never taken for a placeholder; an unknown placeholder stays as it is. */
export function fillSentence(text: string, view: DecisionView): string {
  return printable(text, 2000).replaceAll(pattern, (written, name: string, argument: string | undefined) => {
    const key = keyOf(name, argument);
    return key === undefined ? written : placeholders[key].fill(view, argument ?? "");
  });
}

/**
 * `@supply` with its values. Attack: a person copies this line into a shell, and an environment is named `x; curl …`. So a value that is more than a plain word is not put in:
 * the placeholder's name in capitals stands for it, as in a usage line.
 */
export function fillCommand(text: string, view: DecisionView): string {
  return printable(text, 2000).replaceAll(pattern, (written, name: string, argument: string | undefined) => {
    const key = keyOf(name, argument);
    if (key === undefined) return written;
    const value = placeholders[key].fill(view, argument ?? "");
    return plainWord.test(value) ? value : name.toUpperCase();
  });
}

/** Placeholders of a text that do not exist, as they are written. */
export function findUnknownPlaceholders(text: string): readonly string[] {
  return [...text.matchAll(pattern)].flatMap(([written, name = "", argument]) =>
    keyOf(name, argument) === undefined ? [written] : [],
  );
}

function keyOf(name: string, argument: string | undefined): Placeholder | undefined {
  const key = argument === undefined ? name : `${name}:KIND`;
  return isPlaceholder(key) ? key : undefined;
}

function isPlaceholder(key: string): key is Placeholder {
  return Object.hasOwn(placeholders, key);
}
