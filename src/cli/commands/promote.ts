import type { CreatedRelease } from "../../controller/verbs/create-release.ts";
import type { Declare } from "../command.ts";
import { parseReleaseNumber } from "../release/parse-release-number.ts";
import { addDetach, type RollOutOptions } from "../release/detach-option.ts";
import { addBreakGlass, readBreakGlass, type BreakGlassOptions } from "../release/break-glass-options.ts";

type PromoteOptions = BreakGlassOptions &
  RollOutOptions & {
    readonly from: string;
    readonly to: string;
    readonly release?: string;
    readonly reason?: string;
  };

/** `ingot promote SERVICE --from ENVIRONMENT --to ENVIRONMENT`: the same image and configuration, decided anew where it goes. */
export const declare: Declare = (command, handle) => {
  addDetach(addBreakGlass(command))
    .argument("<service>", "whose release")
    .requiredOption("--from <environment>", "where it is released")
    .requiredOption("--to <environment>", "where it is to be released too")
    .option("--release <number>", "another release than the current one")
    .option("--reason <text>", "why, for the record")
    .action(
      handle<PromoteOptions, [string]>(async ({ ctx, options }, service) => {
        const { openControllerClient } = await import("../controller-client.ts");
        const { rollOut } = await import("../release/roll-out.ts");
        const { from, to, release, reason = "" } = options;
        const number = release === undefined ? {} : { number: parseReleaseNumber(release, "--release") };
        const path = `/api/v1/releases/${encodeURIComponent(to)}/${encodeURIComponent(service)}/promotion`;
        const body = { from, ...number, reason, ...readBreakGlass(options) };
        const client = openControllerClient(ctx);
        return rollOut(ctx, client, { made: await client.post<CreatedRelease>(path, body), options });
      }),
    );
};
