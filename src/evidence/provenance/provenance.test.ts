import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { test } from "node:test";
import { canonicalJson } from "../../oci/canonical-json.ts";
import { makeProvenance, withoutRun, type BuildFacts, type Provenance } from "./provenance.ts";
import { readProvenance } from "./read-provenance.ts";
import { resourceDescriptor, slsaProvenance } from "./slsa-schema.fixture.ts";

const facts: BuildFacts = {
  image: "web",
  definition: "project: shop # ü\n",
  lock: '{"compatibility": 1}\n',
  compatibility: 1,
  versions: { ingot: "0.1.0", node: "26.0.0" },
  sources: [
    { path: "public/run", type: "file", sha256: "a".repeat(64), isExecutable: true },
    { path: "public/empty dir", type: "directory" },
    { path: "public/link", type: "symlink", linkname: "run" },
    { path: "nginx.conf", type: "file", sha256: "b".repeat(64), isExecutable: false },
  ],
  packages: [
    {
      name: "libssl3",
      version: "1:3.0-1+b1",
      architecture: "amd64",
      source: "openssl",
      sourceVersion: "1:3.0-1",
      sha256: "c".repeat(64),
      path: "pool/main/o/openssl/libssl3_3.0-1+b1_amd64.deb",
      archive: "security",
      codename: "bookworm",
    },
  ],
  bases: [{ name: "base.example/os@sha256:d", sha256: "d".repeat(64), kind: "oci" }],
  git: {
    kind: "commit",
    commit: "e".repeat(40),
    uri: "git+https://git.example/shop",
    folder: "deploy/",
    changed: [],
    authors: ["ana@shop.example"],
  },
  run: { id: "f", startedOn: new Date("2026-01-02T03:04:05.678Z"), finishedOn: new Date("2026-01-02T03:04:09Z") },
};

const dependencies = (provenance: Provenance) => provenance.buildDefinition.resolvedDependencies;

test("the predicate is SLSA provenance v1, and each dependency a ResourceDescriptor", () => {
  for (const git of [facts.git, { kind: "unknown", reason: "git is not installed" }] as const) {
    const provenance = makeProvenance({ ...facts, git });
    slsaProvenance.parse(JSON.parse(canonicalJson(provenance).toString()));
    const { definition, lock } = provenance.buildDefinition.externalParameters;
    for (const embedded of [definition, lock]) resourceDescriptor.parse(embedded);
  }
});

test("definition and lock are embedded whole, and each with the digest of its bytes", () => {
  const { externalParameters } = makeProvenance(facts).buildDefinition;
  assert.equal(Buffer.from(externalParameters.definition.content ?? "", "base64").toString(), facts.definition);
  assert.deepEqual(externalParameters.definition.digest, { sha256: hash("sha256", facts.definition) });
  assert.equal(Buffer.from(externalParameters.lock.content ?? "", "base64").toString(), facts.lock);
  assert.deepEqual(externalParameters.lock.digest, { sha256: hash("sha256", facts.lock) });
});

test("every input is a dependency by its digest: definition, lock, commit, base, files and packages", () => {
  const named = dependencies(makeProvenance(facts)).map(({ name, uri, digest, annotations }) => ({
    name,
    uri,
    digest,
    annotations,
  }));
  assert.deepEqual(JSON.parse(JSON.stringify(named)), [
    { name: "ingot.yaml", digest: { sha256: hash("sha256", facts.definition) } },
    { name: "ingot.lock", digest: { sha256: hash("sha256", facts.lock) } },
    {
      name: "git",
      uri: "git+https://git.example/shop",
      digest: { gitCommit: "e".repeat(40) },
      annotations: { folder: "deploy/", authors: ["ana@shop.example"], dirty: false },
    },
    { name: "base.example/os@sha256:d", digest: { sha256: "d".repeat(64) }, annotations: { kind: "base-oci" } },
    { name: "nginx.conf", digest: { sha256: "b".repeat(64) }, annotations: { kind: "file", mode: "0644" } },
    { name: "public/empty dir", uri: "file:public/empty%20dir/", annotations: { kind: "directory" } },
    { name: "public/link", digest: { sha256: hash("sha256", "run") }, annotations: { kind: "symlink" } },
    { name: "public/run", digest: { sha256: "a".repeat(64) }, annotations: { kind: "file", mode: "0755" } },
    {
      name: "libssl3",
      uri: "pkg:deb/debian/libssl3@1:3.0-1%2Bb1?arch=amd64&distro=bookworm&upstream=openssl%401:3.0-1",
      digest: { sha256: "c".repeat(64) },
      annotations: { archive: "security", kind: "deb", path: "pool/main/o/openssl/libssl3_3.0-1+b1_amd64.deb" },
    },
  ]);
});

test("a dirty tree is said with its paths, and with no more than a thousand of them", () => {
  const changed = Array.from({ length: 1500 }, (_, at) => `file-${at}`);
  const git = { kind: "commit", commit: "e".repeat(40), folder: "", changed, authors: [] } as const;
  const found = dependencies(makeProvenance({ ...facts, git })).find(({ name }) => name === "git");
  assert.deepEqual(found?.annotations, {
    folder: "",
    dirty: true,
    changed: changed.slice(0, 1000),
    changedInAll: 1500,
  });
});

