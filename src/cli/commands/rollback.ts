import type { RolledBack } from "../../controller/verbs/rollback.ts";
import type { Declare } from "../command.ts";
import { parseReleaseNumber } from "../release/parse-release-number.ts";
import { addBreakGlass, readBreakGlass, type BreakGlassOptions } from "../release/break-glass-options.ts";

type RollbackOptions = BreakGlassOptions & { readonly in: string; readonly to?: string; readonly reason?: string };

/** `ingot rollback SERVICE --in ENVIRONMENT`: an earlier release's image and configuration, as a release of its own. */
export const declare: Declare = (command, handle) => {
  addBreakGlass(command)
    .argument("<service>", "which service goes back")
    .requiredOption("--in <environment>", "where")
    .option("--to <number>", "to which release (default: the newest one that is a way back)")
    .option("--reason <text>", "why, for the record")
    .action(
      handle<RollbackOptions, [string]>(async ({ ctx, options }, service) => {
        const { openControllerClient } = await import("../controller-client.ts");
        const { describeRelease, warnOfBrokenGlass } = await import("../release/describe-release.ts");
        const { in: environment, reason = "" } = options;
        const to = options.to === undefined ? {} : { to: parseReleaseNumber(options.to, "--to") };
        const path = `/api/v1/releases/${encodeURIComponent(environment)}/${encodeURIComponent(service)}/rollback`;
        const made = await openControllerClient(ctx).post<RolledBack>(path, {
          ...to,
          reason,
          ...readBreakGlass(options),
        });
        warnOfBrokenGlass(ctx, made);
        const passed = made.passedOver.map(({ number, why }) => `  passed over release ${number}: ${why}`);
        return { json: made, text: [describeRelease(made), ...passed].join("\n") };
      }),
    );
};
