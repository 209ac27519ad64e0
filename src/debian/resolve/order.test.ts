import assert from "node:assert/strict";
import { test } from "node:test";
import { openTestApt } from "../../../test/support/test-apt.ts";
import { dependencyClosure } from "./closure.ts";
import { DependencyGraph } from "./dependency-graph.ts";
import { makeIndex } from "./index.fixture.ts";
import { dependencyGroups, orderPackages } from "./order.ts";
import { resolvePackages } from "./resolve.ts";

function packagesOf(lines: string) {
  const index = makeIndex(lines);
  return [...index.names()].flatMap((name) => index.candidate(name) ?? []);
}

const names = (packages: readonly { name: string }[]) => packages.map(({ name }) => name).join(" ");

test("what is depended on comes first, the rest by name", () => {
  const packages = packagesOf("a 1; Depends: c\n b 1\n c 1; Pre-Depends: d\n d 1");
  assert.equal(names(orderPackages(packages)), "d c a b");
  assert.equal(names(orderPackages(packages.toReversed())), "d c a b");
});

test("Essential packages come before all that does not lead to them", () => {
  assert.equal(names(orderPackages(packagesOf("a 1\n z 1; Essential: yes; Depends: y\n y 1"))), "y z a");
});

test("a circle is cut at Depends, never at Pre-Depends, the same way each time", () => {
  const packages = packagesOf("a 1; Depends: b\n b 1; Pre-Depends: c\n c 1; Depends: a\n d 1; Depends: a");
  assert.equal(names(orderPackages(packages)), "a c b d");
  assert.deepEqual(dependencyGroups(packages).map(names), ["a c b", "d"]);
});

test("a provider counts for the virtual name, the real package before it", () => {
  assert.equal(names(orderPackages(packagesOf("a 1; Depends: mail\n z 1; Provides: mail"))), "z a");
  assert.equal(
    names(orderPackages(packagesOf("a 1; Depends: mail\n mail 1; Depends: z\n z 1; Provides: mail"))),
    "z mail a",
  );
});

test("a closure follows dependencies, and Recommends when asked", () => {
  const packages = packagesOf("a 1; Depends: mail | b; Recommends: r\n b 1\n z 1; Provides: mail\n r 1\n other 1");
  assert.deepEqual([...dependencyClosure(packages, ["a"])].toSorted(), ["a", "z"]);
  assert.deepEqual([...dependencyClosure(packages, ["a"], { recommends: true })].toSorted(), ["a", "r", "z"]);
  assert.deepEqual([...dependencyClosure(packages, ["mail"])], ["z"]);
  assert.throws(() => dependencyClosure(packages, ["none"]), { code: "package-unknown" });
});

test("a real image is ordered so that only circles of Depends are cut", async (t) => {
  const opened = await openTestApt();
  if (typeof opened === "string") return t.skip(opened);
  const request = { packages: ["postgresql", "python3", "nginx"], essential: true, recommends: true };
  const { packages } = resolvePackages(opened.index, request);
  const ordered = orderPackages(packages);
  assert.equal(new Set(ordered).size, packages.length);
  const graph = new DependencyGraph(packages);
  const place = new Map(ordered.map((each, index) => [each, index]));
  const before = (a: (typeof packages)[number], b: (typeof packages)[number]) =>
    (place.get(a) ?? 0) < (place.get(b) ?? 0);
  for (const each of ordered)
    for (const needed of graph.needs(each.preDepends))
      assert.ok(before(needed, each), `${needed.name} before ${each.name}`);
  const group = new Map(
    dependencyGroups(packages).flatMap((members, index) => members.map((member) => [member, index] as const)),
  );
  for (const each of ordered)
    for (const needed of graph.needs(each.depends))
      assert.ok(before(needed, each) || group.get(needed) === group.get(each), `${needed.name} before ${each.name}`);
});
