import { IngotError } from "../../ground/error.ts";
import type { OciSpec } from "../profile/oci-spec.ts";
import type { InstanceSpec } from "../runtime.ts";
import { givenSettings } from "./given-settings.ts";
import { confinementSettings, entrySettings } from "./process-settings.ts";
import { findMissing, type Setting } from "./setting.ts";
import { hasEnded, untilExecuted } from "./verify.ts";

/** A program that is executed in a living instance; `first`: that one's first process. */
type Entry = Pick<InstanceSpec, "command" | "user"> & { readonly firstId: number; readonly first: number };

/** What runc is told: a program that ends within a millisecond leaves nothing else to read. Throws `instance-not-hardened`. */
export function assertEntryGiven(given: OciSpec, entry: Pick<Entry, "command" | "user">): void {
  assertNone(entry, findMissing(givenSettings(given, entry)));
}

/** What the kernel says of it once it executes; one that has ended meanwhile is no failure. Throws `instance-not-hardened`. */
export async function assertEntryHardened(pid: number, entry: Entry): Promise<void> {
  if (!(await untilExecuted(pid))) return;
  try {
    const settings = [...confinementSettings(pid, entry, entry), ...entrySettings(pid, entry.first)];
    assertNone(entry, findMissing(settings));
  } catch (error) {
    if (!(await hasEnded(pid))) throw error;
  }
}

function assertNone({ command }: Pick<Entry, "command">, missing: readonly Setting[]): void {
  if (missing.length === 0) return;
  throw new IngotError(
    "instance-not-hardened",
    `${command[0]} was ended: it entered an instance without a setting that it must have`,
    {
      details: missing.map(({ name, expected, actual }) => `${name}: expected ${expected}, got ${actual}`),
      hint: "nothing of it is left; see docs/runtime.md for what this host must provide",
    },
  );
}
