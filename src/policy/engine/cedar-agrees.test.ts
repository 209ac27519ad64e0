import assert from "node:assert/strict";
import { test } from "node:test";
import * as cedar from "@cedar-policy/cedar-wasm/nodejs";
import { viewOf } from "../explain/view.ts";
import { approval, day, goodImage, now, openOnce } from "../policy.fixture.ts";
import { actions, principalRoles, type ImageFacts, type Request } from "../policy.ts";
import { toCedarRequest } from "./cedar-request.ts";

/** The decision as Cedar makes it: its own parser, its own combination of effects, the schema for actions and for the shape of what it is given. */
async function decidedByCedar(request: Request): Promise<cedar.Decision> {
  const { shipped } = await openOnce();
  const staticPolicies = `${shipped.roles.text}\n${request.environment === undefined ? "" : shipped.environment.text}`;
  const call = { ...toCedarRequest(viewOf(request)), policies: { staticPolicies }, schema: shipped.schema.text };
  const answer = cedar.isAuthorized({ ...call, validateRequest: true });
  if (answer.type === "failure") assert.fail(answer.errors[0]?.message);
  assert.deepEqual(answer.response.diagnostics.errors, []);
  return answer.response.decision;
}

test("decisions are Cedar's own, for random requests of every kind, and their facts have the shape of the schema", async () => {
  const engine = await openOnce();
  const pick = generator(20_261_121);
  const seen = { allow: 0, deny: 0 };
  for (let round = 0; round < 90; round++) {
    const request = randomRequest(pick);
    const set = request.environment === undefined ? engine.rolesOnly() : engine.forEnvironment([]);
    const { permit } = engine.decide(set, request);
    assert.equal(permit ? "allow" : "deny", await decidedByCedar(request), JSON.stringify(request));
    seen[permit ? "allow" : "deny"] += 1;
  }
  assert.ok(seen.allow > 12 && seen.deny > 30, JSON.stringify(seen));
});

type Pick = <T>(choices: readonly T[]) => T;

function randomRequest(pick: Pick): Request {
  const action = pick(actions);
  const inEnvironment = pick([true, true, false]);
  const environment = pick(["production", "production", "staging"]);
  const image = { kind: "image", repository: pick(["shop/web", 'a"b\n']) } as const;
  const resources: readonly Request["resource"][] = [
    image,
    { kind: "service", name: "web", environment },
    { kind: "environment", name: environment },
    ...(["push", "revoke", "administer", "audit"].includes(action) ? [{ kind: "controller" } as const] : []),
  ];
  const tokenFor = pick([undefined, undefined, "production", "staging"]);
  return {
    principal: {
      kind: pick(["user", "user", "workload", "instance"] as const),
      name: pick(["alice", "carol", 'x"; permit(', "\ud800"]),
      groups: pick([[], ["platform"]]),
      roles: [pick(principalRoles), pick(principalRoles), pick(["admin", "deployer"] as const)],
      ...(tokenFor === undefined ? {} : { environment: tokenFor }),
    },
    action,
    now,
    resource: pick(resources),
    ...(inEnvironment ? { environment: { name: environment, approvals: pick([0, 0, 2]) } } : {}),
    image: randomImage(pick),
  };
}

function randomImage(pick: Pick): ImageFacts {
  return {
    ...goodImage,
    statements: pick([goodImage.statements, goodImage.statements, goodImage.statements.slice(1)]),
    scan: {
      finished: now - pick([5, 5, day]),
      gaps: pick([0, 0, 1]),
      exploited: pick([[], [], ["CVE-1"]]),
      fixable: [],
    },
    approvals: pick([goodImage.approvals, [], [approval("user:carol"), approval("user:alice", { verdict: "reject" })]]),
    revocations: pick([[], [], [], [{ event: 1, what: "key", reason: "lost" }]]),
    releases: pick([[], ["production"]]),
  };
}

/** A small generator with a seed, so that a failure can be repeated (Park and Miller). */
function generator(seed: number): Pick {
  let state = seed;
  return (choices) => {
    state = (state * 48_271) % 2_147_483_647;
    return choices[state % choices.length] as (typeof choices)[number];
  };
}
