import type { MountEntry } from "../../runtime/mount-table.ts";
import { drift, type Verdict } from "./finding.ts";

/** What became of an instance's mounts since it was started. */
export function judgeMounts(before: readonly MountEntry[], now: readonly MountEntry[]): readonly Verdict[] {
  const [was, is] = [byId(before), byId(now)];
  const verdicts: Verdict[] = [];
  for (const [id, entry] of is) {
    const former = was.get(id);
    if (former === undefined) {
      verdicts.push(changed(entry, `${describe(entry)} was mounted on ${entry.target}`));
    } else if (describe(former) !== describe(entry) || former.target !== entry.target) {
      verdicts.push(
        changed(entry, `the mount on ${former.target} became ${describe(entry)}; it was ${describe(former)}`),
      );
    }
  }
  for (const [id, entry] of was) {
    if (!is.has(id)) verdicts.push(changed(entry, `${describe(entry)} was unmounted from ${entry.target}`));
  }
  return verdicts;
}

/** By the kernel's number of the mount: two mounts on one target are two. */
function byId(entries: readonly MountEntry[]): ReadonlyMap<number, MountEntry> {
  return new Map(entries.map((entry) => [entry.id, entry]));
}

function changed({ target }: MountEntry, message: string): Verdict {
  return drift("mount-changed", target, message);
}

function describe({ type, root, device, options, superOptions }: MountEntry): string {
  const part = root === "/" ? "" : ` ${root}`;
  return `${type}${part} ${device} ${options.join(",")} ${superOptions.join(",")}`;
}
