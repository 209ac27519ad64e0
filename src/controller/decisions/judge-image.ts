import type {
  Action,
  Decision,
  ImageFacts,
  PolicyEngine,
  PolicyFile,
  Principal,
  Request,
} from "../../policy/policy.ts";

/** A question about one image and one environment, whose policy need not be in force. */
export type ImageQuestion = {
  readonly facts: ImageFacts;
  readonly repository: string;
  readonly environment: { readonly name: string; readonly approvals: number };
  readonly files: readonly PolicyFile[];
  readonly principal: Principal;
  readonly action: Action;
  /** Seconds since 1970. */
  readonly now: number;
};

/** What a policy says of an image. Throws `policy-invalid`. */
export function judgeImage(policies: PolicyEngine, question: ImageQuestion): Decision {
  const { facts, repository, environment, files, principal, action, now } = question;
  const resource = resourceOf(question);
  return policies.decide(policies.forEnvironment(files), {
    principal,
    action,
    now,
    resource,
    environment,
    image: facts,
    repository,
  });
}

/** Pulls and approvals are about an image; what makes a release is about where it goes. */
export function resourceOf({
  action,
  repository,
  environment,
}: Pick<ImageQuestion, "action" | "repository"> & {
  readonly environment: { readonly name: string };
}): Request["resource"] {
  if (action === "pull" || action === "approve") return { kind: "image", repository };
  return { kind: "environment", name: environment.name };
}

/** Somebody whom no role stands in the way: what is decided about such a one is decided by the image and the environment's policy. */
export function anyoneWho(action: "deploy" | "pull", environment: string): Principal {
  if (action === "deploy") return { kind: "user", name: "any-deployer", groups: [], roles: ["deployer"] };
  return { kind: "workload", name: "any-host", groups: [], roles: ["host"], environment };
}
