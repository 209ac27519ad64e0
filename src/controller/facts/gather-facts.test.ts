import assert from "node:assert/strict";
import { test } from "node:test";
import { putTinyImage } from "../../oci/tiny-image.fixture.ts";
import { makeEvent, system } from "../events/events.ts";
import {
  pushedImage,
  repository,
  identity,
  openDoor,
  sign,
  type Door,
  type Pushed,
} from "../statements/door.fixture.ts";
import { acceptStatement, digestFor } from "../verbs/releases.fixture.ts";
import { gatherFacts } from "./gather-facts.ts";

const passed = (finishedOn: string): object => ({ result: "PASSED", finishedOn, failedTests: [] });
const failed = (finishedOn: string): object => ({ result: "FAILED", finishedOn, failedTests: ["test:home"] });

test("the newest result of the tests counts, by what it says of itself and not by when it came", async (t) => {
  const door = await openDoor(t);
  await tested(door, passed("2026-11-21T11:00:00Z"));
  await tested(door, failed("2026-11-21T11:30:00Z"));
  assert.deepEqual(door.facts().tests, { passed: false, finished: at("11:30"), failed: ["test:home"] });
  assert.deepEqual(kinds(door), []);
  await tested(door, passed("2026-11-21T11:15:00Z"));
  assert.equal(door.facts().tests?.passed, false);
  await tested(door, passed("2026-11-21T11:45:00Z"));
  assert.equal(door.facts().tests?.passed, true);
});

test("of two results of one moment the later one to come in counts", async (t) => {
  const door = await openDoor(t);
  await tested(door, passed("2026-11-21T11:00:00Z"));
  await tested(door, failed("2026-11-21T11:00:00Z"));
  assert.equal(door.facts().tests?.passed, false);
});

test("a failed test that was deleted makes the passed one before it no proof again; a new one does", async (t) => {
  const door = await openDoor(t);
  await tested(door, passed("2026-11-21T11:00:00Z"));
  const { manifest } = await tested(door, failed("2026-11-21T11:30:00Z"));
  await door.record(makeEvent("workload:ci", "manifest.deleted", { repository, digest: manifest }));
  assert.equal(door.facts().tests, undefined);
  assert.match(JSON.stringify(door.facts().uncounted), /the statement of workload:ci was deleted/);
  await tested(door, passed("2026-11-21T11:45:00Z"));
  assert.equal(door.facts().tests?.passed, true);
});

test("a result that is deleted in one repository counts by the other one that has it", async (t) => {
  const door = await openDoor(t);
  const bundle = await sign(door.keys.tester, "tests", {
    image: door.image,
    predicate: passed("2026-11-21T11:00:00Z"),
  });
  const { manifest } = await door.push(bundle);
  await door.push(bundle, { repository: "mirror/web" });
  await door.record(makeEvent("user:root", "manifest.deleted", { repository, digest: manifest }));
  assert.equal(door.facts().tests?.passed, true);
});

test("the newest scan counts, also when it knows less than the one before", async (t) => {
  const door = await openDoor(t);
  const scan = (finished: string, uri: string): object => ({
    scanner: { uri, result: { findings: [], gaps: [], sources: [{ kind: "osv" }], packages: { deb: 1 } } },
    metadata: { scanFinishedOn: finished },
  });
  const push = async (predicate: object): Promise<Pushed> =>
    door.push(await sign(door.keys.scanner, "scan", { image: door.image, predicate }));
  await push(scan("2026-11-21T11:00:00Z", "pkg:generic/ingot@0.1.0"));
  assert.deepEqual(door.facts().scan, { finished: at("11:00"), exploited: [], fixable: [], gaps: 0 });
  await push(scan("2026-11-21T11:30:00Z", "pkg:github/aquasecurity/trivy@0.60"));
  assert.equal(door.facts().scan?.gaps, 1);
});

test("a rebuild that differs takes back the identical one before it, and not one after it", async (t) => {
  const door = await openDoor(t);
  const rebuilt = async (result: string, finishedOn: string): Promise<Pushed> =>
    door.push(await sign(door.keys.rebuilder, "rebuild", { image: door.image, predicate: { result, finishedOn } }));
  await rebuilt("identical", "2026-11-21T11:00:00Z");
  assert.deepEqual(kinds(door), ["rebuild"]);
  const { manifest } = await rebuilt("different", "2026-11-21T11:30:00Z");
  assert.deepEqual(kinds(door), []);
  assert.match(JSON.stringify(door.facts().uncounted), /the rebuild was .*different.*, not identical/);
  await door.record(makeEvent("workload:ci", "manifest.deleted", { repository, digest: manifest }));
  assert.deepEqual(kinds(door), []);
  await rebuilt("identical", "2026-11-21T11:45:00Z");
  assert.deepEqual(kinds(door), ["rebuild"]);
});

test("exceptions are a statement of their own, and count through the scan that applied them", async (t) => {
  const door = await openDoor(t);
  await door.push(await sign(door.keys.scanner, "vex", { image: door.image, predicate: { statements: [] } }));
  assert.deepEqual(door.facts().statements, [{ kind: "vex", by: ["workload:ci"] }]);
  assert.equal(door.facts().scan, undefined);
});

