import assert from "node:assert/strict";
import { test } from "node:test";
import { planStages, type StagePlanRequest } from "./stage-plan.ts";

const needs: Record<string, string[]> = {
  nginx: ["nginx", "libpcre2", "libc6"],
  ca: ["ca", "openssl", "libssl3", "libc6"],
  bash: ["bash", "libc6"],
};

function request(overrides: Partial<StagePlanRequest> = {}): StagePlanRequest {
  const names = ["libc6", "bash", "nginx", "libpcre2", "ca", "openssl", "libssl3"];
  return {
    packages: names.map((name) => ({ name, size: 100 })),
    essential: new Set(["libc6", "bash"]),
    requested: ["nginx", "ca", "bash"],
    closureOf: (name) => new Set(needs[name] ?? [name]),
    former: { stages: [], stageOf: new Map() },
    ...overrides,
  };
}

test("each requested package opens a stage with what it still needs", () => {
  assert.deepEqual(planStages(request()), [
    { name: "essential", packages: ["bash", "libc6"] },
    { name: "nginx", packages: ["libpcre2", "nginx"] },
    { name: "ca", packages: ["ca", "libssl3", "openssl"] },
  ]);
});

test("stages keep the former lock's order when the person reorders or adds packages", () => {
  const former = planStages(request());
  const stageOf = new Map(former.flatMap((stage) => stage.packages.map((name) => [name, stage.name] as const)));
  const again = planStages(
    request({
      requested: ["libssl3", "new", "ca", "nginx"],
      packages: [...request().packages, { name: "new", size: 1 }],
      former: { stages: former.map((stage) => stage.name), stageOf },
    }),
  );
  assert.deepEqual(again, [...former, { name: "new", packages: ["new"] }]);
});

test("many requested packages are joined into few stages, the same ones when locked again", () => {
  const names = Array.from({ length: 40 }, (_, at) => `p${String(at).padStart(2, "0")}`);
  const many = request({
    packages: names.map((name, at) => ({ name, size: at === 30 ? 1000 : 10 })),
    essential: new Set(),
    requested: names,
    closureOf: (name) => new Set([name]),
  });
  const stages = planStages(many);
  assert.equal(stages.length, 6);
  assert.deepEqual(stages.flatMap((stage) => stage.packages).toSorted(), names);
  const stageOf = new Map(stages.flatMap((stage) => stage.packages.map((name) => [name, stage.name] as const)));
  const former = { stages: stages.map((stage) => stage.name), stageOf };
  assert.deepEqual(planStages({ ...many, former }), stages);
});
