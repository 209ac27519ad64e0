import type { RolledBack } from "../../controller/verbs/rollback.ts";
import type { Declare } from "../command.ts";
import { parseReleaseNumber } from "../release/parse-release-number.ts";
import { addDetach, type RollOutOptions } from "../release/detach-option.ts";
import { addBreakGlass, readBreakGlass, type BreakGlassOptions } from "../release/break-glass-options.ts";

type RollbackOptions = BreakGlassOptions &
  RollOutOptions & { readonly in: string; readonly to?: string; readonly reason?: string };

/** `ingot rollback SERVICE --in ENVIRONMENT`: an earlier release's image and configuration, as a release of its own. */
export const declare: Declare = (command, handle) => {
  addDetach(addBreakGlass(command))
    .argument("<service>", "which service goes back")
    .argument("[release]", "to which release, as --to")
    .requiredOption("--in <environment>", "where")
    .option("--to <number>", "to which release (default: the newest one that is a way back)")
    .option("--reason <text>", "why, for the record")
    .action(
      handle<RollbackOptions, [string, string | undefined]>(async ({ ctx, options }, service, release) => {
        const { openControllerClient } = await import("../controller-client.ts");
        const { rollOut } = await import("../release/roll-out.ts");
        const { in: environment, reason = "" } = options;
        const wanted = options.to ?? release;
        const to = wanted === undefined ? {} : { to: parseReleaseNumber(wanted, "--to") };
        const path = `/api/v1/releases/${encodeURIComponent(environment)}/${encodeURIComponent(service)}/rollback`;
        const client = openControllerClient(ctx);
        const made = await client.post<RolledBack>(path, {
          ...to,
          reason,
          ...readBreakGlass(options),
        });
        const more = made.passedOver.map(({ number, why }) => `  passed over release ${number}: ${why}`);
        return rollOut(ctx, client, { made, options, more });
      }),
    );
};
