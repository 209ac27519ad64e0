import * as z from "zod";
import { durationPattern, plainPattern, sizePattern } from "./scalars.ts";

/** A text that follows `pattern`; `expected` reads after "expected". */
export function text(expected: string, pattern: RegExp = plainPattern) {
  return z.string({ error: expected }).regex(pattern, { error: expected });
}

/** A whole number from `min` to `max`. */
export function whole(expected: string, { min, max }: { min: number; max: number }) {
  return z.int({ error: expected }).min(min, { error: expected }).max(max, { error: expected });
}

export function flag() {
  return z.boolean({ error: "true or false" });
}

export function word<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, { error: `${words.slice(0, -1).join(", ")} or ${words.at(-1)}` });
}

export function list<Item extends z.ZodType>(expected: string, item: Item) {
  return z.array(item, { error: expected });
}

/** A mapping with these keys and no others. */
export function mapping<Shape extends z.ZodRawShape>(expected: string, shape: Shape) {
  return z.strictObject(shape, { error: expected });
}

/** A mapping whose keys a person chooses. */
export function named<Value extends z.ZodType>(expected: string, key: z.ZodString, value: Value) {
  return z.record(key, value, { error: expected });
}

const sizeText = "a size such as 512K, 16M or 1G";
export const size = z.union([text(sizeText, sizePattern), z.int({ error: sizeText }).min(1, { error: sizeText })], {
  error: sizeText,
});

export const duration = text("a duration such as 500ms, 1s or 5m", durationPattern);

export const port = whole("a port from 1 to 65535", { min: 1, max: 65_535 });

/** The arguments of a program, the program first. */
export const argumentList = list(
  "a list of a program and its arguments, such as [nginx, -t]",
  text("a text of at least one character"),
).min(1, {
  error: "a program and its arguments",
});
