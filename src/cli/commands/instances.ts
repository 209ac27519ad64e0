import type { InstanceState } from "../../runtime/runtime.ts";
import { openRuntime } from "../../runtime/open-runtime.ts";
import type { Declare } from "../command.ts";
import { formatDuration, formatTable } from "../format.ts";

/** `ingot instances`: every instance, also those that have exited and were not removed. */
export const declare: Declare = (command, handle) => {
  command.action(
    handle<object>(async ({ ctx }) => {
      const instances = await (await openRuntime(ctx)).list();
      return { json: { instances }, text: describe(instances, ctx.now()) };
    }),
  );
};

function describe(instances: readonly InstanceState[], now: Date): string {
  if (instances.length === 0) return "no instances";
  const rows = instances.map((instance) => [
    instance.id,
    instance.name ?? "-",
    instance.image.slice(0, "sha256:".length + 12),
    describeStatus(instance),
    instance.status !== "exited" ? formatDuration(now.getTime() - Date.parse(instance.started)) : "-",
    instance.address === undefined ? "-" : [instance.address, instance.port].filter(Boolean).join(":"),
    describeLabels(instance),
  ]);
  const headings = ["id", "image", "digest", "status", "age", "address"];
  // Instances that a person starts have none.
  const hasLabels = instances.some(({ labels = {} }) => Object.keys(labels).length > 0);
  return hasLabels
    ? formatTable([...headings, "labels"], rows)
    : formatTable(
        headings,
        rows.map((row) => row.slice(0, -1)),
      );
}

/** `exited (5)`, `exited (SIGKILL, out of memory)`. */
function describeStatus({ status, end }: InstanceState): string {
  if (end === undefined) return status;
  const how = [end.code, end.signal, end.isOutOfMemory ? "out of memory" : undefined];
  return `${status} (${how.filter((part) => part !== undefined).join(", ")})`;
}

function describeLabels({ labels = {} }: InstanceState): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name.replace(/^dev\.ingot\./, "")}=${value}`)
    .join(" ");
}
