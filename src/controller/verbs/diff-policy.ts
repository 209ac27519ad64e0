import { setImmediate } from "node:timers/promises";
import type { Decision } from "../../policy/policy.ts";
import type { Controller } from "../controller.ts";
import { anyoneWho, judgeImage } from "../decisions/judge-image.ts";
import { gatherFacts } from "../facts/gather-facts.ts";
import { listPolicies } from "../state/policies.ts";
import { tagsOf } from "../state/registry.ts";
import { listImages, type ListedImage } from "../state/images.ts";
import { parsePolicies, type ProposedPolicy } from "./apply-policy.ts";

/** One answer that would be another. */
export type DecisionChange = {
  readonly environment: string;
  readonly action: "deploy" | "pull";
  readonly repository: string;
  readonly image: string;
  readonly tags: readonly string[];
  /** Absent: the environment does not exist yet. */
  readonly before?: Decision;
  readonly after: Decision;
};

export type PolicyDiff = {
  /** How many images were looked at. */
  readonly images: number;
  /** How many answers would be others; `changes` are the first of them. */
  readonly changed: number;
  readonly changes: readonly DecisionChange[];
};

/** More than a person reads. */
const mostShown = 500;
/** Milliseconds of judging, between which others are served. */
const chunk = 10;

/**
 * What policies would decide otherwise if they were put in force, over all images of the registry and the environments they are for: by the facts of today, for somebody whose role permits it.
 * Nothing is changed. Throws `policy-invalid`.
 */
export async function diffPolicies(controller: Controller, proposed: readonly ProposedPolicy[]): Promise<PolicyDiff> {
  const { state } = controller.ledger;
  await parsePolicies(controller, proposed);
  const images = listImages(state);
  const changes: DecisionChange[] = [];
  let changed = 0;
  let since = performance.now();
  for (const image of images) {
    if (performance.now() - since > chunk) {
      await setImmediate();
      since = performance.now();
    }
    const found = findChanges(controller, image, proposed);
    changed += found.length;
    changes.push(...found.slice(0, Math.max(0, mostShown - changes.length)));
  }
  return { images: images.length, changed, changes };
}

function findChanges(
  { ledger, policies }: Controller,
  { repository, digest }: ListedImage,
  proposed: readonly ProposedPolicy[],
): readonly DecisionChange[] {
  const { state } = ledger;
  const facts = gatherFacts(state, digest);
  const now = Math.floor(ledger.now().getTime() / 1000);
  const inForce = new Map(listPolicies(state).map((one) => [one.environment, one]));
  return proposed.flatMap((one) =>
    (["deploy", "pull"] as const).flatMap((action): DecisionChange[] => {
      const judge = ({ environment, approvals, files }: ProposedPolicy): Decision =>
        judgeImage(policies, {
          facts,
          repository,
          files,
          action,
          now,
          principal: anyoneWho(action, environment),
          environment: {
            name: environment,
            approvals,
          },
        });
      const known = inForce.get(one.environment);
      const [before, after] = [known === undefined ? undefined : judge(known), judge(one)];
      // What is not there yet permits nothing.
      if ((before?.permit ?? false) === after.permit) return [];
      const tags = tagsOf(state, repository, digest);
      const shown = { environment: one.environment, action, repository, image: digest, tags, after };
      return [before === undefined ? shown : { ...shown, before }];
    }),
  );
}
