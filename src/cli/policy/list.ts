import type { Command } from "commander";
import type { AppliedPolicy } from "../../controller/state/policies.ts";
import type { Handle } from "../command.ts";
import { formatTable, formatTime } from "../format.ts";

type ListOptions = { readonly at?: string; readonly text?: boolean };

/** `ingot policy list [ENVIRONMENT]`: what is in force, or the versions of one environment. */
export function declareList(parent: Command, handle: Handle): void {
  parent
    .command("list")
    .description("show the policy in force in each environment, or all versions of one")
    .argument("[environment]", "whose versions to show")
    .option("--at <time>", "as it was then, such as 2026-11-21 or 2026-11-21T10:00:00Z")
    .option("--text", "print the texts too")
    .action(
      handle<ListOptions, [string | undefined]>(async ({ ctx, options }, environment) => {
        const { openControllerClient } = await import("../controller-client.ts");
        const client = openControllerClient(ctx);
        const query = options.at === undefined ? {} : { at: options.at };
        const shown =
          environment === undefined
            ? await client.get<{ policies: readonly AppliedPolicy[] }>("/api/v1/policies", query)
            : await client.get<{ versions: readonly AppliedPolicy[] }>(
                `/api/v1/policies/${encodeURIComponent(environment)}`,
                query,
              );
        const policies = "policies" in shown ? shown.policies : shown.versions;
        if (policies.length === 0)
          return { json: shown, text: "there is no environment yet; next: ingot policy apply" };
        return { json: shown, text: describe(policies, options) };
      }),
    );
}

function describe(policies: readonly AppliedPolicy[], { text }: ListOptions): string {
  const rows = policies.map(({ environment, version, approvals, files, applied, appliedBy, event }) => [
    environment,
    String(version),
    String(approvals),
    files.length === 0 ? "shipped" : files.map(({ name }) => name).join(" "),
    formatTime(applied),
    appliedBy,
    `#${event}`,
  ]);
  const table = formatTable(["environment", "version", "approvals", "policy", "since", "by", "event"], rows);
  if (text !== true) return table;
  const texts = policies.flatMap(({ environment, version, files }) =>
    files.map((file) => `--- ${environment} ${version} ${file.name}\n${file.text.trimEnd()}`),
  );
  return [table, ...texts].join("\n\n");
}
