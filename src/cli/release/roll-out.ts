import type { Client } from "../../api/client/client.ts";
import type { CreatedRelease } from "../../controller/verbs/create-release.ts";
import type { Context } from "../../ground/context.ts";
import type { Outcome } from "../command.ts";
import type { RollOutOptions } from "./detach-option.ts";
import { describeService } from "./describe-service.ts";
import { describeRelease, warnOfBrokenGlass } from "./describe-release.ts";
import { followRollout, type Followed, type NotFollowed } from "./follow-rollout.ts";

/** Tells of a release that was made, waits for the end of its rollout, and tells of that. `more`: lines about the release. Throws what `followRollout` does. */
export async function rollOut(
  ctx: Context,
  client: Client,
  {
    made,
    options,
    more = [],
  }: { readonly made: CreatedRelease; readonly options: RollOutOptions; readonly more?: readonly string[] },
): Promise<Outcome> {
  warnOfBrokenGlass(ctx, made);
  const told = [describeRelease(made), ...more];
  const followed = options.detach === true ? "detached" : await followRollout(ctx, client, made.release);
  const service = typeof followed === "string" ? {} : { service: followed.service };
  return { json: { ...made, ...service }, text: [...told, describeEnd(followed)].join("\n") };
}

function describeEnd(followed: Followed | NotFollowed | "detached"): string {
  if (followed === "detached") return "  its rollout is under way: ingot status --watch";
  if (followed === "no-fleet") return "  not rolled out: this controller runs no instances";
  if (followed === "nothing-to-do") return "  there is nothing to roll out";
  const { service, seconds } = followed;
  const ended = service.rollout?.ended !== undefined;
  const next = service.rollout?.status === "paused" ? "resume" : "promote";
  const how = ended
    ? `rolled out in ${seconds.toFixed(1)} s`
    : `waits: ingot rollout ${next} ${service.service} --in ${service.environment}`;
  return `  ${how}\n${describeService(service)}`;
}
