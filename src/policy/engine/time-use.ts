import type { PolicyJson } from "@cedar-policy/cedar-wasm/nodejs";

/** Facts of the context that change by time alone. */
export const timePaths = {
  "context.now": "now",
  "context.image.scan.age": "scan",
  "context.image.tests.age": "tests",
  "context.image.scan.oldestFixableCritical": "critical",
  "context.image.scan.oldestFixableHigh": "high",
} as const;
export type TimeFact = (typeof timePaths)[keyof typeof timePaths];

/** With what the rules of a set compare time: needed to say until when a decision holds. */
export type TimeUse = {
  /** Seconds that a fact is compared with. */
  readonly limits: ReadonlyMap<TimeFact, readonly number[]>;
  /** Whether a rule asks for the hour or the day. */
  readonly hasHours: boolean;
  /** Whether a rule reckons with time in a way that gives no limits: then a decision holds for a minute. */
  readonly isOpen: boolean;
};

type Node = { readonly [key: string]: unknown };

const comparisons = new Set(["<", "<=", ">", ">=", "==", "!="]);
const hours = new Set(["context.hour", "context.weekday"]);
/** Records that have such facts in them: who compares one of them whole compares the facts. */
const records = new Set(["context", "context.image", "context.image.scan", "context.image.tests"]);
const timeNames = new Set([...Object.keys(timePaths), ...hours].map((path) => path.slice(path.lastIndexOf(".") + 1)));

/** Reads it from the rules' conditions. It may name limits that matter to no decision, never the reverse. */
export function findTimeUse(policies: readonly PolicyJson[]): TimeUse {
  const search = new TimeSearch();
  for (const { conditions } of policies) {
    for (const { body } of conditions) search.visit(body);
  }
  return search.found();
}

class TimeSearch {
  readonly #limits = new Map<TimeFact, number[]>();
  #hasHours = false;
  #isOpen = false;

  visit(value: unknown): void {
    if (Array.isArray(value)) return value.forEach((one) => this.visit(one));
    if (!isNode(value)) return;
    const path = pathOf(value);
    if (path !== undefined) return this.#note(path);
    for (const [operator, operands] of Object.entries(value)) this.#visitOperator(operator, operands);
  }

  found(): TimeUse {
    return { limits: this.#limits, hasHours: this.#hasHours, isOpen: this.#isOpen };
  }

  #visitOperator(operator: string, operands: unknown): void {
    if (isNode(operands) && comparisons.has(operator) && this.#takeLimit(operands)) return;
    // Whether a record has an attribute does not change by time.
    if (operator === "has" && isNode(operands) && pathOf(operands.left) !== undefined) return;
    // The attribute of something that is no plain path, such as of an if-then-else.
    if (operator === "." && isNode(operands) && timeNames.has(String(operands.attr))) this.#isOpen = true;
    if (operator === "Value") return;
    if (isNode(operands)) return Object.values(operands).forEach((one) => this.visit(one));
    this.visit(operands);
  }

  #takeLimit({ left, right }: Node): boolean {
    const found = limitOf(left, right) ?? limitOf(right, left);
    if (found === undefined) return false;
    this.#limits.set(found.fact, [...(this.#limits.get(found.fact) ?? []), found.limit]);
    return true;
  }

  #note(path: string): void {
    if (hours.has(path)) this.#hasHours = true;
    else if (records.has(path) || Object.hasOwn(timePaths, path)) this.#isOpen = true;
  }
}

function limitOf(fact: unknown, limit: unknown): { readonly fact: TimeFact; readonly limit: number } | undefined {
  const path = pathOf(fact);
  const seconds = constantOf(limit);
  if (path === undefined || seconds === undefined || !isTimePath(path)) return undefined;
  return { fact: timePaths[path], limit: seconds };
}

function isTimePath(path: string): path is keyof typeof timePaths {
  return Object.hasOwn(timePaths, path);
}

/** `context.image.scan`, for a variable and the attributes taken from it. */
function pathOf(value: unknown): string | undefined {
  if (!isNode(value)) return undefined;
  if (typeof value.Var === "string") return value.Var;
  const access = value["."];
  if (!isNode(access) || typeof access.attr !== "string") return undefined;
  const left = pathOf(access.left);
  return left === undefined ? undefined : `${left}.${access.attr}`;
}

/** The number that whole numbers, `-`, `+` and `*` come to: `7 * 86400`. */
function constantOf(value: unknown): number | undefined {
  if (!isNode(value)) return undefined;
  if (typeof value.Value === "number") return value.Value;
  if (isNode(value.neg)) return reckon([value.neg.arg], ([number = 0]) => -number);
  for (const [operator, work] of arithmetic) {
    const operands = value[operator];
    if (isNode(operands)) return reckon([operands.left, operands.right], work);
  }
  return undefined;
}

const arithmetic: readonly (readonly [string, (numbers: readonly number[]) => number])[] = [
  ["+", ([left = 0, right = 0]) => left + right],
  ["-", ([left = 0, right = 0]) => left - right],
  ["*", ([left = 0, right = 0]) => left * right],
];

function reckon(operands: readonly unknown[], work: (numbers: readonly number[]) => number): number | undefined {
  const numbers = operands.map(constantOf);
  return numbers.every((one) => one !== undefined) ? work(numbers) : undefined;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