test("without Git there is no commit, and why is said", () => {
  const provenance = makeProvenance({ ...facts, git: { kind: "unknown", reason: "git is not installed" } });
  assert.deepEqual(provenance.buildDefinition.internalParameters, {
    compatibility: 1,
    ingot: "0.1.0",
    git: { unknown: "git is not installed" },
  });
  assert.equal(JSON.stringify(provenance).includes("gitCommit"), false);
});

test("the order in which files and packages were found does not show, and nothing is named twice", () => {
  const other = makeProvenance({ ...facts, sources: [...facts.sources, ...facts.sources].toReversed() });
  assert.deepEqual(canonicalJson(other), canonicalJson(makeProvenance(facts)));
});

test("two runs of the same build differ in nothing but the run", () => {
  const later = { id: "g", startedOn: new Date(1e12), finishedOn: new Date(1e12 + 1) };
  const [first, second] = [makeProvenance(facts), makeProvenance({ ...facts, run: later })];
  assert.deepEqual(withoutRun(first), withoutRun(second));
  assert.notDeepEqual(first, second);
  assert.notDeepEqual(withoutRun(first), withoutRun(makeProvenance({ ...facts, lock: "{}" })));
  assert.notDeepEqual(
    withoutRun(first),
    withoutRun(makeProvenance({ ...facts, versions: { ingot: "2", node: "26.0.0" } })),
  );
});

test("what is written is read back: all that a second build needs", () => {
  assert.deepEqual(readProvenance(JSON.parse(canonicalJson(makeProvenance(facts)).toString())), {
    image: "web",
    definition: facts.definition,
    lock: facts.lock,
    compatibility: 1,
    ingot: "0.1.0",
    sources: facts.sources.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    commit: { id: "e".repeat(40), folder: "deploy/" },
    finishedOn: "2026-01-02T03:04:09Z",
  });
});

type Embedded = { content?: string; digest: { sha256: string } };
type Written = {
  buildDefinition: {
    buildType: string;
    externalParameters: { definition: Embedded; lock: Embedded };
    resolvedDependencies: object[];
  };
};

const hostile: Readonly<Record<string, readonly [(predicate: Written) => void, RegExp]>> = {
  "of another builder": [(it) => (it.buildDefinition.buildType = "https://slsa.dev/x"), /of the type "https:\/\/slsa/],
  "without a definition": [
    (it) => Object.assign(it.buildDefinition.externalParameters, { definition: undefined }),
    /definition/,
  ],
  "with a definition of another digest": [
    (it) => (it.buildDefinition.externalParameters.definition.content = Buffer.from("project: x").toString("base64")),
    /has the SHA-256/,
  ],
  "with a lock that is not UTF-8": [
    (it) => {
      const content = Buffer.from([0xff]);
      it.buildDefinition.externalParameters.lock = {
        content: content.toString("base64"),
        digest: { sha256: hash("sha256", content) },
      };
    },
    /not UTF-8/,
  ],
  "with a definition of a gigabyte": [
    (it) => (it.buildDefinition.externalParameters.definition.content = "A".repeat((64 << 20) + 4)),
    /definition\.content/,
  ],
  "with a file above the project": [(it) => addFile(it, { name: "../x" }), /"\.\.\/x" leads out/],
  "with a file at an absolute path": [(it) => addFile(it, { name: "/etc/passwd" }), /leads out/],
  "with a folder in a folder above": [(it) => addFile(it, { name: "a/../../b" }), /leads out/],
  "with a path that ends early": [(it) => addFile(it, { name: "a\0b" }), /leads out/],
  "with a file without a digest": [(it) => addFile(it, { name: "x", digest: { sha1: "a" } }), /no SHA-256/],
  "with a link that leads nowhere": [
    (it) => addFile(it, { name: "x", content: "", annotations: { kind: "symlink" } }),
    /"x" leads nowhere/,
  ],
  "with an option of git for a commit": [(it) => setCommit(it, "--output=/etc/passwd"), /commit is malformed/],
  "with a commit of a folder outside": [(it) => setCommit(it, "e".repeat(40), "../"), /commit is malformed/],
  "that is a list": [(it) => Object.assign(it, { buildDefinition: [] }), /buildDefinition/],
};

for (const [what, [change, message]] of Object.entries(hostile)) {
  test(`provenance ${what} is refused`, () => {
    const predicate = structuredClone(makeProvenance(facts)) as unknown as Written;
    change(predicate);
    assert.throws(() => readProvenance(predicate), { code: "provenance-unusable", message });
  });
}

function addFile(predicate: Written, more: object): void {
  const file = { digest: { sha256: "a".repeat(64) }, annotations: { kind: "file", mode: "0644" }, ...more };
  predicate.buildDefinition.resolvedDependencies.push(file);
}

function setCommit(predicate: Written, gitCommit: string, folder = ""): void {
  predicate.buildDefinition.resolvedDependencies = [{ name: "git", digest: { gitCommit }, annotations: { folder } }];
}
