import { posix } from "node:path";
import type { ExpectedEntry } from "../guard.ts";
import type { InstanceId } from "../../runtime/runtime.ts";

/** Entries from the host that somebody announced. */
export type Expectations = {
  readonly add: (entry: ExpectedEntry) => void;
  /** Whether any entry into an instance is still awaited. */
  readonly isOpen: (instance: InstanceId) => boolean;
  /** Whether this is one that was announced; each counts once. `command`: empty where the process was gone before it could be read. */
  readonly take: (
    instance: InstanceId,
    came: { readonly filename: string; readonly command: readonly string[] },
  ) => boolean;
};

export function openExpectations(now: () => number): Expectations {
  let awaited: readonly { readonly entry: ExpectedEntry; readonly until: number }[] = [];
  const drop = (): void => {
    awaited = awaited.filter(({ until }) => until > now());
  };
  return {
    add: (entry) => {
      drop();
      awaited = [...awaited, { entry, until: now() + entry.milliseconds }];
    },
    isOpen: (instance) => {
      drop();
      return awaited.some(({ entry }) => entry.instance === instance);
    },
    take: (instance, came) => {
      drop();
      const found = awaited.find(({ entry }) => entry.instance === instance && isOf(entry.command, came));
      awaited = awaited.filter((one) => one !== found);
      return found !== undefined;
    },
  };
}

/** Of a process that was gone at once only the name of its program is known. */
function isOf(expected: readonly string[], came: { filename: string; command: readonly string[] }): boolean {
  if (came.command.length > 0) {
    // A script's interpreter comes before what was called.
    const start = came.command.length - expected.length;
    return (
      start >= 0 &&
      start <= 2 &&
      expected.slice(1).every((word, index) => came.command[start + index + 1] === word) &&
      isSameProgram(expected[0], came.command[start])
    );
  }
  return isSameProgram(expected[0], came.filename);
}

function isSameProgram(expected = "", came = ""): boolean {
  return (
    expected === came ||
    (!expected.includes("/") && posix.basename(came) === expected) ||
    posix.basename(expected) === came
  );
}
