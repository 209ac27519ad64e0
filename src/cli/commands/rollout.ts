import type { RecordedRollout } from "../../controller/state/rollouts.ts";
import type { Declare, Handle } from "../command.ts";
import type { Command } from "commander";
import { formatTable, formatTime } from "../format.ts";
import { oneLine } from "../release/one-line.ts";

type Place = { readonly in: string; readonly reason?: string };

/** `ingot rollout pause|resume|promote|cancel|list SERVICE --in ENVIRONMENT`. */
export const declare: Declare = (command, handle) => {
  declareChange(command, handle, {
    word: "pause",
    path: "pause",
    says: "start and stop nothing more for it; lost instances are still replaced",
    takesReason: true,
  });
  declareChange(command, handle, { word: "resume", path: "resume", says: "go on; deadlines begin anew" });
  declareChange(command, handle, {
    word: "promote",
    path: "promotion",
    says: "wait no more: replace the rest, or switch",
  });
  declareChange(command, handle, {
    word: "cancel",
    path: "cancellation",
    says: "end it and bring the release before back",
    takesReason: true,
  });
  command
    .command("list")
    .description("the rollouts of a service, newest first")
    .argument("<service>", "of which service")
    .requiredOption("--in <environment>", "where")
    .action(
      handle<Place, [string]>(async ({ ctx, options }, service) => {
        const { openControllerClient } = await import("../controller-client.ts");
        const path = `/api/v1/services/${encodeURIComponent(options.in)}/${encodeURIComponent(service)}/rollouts`;
        const answer = await openControllerClient(ctx).get<{ rollouts: readonly RecordedRollout[] }>(path);
        return { json: answer, text: describeRollouts(answer.rollouts) };
      }),
    );
};

type Change = { readonly word: string; readonly path: string; readonly says: string; readonly takesReason?: true };

function declareChange(command: Command, handle: Handle, { word, path, says, takesReason }: Change): void {
  const one = command
    .command(word)
    .description(says)
    .argument("<service>", "of which service")
    .requiredOption("--in <environment>", "where");
  if (takesReason === true) one.option("--reason <text>", "why, for the record");
  one.action(
    handle<Place, [string]>(async ({ ctx, options }, service) => {
      const { openControllerClient } = await import("../controller-client.ts");
      const { in: environment, reason } = options;
      const place = `/api/v1/services/${encodeURIComponent(environment)}/${encodeURIComponent(service)}`;
      const body = reason === undefined ? {} : { reason };
      const rollout = await openControllerClient(ctx).post<RecordedRollout>(`${place}/rollout/${path}`, body);
      return { json: rollout, text: `release ${rollout.release} of ${service} in ${environment}: ${rollout.status}` };
    }),
  );
}

function describeRollouts(rollouts: readonly RecordedRollout[]): string {
  if (rollouts.length === 0) return "nothing was ever rolled out there";
  const rows = rollouts.map(({ id, release, kind, strategy, status, created, why }) => [
    `#${id}`,
    String(release),
    kind,
    strategy,
    status,
    formatTime(created),
    oneLine(why ?? ""),
  ]);
  return formatTable(["rollout", "release", "kind", "strategy", "status", "began", "why"], rows);
}
