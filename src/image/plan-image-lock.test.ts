import assert from "node:assert/strict";
import { test } from "node:test";
import { makeIndex } from "../debian/resolve/index.fixture.ts";
import type { Package } from "../debian/package.ts";
import type { Suite } from "../debian/suite.ts";
import type { ImageDefinition } from "../project/definition.ts";
import { definitionOf } from "./image.fixture.ts";
import type { ImageLock } from "./lock.ts";
import { planImageLock, requestKey } from "./plan-image-lock.ts";

const january = 1_767_225_600;
const february = 1_769_904_000;

function suitesOf(epoch: number): readonly Suite[] {
  const digest = `sha256:${epoch.toString(16).padStart(64, "0")}` as Suite["digest"];
  const date = new Date(epoch * 1000).toISOString();
  return [
    { archive: "main", suite: "bookworm", components: ["main"], digest, date, signedBy: ["ABCD"] },
    { archive: "security", suite: "bookworm-security", components: ["main"], digest, date, signedBy: ["ABCD"] },
  ];
}

/** Real packages of an index; a version alone decides the checksum. */
function packageOf(name: string, version = "1.0", suite = 0): Package {
  const [item] = makeIndex(`${name} ${version}`).candidates(name);
  assert.ok(item);
  return {
    ...item,
    sha256: Buffer.from(name + version)
      .toString("hex")
      .padEnd(64, "0"),
    size: 1000,
    suite,
  };
}

const closures: Readonly<Record<string, readonly string[]>> = {
  web: ["web", "lib", "libc"],
  tool: ["tool", "lib", "libc"],
};
const all = ["libc", "lib", "web", "tool"].map((name) => packageOf(name));

type Change = {
  readonly packages?: readonly Package[];
  readonly epoch?: number;
  readonly former?: ImageLock;
  readonly definition?: Partial<ImageDefinition>;
};

function plan({ packages = all, epoch = january, former, definition = {} }: Change = {}): ImageLock {
  const defined = definitionOf({ packages: ["web", "tool"], ...definition });
  return planImageLock({
    definition: defined,
    architecture: "amd64",
    base: { kind: "debian", suite: "bookworm" },
    suites: suitesOf(epoch),
    packages,
    essential: new Set(["libc"]),
    requested: defined.packages,
    closureOf: (name) => new Set(closures[name] ?? [name]),
    former,
  });
}

const withUpdated = (name: string) => all.map((item) => (item.name === name ? packageOf(name, "2.0", 1) : item));
const epochs = (lock: ImageLock) => Object.fromEntries(lock.stages.map(({ name, epoch }) => [name, epoch]));
const places = (lock: ImageLock) => lock.packages.map(({ name, stage, layer }) => [name, stage, layer]);

test("packages are cut into stages that build on each other, each dated with the newest suite", () => {
  const lock = plan();
  assert.deepEqual(epochs(lock), { essential: january, web: january, tool: january });
  assert.deepEqual(places(lock), [
    ["libc", "essential", "essential/+1"],
    ["lib", "web", "web/+1"],
    ["web", "web", "web/+1"],
    ["tool", "tool", "tool/+1"],
  ]);
});

test("where the same packages would be installed the former entry stays to the byte, however new the archive is", () => {
  const former = plan();
  assert.equal(plan({ former, epoch: february }), former);
});

test("an update dates its own stage and moves no package to another stage or layer", () => {
  const former = plan();
  const lock = plan({ former, epoch: february, packages: withUpdated("web") });
  assert.deepEqual(epochs(lock), { essential: january, web: february, tool: january });
  assert.deepEqual(places(lock), places(former));
  assert.deepEqual(
    lock.packages
      .filter((item, at) => JSON.stringify(item) !== JSON.stringify(former.packages[at]))
      .map(({ name }) => name),
    ["web"],
  );
  assert.equal(lock.packages.find(({ name }) => name === "web")?.archive, "security");
});

test("a package that is taken away leaves the others where they are", () => {
  const former = plan();
  const definition = { packages: ["web"] };
  const lock = plan({ former, epoch: february, definition, packages: all.filter(({ name }) => name !== "tool") });
  assert.deepEqual(epochs(lock), { essential: january, web: january });
  assert.deepEqual(places(lock), places(former).slice(0, 3));
});

test("a package that is added comes last, with the date of the archive it was found in", () => {
  const former = plan({ packages: all.slice(0, 3), definition: { packages: ["web"] } });
  const lock = plan({ former, epoch: february, definition: { packages: ["tool", "web"] } });
  assert.deepEqual(epochs(lock), { essential: january, web: january, tool: february });
  assert.deepEqual(places(lock).slice(0, 3), places(former));
});

test("an image that installs nothing does not depend on the archive", () => {
  const lock = plan({ packages: [], definition: { packages: [] } });
  assert.deepEqual([lock.suites, lock.stages, lock.packages], [[], [], []]);
});

test("the request changes with base, packages, their order and recommends, and with nothing else of a definition", () => {
  const key = requestKey(definitionOf({ packages: ["a", "b"] }));
  assert.equal(requestKey(definitionOf({ packages: ["a", "b"], user: "www-data", run: ["true"] })), key);
  const others: Partial<ImageDefinition>[] = [
    { packages: ["a"] },
    { packages: ["b", "a"] },
    { packages: ["a", "b"], recommends: true },
    { packages: ["a", "b"], base: { kind: "debian", suite: "trixie" } },
  ];
  for (const other of others) assert.notEqual(requestKey(definitionOf(other)), key);
});
