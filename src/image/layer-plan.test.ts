import assert from "node:assert/strict";
import { test } from "node:test";
import { planLayers } from "./layer-plan.ts";

const packages = [
  { name: "libssl3", source: "openssl", size: 2_000_000 },
  { name: "openssl", source: "openssl", size: 1_400_000 },
  { name: "a", source: "a", size: 180_000 },
  { name: "b", source: "b", size: 180_000 },
  { name: "c", source: "c", size: 180_000 },
];
const request = { stage: "s", packages, former: new Map<string, string>(), most: 20 };

test("a large source has a layer of its own and small ones share", () => {
  assert.deepEqual(Object.fromEntries(planLayers(request)), {
    libssl3: "s/openssl",
    openssl: "s/openssl",
    a: "s/+1",
    b: "s/+1",
    c: "s/+2",
  });
});

test("a package stays in its former layer whatever its size is now, and a new one takes what room is left", () => {
  const former = planLayers(request);
  const grown = [...packages.map((item) => ({ ...item, size: item.size * 2 })), { name: "0", source: "0", size: 5 }];
  const again = planLayers({ ...request, packages: grown, former });
  for (const [name, layer] of former) assert.equal(again.get(name), layer);
  assert.equal(again.get("0"), "s/+2");
});

test("many sources stay within the budget, the largest with layers of their own", () => {
  const many = Array.from({ length: 300 }, (_, at) => ({
    name: `p${at}`,
    source: `p${at}`,
    size: 150_000 + at * 1000,
  }));
  const plan = planLayers({ ...request, packages: many, most: 30 });
  assert.ok(new Set(plan.values()).size <= 30, `${new Set(plan.values()).size} layers`);
  assert.equal(plan.get("p299"), "s/p299");
  assert.match(plan.get("p0") ?? "", /^s\/\+/);
});
