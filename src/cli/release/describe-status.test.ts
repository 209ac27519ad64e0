import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServiceStatus } from "../../controller/verbs/status.ts";
import { describeStatus } from "./describe-status.ts";

const now = Date.parse("2026-11-21T12:00:00Z") / 1000;
const permit = { permit: true, policies: ["deployers"], missing: [], policyDigest: "sha256:1" };
const missing = [{ policy: "scan-fresh", missing: "the newest scan is 3 days old", supply: "ingot scan shop/web" }];
const deny = { permit: false, policies: ["scan-fresh"], missing, policyDigest: "sha256:1" };

const service: ServiceStatus = {
  release: {
    service: "web",
    environment: "production",
    number: 3,
    repository: "shop/web",
    image: `sha256:${"a".repeat(64)}`,
    configuration: {},
    decision: 1,
    reason: "",
    createdBy: "user:dora",
    created: "2026-11-21T11:00:00.000Z",
    event: 2,
  },
  tags: ["1"],
  deploy: permit,
  pull: permit,
  revocations: [],
  approvals: [],
};

/** The last word of the table's row. */
function standing(one: ServiceStatus): string {
  return describeStatus([one], now).split("\n")[1]?.split(/ {2,}/).at(-1) ?? "";
}

test("each service is one line, and what is well has nothing below it", () => {
  const [heading = "", row = "", ...rest] = describeStatus([service], now).split("\n");
  assert.match(heading, /^ENVIRONMENT +SERVICE +RELEASE +IMAGE +SINCE +BY +NOW$/);
  assert.match(row, /^production +web +3 +shop\/web:1 +2026-11-21T11:00:00Z +user:dora +permitted$/);
  assert.deepEqual(rest, []);
  assert.match(describeStatus([], now), /nothing is released; next: ingot deploy/);
});

test("what could be started and not be released anew runs on, with what is missing", () => {
  const one = { ...service, deploy: deny };
  assert.equal(standing(one), "runs on");
  assert.match(
    describeStatus([one], now),
    /it would be denied:\n {4}scan-fresh: the newest scan is 3 days old → ingot scan shop\/web/,
  );
  assert.equal(standing({ ...one, pull: deny }), "denied");
});

test("a revocation and a broken glass stand above everything else", () => {
  const breakGlass = { reason: "down\nfor all", expires: now + 60, isOverdue: false };
  assert.equal(standing({ ...service, breakGlass }), "BREAK-GLASS");
  assert.equal(standing({ ...service, breakGlass: { ...breakGlass, isOverdue: true } }), "BREAK-GLASS, OVERDUE");
  const revoked = {
    ...service,
    breakGlass,
    pull: deny,
    deploy: deny,
    revocations: [{ event: 9, what: "itself", reason: "x" }],
  };
  assert.equal(standing(revoked), "REVOKED");
  const text = describeStatus([revoked], now);
  assert.match(text, /REVOKED by #9 \(itself\): x/);
  assert.match(text, /BREAK-GLASS until 2026-11-21T12:01:00Z: down for all/);
});

test("what ends within a day is said; what ends later, or only keeps it from being released anew, is not", () => {
  const soon = {
    ...service,
    approvals: [{ by: "user:alice", expires: now + 3600 }],
    deploy: { ...permit, until: now + 60 },
    pullEnds: now + 60,
  };
  const text = describeStatus([soon], now);
  assert.match(text, /the approval of user:alice ends at 2026-11-21T13:00:00Z/);
  assert.match(text, /from 2026-11-21T12:01:00Z on its instances may not be started/);
  const later = {
    ...service,
    approvals: [{ by: "user:alice", expires: now + 90_000 }],
    deploy: { ...permit, until: now + 60 },
  };
  assert.equal(describeStatus([later], now).split("\n").length, 2);
});
