import type { OpenPolicyEngine } from "./engine/policy-engine.ts";
import { openPolicyEngine } from "./engine/policy-engine.ts";
import type { Decision, ImageFacts, PolicyFile, Principal, PrincipalRole, Request } from "./policy.ts";

/** A Monday, 10:00 UTC, on an hour's boundary. */
export const now = Date.UTC(2026, 10, 23, 10) / 1000;
export const day = 86_400;

/** An image that has everything the shipped policy asks for, for an environment that asks for two approvals. */
export const goodImage: ImageFacts = {
  digest: `sha256:${"ab".repeat(32)}`,
  repositories: ["shop/web"],
  statements: [
    ...(["signature", "provenance", "cyclonedx"] as const).map((kind) => ({ kind, by: ["workload:ci"] })),
    { kind: "scan", by: ["workload:scanner"] },
    { kind: "tests", by: ["workload:ci"] },
  ],
  authors: ["user:carol", "workload:ci"],
  scan: { finished: now - 3600, exploited: [], fixable: [], gaps: 0 },
  tests: { passed: true, finished: now - 3600, failed: [] },
  approvals: [approval("user:alice"), approval("user:bob")],
  revocations: [],
  uncounted: [],
};

export function approval(
  by: string,
  more: Partial<ImageFacts["approvals"][number]> = {},
): ImageFacts["approvals"][number] {
  return { by, environment: "production", verdict: "approve", expires: now + 7 * day, ...more };
}

export function person(name: string, ...roles: readonly PrincipalRole[]): Principal {
  return { kind: "user", name, groups: [], roles };
}

/** Dora deploys service web to production. */
export function deployment(more: Partial<Request> = {}): Request {
  return {
    principal: person("dora", "deployer"),
    action: "deploy",
    now,
    resource: { kind: "service", name: "web", environment: "production" },
    environment: { name: "production", approvals: 2 },
    image: goodImage,
    ...more,
  };
}

/** The engine, once for all tests of a file. */
let opened: Promise<OpenPolicyEngine> | undefined;

export async function decideBy(files: readonly PolicyFile[], request: Request): Promise<Decision> {
  const engine = await openOnce();
  return engine.decide(engine.forEnvironment(files), request);
}

export function openOnce(): Promise<OpenPolicyEngine> {
  opened ??= openPolicyEngine();
  return opened;
}

/** A policy that permits everything to everybody, and then what a test is about. */
export function policyOf(text: string): readonly PolicyFile[] {
  return [{ name: "production.cedar", text: `permit(principal, action, resource);\n${text}` }];
}
