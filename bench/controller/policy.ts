import { openPolicyEngine, type OpenPolicyEngine } from "../../src/policy/engine/policy-engine.ts";
import { toCedarRequest } from "../../src/policy/engine/cedar-request.ts";
import { viewOf } from "../../src/policy/explain/view.ts";
import { deployment, goodImage, person } from "../../src/policy/policy.fixture.ts";
import type { Request } from "../../src/policy/policy.ts";
import type { Bench, Side } from "../comparison.ts";
import { describeTimes, timesOf, type Times } from "./times.ts";

/** An image with everything; one of which nothing is known, so that ten rules and their sentences are filled in; and somebody whom nothing permits, where it is asked who could. */
const requests = {
  permitted: deployment(),
  "denied by everything": deployment({
    image: { ...goodImage, statements: [], approvals: [], revocations: [{ event: 1, what: "key", reason: "lost" }] },
  }),
  "permitted by nothing": deployment({ principal: person("eve", "auditor") }),
} as const satisfies Record<string, Request>;

type DecisionKind = keyof typeof requests;

export const bench: Bench = async function* (work) {
  const engine = await openPolicyEngine();
  const decisions = 2000;
  yield {
    title: `${decisions} decisions`,
    note: "to reach: p99 ≤ 1 ms; the shipped roles and policy of an environment, 30 rules",
    runs: work.runs(3),
    sides: [
      ...(Object.keys(requests) as DecisionKind[]).map((kind) => ourSide(engine, kind, decisions)),
      await plainCedar(engine, decisions),
    ],
  };
};

function ourSide(engine: OpenPolicyEngine, kind: DecisionKind, count: number): Side {
  return { name: `ingot: ${kind}`, run: () => describeTimes(measureKind(engine, kind, count)) };
}

/** The same permit asked of Cedar in its usual way, preparsed too: it names no forbid that does not decide, and fills in no sentence. */
async function plainCedar({ shipped }: OpenPolicyEngine, count: number): Promise<Side> {
  const cedar = await import("@cedar-policy/cedar-wasm/nodejs");
  const call = toCedarRequest(viewOf(requests.permitted));
  cedar.preparseSchema("bench", shipped.schema.text);
  cedar.preparsePolicySet("bench", { staticPolicies: `${shipped.roles.text}\n${shipped.environment.text}` });
  const decide = (): void => {
    cedar.statefulIsAuthorized({
      ...call,
      preparsedPolicySetId: "bench",
      preparsedSchemaName: "bench",
      validateRequest: true,
    });
  };
  return { name: "cedar-wasm, stateful, with its schema: permitted", run: () => describeTimes(measure(decide, count)) };
}

function measureKind(engine: OpenPolicyEngine, kind: DecisionKind, count: number): Times {
  const set = engine.forEnvironment([]);
  return measure(() => void engine.decide(set, requests[kind]), count);
}

/** The first tenth is not counted: until then the compiler works beside it. */
function measure(work: () => void, count: number): Times {
  const times: number[] = [];
  for (let index = 0; index < count * 1.1; index++) {
    const start = performance.now();
    work();
    times.push(performance.now() - start);
  }
  return timesOf(times.slice(Math.ceil(count * 0.1)));
}
