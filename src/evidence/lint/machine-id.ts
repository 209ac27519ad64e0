import { findingAt, type Lint, type LintFinding } from "./lint.ts";

export const machineId: Lint = {
  name: "machine-id",
  rule: "no machine's identity or random seed is in the image",
  why: "all instances would have the same identity (machine-id(5)) or begin with the same random numbers",
  advice: "leave /etc/machine-id empty and remove the others in `run:`",
  check: ({ tree }) =>
    [...identities].flatMap(([path, isWrong]): readonly LintFinding[] => {
      const entry = tree.get(path);
      return entry?.type === "file" && isWrong(entry.size)
        ? [findingAt(path, "is the identity or seed of one machine")]
        : [];
    }),
};

/** Empty means "to be made at the first start", and so does `uninitialized` with its newline, which is shorter than any id. */
const identities = new Map<string, (size: number) => boolean>([
  ["etc/machine-id", (size) => size > "uninitialized\n".length],
  ["var/lib/dbus/machine-id", (size) => size > 0],
  ["var/lib/systemd/random-seed", (size) => size > 0],
  ["var/lib/systemd/credential.secret", (size) => size > 0],
  ["var/lib/urandom/random-seed", (size) => size > 0],
]);
