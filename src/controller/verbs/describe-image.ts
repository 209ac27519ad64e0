import type { Decision, ImageFacts } from "../../policy/policy.ts";
import type { Controller } from "../controller.ts";
import { anyoneWho, judgeImage } from "../decisions/judge-image.ts";
import { gatherFacts } from "../facts/gather-facts.ts";
import { listPolicies } from "../state/policies.ts";
import { findManifest, tagsOf } from "../state/registry.ts";
import { listAccepted, type AcceptedStatement } from "../state/statements.ts";
import type { Moment } from "../state-at.ts";
import { findImage, type PushedImage } from "./find-image.ts";

/** A statement about an image that counted when it came in. */
export type DescribedStatement = {
  readonly manifest: string;
  readonly kind: string;
  readonly predicateType: string;
  readonly by: string;
  readonly role: string;
  readonly key: string;
  readonly made?: string;
  readonly event: number;
  /** Absent: it counts today, too. */
  readonly fallen?: "revoked" | "deleted";
};

export type DescribedImage = PushedImage & {
  readonly mediaType: string;
  readonly size: number;
  readonly tags: readonly string[];
  readonly facts: ImageFacts;
  readonly statements: readonly DescribedStatement[];
  /** Whether somebody who may deploy could bring it into each environment. */
  readonly environments: readonly {
    readonly environment: string;
    readonly policyDigest: string;
    readonly decision: Decision;
  }[];
};

/** All that is known of an image at a moment. Throws `image-not-pushed`. */
export function describeImage({ policies }: Controller, moment: Moment, text: string): DescribedImage {
  const { state, now } = moment;
  const found = findImage(state, text);
  const facts = gatherFacts(state, found.image);
  const manifest = findManifest(state, found.repository, found.image);
  return {
    ...found,
    mediaType: manifest?.mediaType ?? "",
    size: manifest?.size ?? 0,
    tags: tagsOf(state, found.repository, found.image),
    facts,
    statements: listAccepted(state, found.image).map((one) => ({
      manifest: one.manifest,
      kind: one.kind,
      predicateType: one.predicateType,
      by: one.principal,
      role: one.role,
      key: one.key,
      ...(one.made === undefined ? {} : { made: one.made }),
      event: one.event,
      ...fallenOf(one),
    })),
    environments: listPolicies(state).map(({ environment, approvals, files }) => {
      const decision = judgeImage(policies, {
        facts,
        repository: found.repository,
        files,
        action: "deploy",
        now,
        environment: {
          name: environment,
          approvals,
        },
        principal: anyoneWho("deploy", environment),
      });
      return { environment, policyDigest: decision.policyDigest, decision };
    }),
  };
}

function fallenOf({ keyStatus, isDeleted }: AcceptedStatement): Pick<DescribedStatement, "fallen"> {
  if (keyStatus === "revoked") return { fallen: "revoked" };
  return isDeleted ? { fallen: "deleted" } : {};
}
