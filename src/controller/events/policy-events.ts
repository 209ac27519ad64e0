import type { Action, Decision, PolicyFile } from "../../policy/policy.ts";

export type PolicyEvents = {
  /** What this release of Ingot ships is in force from now on: the roles everywhere, the rest in environments without a policy of their own. `digest`: of both together. */
  readonly "policy.shipped": {
    readonly release: string;
    readonly digest: string;
    readonly files: readonly PolicyFile[];
  };
  /** An environment's policy is in force from now on; the first one makes the environment. No files: the shipped policy. */
  readonly "policy.applied": {
    readonly environment: string;
    readonly approvals: number;
    readonly files: readonly PolicyFile[];
    readonly digest: string;
  };
  readonly "decision.made": Decision & {
    readonly principal: string;
    readonly action: Action;
    /** For people: `service web in production`. */
    readonly resource: string;
    readonly environment?: string;
    readonly image?: string;
    readonly breakGlass?: string;
  };
};