test("authors are who pushed it, whose builder's key signed it, and who wrote or committed the source by a registered address", async (t) => {
  const door = await openDoor(t);
  await door.record(identity("user:erin", "user", [], ["erin@shop.example"]), pushedImage(door.image, "user:bob"));
  const git = {
    digest: { gitCommit: "a".repeat(40) },
    annotations: { authors: ["ERIN@shop.example", "x@shop.example"] },
  };
  const predicate = { buildDefinition: { resolvedDependencies: [git] } };
  await door.push(await sign(door.keys.builder, "provenance", { image: door.image, predicate }));
  const authors = ["user:bob", "user:erin", "workload:ci"];
  assert.deepEqual(door.facts().authors, authors);
  assert.deepEqual(door.facts().strangers, ["x@shop.example"], "whose that is cannot be told, and is said");
  // Whoever made it stays its author: revoking their key lets nobody approve their own.
  const { id } = door.keys.builder.key;
  await door.record(makeEvent(system, "revocation.made", { subject: { kind: "key", id }, reason: "stolen" }));
  assert.deepEqual(door.facts().authors, authors);
  assert.deepEqual(kinds(door), []);
});

test("everybody who has an author's address is an author, and so is who pushed it as if it were attached to something", async (t) => {
  const door = await openDoor(t);
  const other = putTinyImage(door.controller.store, { text: "another" });
  const { digest, mediaType, size } = other;
  const pushed = { repository, digest, mediaType, kind: "image", size, blobs: [], manifests: [] } as const;
  await door.record(
    identity("user:abe", "user", ["approver"], ["carol@shop.example"]),
    makeEvent("user:bob", "manifest.pushed", { ...pushed, subject: door.image.digest }),
  );
  const git = { digest: { gitCommit: "a".repeat(40) }, annotations: { authors: ["carol@shop.example"] } };
  const predicate = { buildDefinition: { resolvedDependencies: [git] } };
  await door.push(await sign(door.keys.builder, "provenance", { image: other, predicate }), { image: other });
  assert.deepEqual(door.facts(digest).authors, ["user:abe", "user:bob", "user:carol", "workload:ci"]);
});

test("attaching a statement makes nobody an author", async (t) => {
  const door = await openDoor(t);
  await door.push(await sign(door.keys.builder, "signature", { image: door.image, predicate: {} }), {
    principal: "user:alice",
  });
  assert.deepEqual(door.facts().authors, ["workload:ci"]);
});

test("a package that was revoked before the image came is revoked in it when its bill of materials comes", async (t) => {
  const door = await openDoor(t);
  const subject = { kind: "package", ecosystem: "deb", name: "openssl", version: "3.0.1" } as const;
  await door.record(makeEvent(system, "revocation.made", { subject, reason: "CVE-2026-1" }));
  const purl = "pkg:deb/debian/libssl3@3.0.1?upstream=openssl";
  await door.push(
    await sign(door.keys.builder, "cyclonedx", { image: door.image, predicate: { components: [{ purl }] } }),
  );
  const [revoked] = door.facts().revocations;
  assert.deepEqual([revoked?.what, revoked?.reason], ["has openssl 3.0.1", "CVE-2026-1"]);
});

test("facts of an image that was scanned each day for a year take less than half a millisecond, and so with statements that do not count", async (t) => {
  const door = await openDoor(t);
  const { digest } = door.image;
  const key = door.keys.scanner.key.id;
  const finished = at("11:00");
  const fixable = Array.from({ length: 20 }, (_, index) => ({
    id: `CVE-2026-${index}`,
    severity: "high",
    since: 1,
  })) as {
    id: string;
    severity: "high";
    since: number;
  }[];
  const scans = Array.from({ length: 365 }, (_, day) => {
    const scan = { finished: finished - day * 86_400, exploited: [], gaps: day, fixable };
    return acceptStatement(digest, { key, role: "scanner", kind: "scan", facts: { kind: "scan", scan } });
  });
  const junk = Array.from({ length: 1000 }, (_, index) => {
    const said = { repository, subject: digest, manifest: digestFor(`${index}`), kind: "scan", reason: "no key" };
    return makeEvent("user:dora", "statement.uncounted", said);
  });
  await door.record(...scans, ...junk);
  assert.equal(door.facts().scan?.gaps, 0);
  const { ledger } = door.controller;
  const times = Array.from({ length: 200 }, () => {
    const start = performance.now();
    gatherFacts(ledger.state, digest);
    return performance.now() - start;
  }).toSorted((a, b) => a - b);
  // The median of the faster half: what else runs on the machine is not measured.
  assert.ok((times[50] ?? 1) < 0.5, `${times[50]} ms`);
});

async function tested(door: Door, predicate: object): Promise<Pushed> {
  return door.push(await sign(door.keys.tester, "tests", { image: door.image, predicate }));
}

function kinds(door: Door): readonly string[] {
  return door.facts().statements.map(({ kind }) => kind);
}

function at(time: string): number {
  return Date.parse(`2026-11-21T${time}:00Z`) / 1000;
}
