import type { Action, Decision, PolicyFile } from "../../policy/policy.ts";

export type PolicyEvents = {
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
