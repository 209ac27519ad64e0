import type { InstanceState } from "../../runtime/runtime.ts";
import { runcRuntime } from "../../runtime/runc/runc-driver.ts";
import type { Declare } from "../command.ts";
import { formatDuration, formatTable } from "../format.ts";

/** `ingot instances`: every instance, also those that have exited and were not removed. */
export const declare: Declare = (command, handle) => {
  command.action(
    handle<object>(async ({ ctx }) => {
      const instances = await runcRuntime(ctx).list();
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
    instance.status,
    instance.status === "running" ? formatDuration(now.getTime() - Date.parse(instance.started)) : "-",
    instance.address === undefined ? "-" : [instance.address, instance.port].filter(Boolean).join(":"),
  ]);
  return formatTable(["id", "image", "digest", "status", "age", "address"], rows);
}
