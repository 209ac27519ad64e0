import assert from "node:assert/strict";
import { test } from "node:test";
import { makeEvent, system } from "../../controller/events/events.ts";
import { acceptStatement, digestFor, usual } from "../../controller/verbs/releases.fixture.ts";
import { startRegistry } from "../registry/registry.fixture.ts";

const place = { environment: "staging", service: "web" };

test("a collector on this machine reads OpenMetrics without a token: what is on the record is counted", async (t) => {
  const { url, controller } = await startRegistry(t, { now: new Date() });
  const chain = [{ pid: 7, parent: 1, executable: "/tmp/x", command: ["/tmp/x"] }];
  const found = {
    ...place,
    instance: "web-1",
    release: 1,
    image: "sha256:0",
    rule: "foreign-executable",
    subject: "/tmp/x",
    message: "x",
    seen: 1,
    found: 2,
    sensor: "trace",
    response: "frozen",
    chain,
  } as const;
  await controller.ledger.transact(() => ({
    events: [
      makeEvent(system, "drift.found", found),
      makeEvent(system, "drift.found", found),
      makeEvent(system, "alarm.raised", { ...place, alarm: "start-failed", message: 'a "quoted" message' }),
    ],
    result: undefined,
  }));
  const answer = await fetch(`${url}/metrics`);
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get("content-type") ?? "", /^application\/openmetrics-text; version=1\.0\.0/);
  const text = await answer.text();
  assert.match(text, /^ingot_drift_total\{environment="staging",service="web",rule="foreign-executable"\} 2$/m);
  assert.match(text, /^ingot_alarms\{environment="staging",service="web",alarm="start-failed"\} 1$/m);
  assert.match(text, /^ingot_ledger_events_total [1-9]\d*$/m);
  assert.match(text, /^process_resident_memory_bytes /m);
  assert.ok(text.endsWith("# EOF\n"), "OpenMetrics 1.0 ends so: what was cut off is seen");
  await controller.ledger.transact(() => ({
    events: [makeEvent(system, "alarm.cleared", { ...place, alarm: "start-failed" })],
    result: undefined,
  }));
  const later = await (await fetch(`${url}/metrics`)).text();
  assert.ok(!later.includes("start-failed"), "what is over is not told");
  assert.match(later, /rule="foreign-executable"\} 2$/m, "read twice, counted once");
});

test("how old the newest scan of a release's image is, is told; a collector sees what nobody scans any more", async (t) => {
  const now = new Date();
  const { url, controller } = await startRegistry(t, { now });
  const image = digestFor("web");
  const key = "0".repeat(64);
  const finished = Math.floor(now.getTime() / 1000) - 7200;
  const scan = { finished, exploited: [], fixable: [], gaps: 0 };
  const release = { ...place, number: 1, repository: "shop/web", image, configuration: usual, decision: 0, reason: "" };
  await controller.ledger.transact(() => ({
    events: [
      makeEvent(system, "key.registered", { principal: "workload:ci", key: { id: key, pem: "", use: "scanner" } }),
      makeEvent("user:dora", "release.created", release),
      acceptStatement(image, { key, role: "scanner", kind: "scan", facts: { kind: "scan", scan } }),
    ],
    result: undefined,
  }));
  const text = await (await fetch(`${url}/metrics`)).text();
  assert.match(text, /^ingot_scan_age_seconds\{environment="staging",service="web"\} 720[0-9]$/m);
});

test("whoever comes through a proxy needs the token of somebody who may read", async (t) => {
  const { url, admin, enter } = await startRegistry(t, { now: new Date() });
  const nobody = await enter("user:nobody", []);
  const ask = async (headers: Record<string, string>): Promise<number> =>
    (await fetch(`${url}/metrics`, { headers: { "x-forwarded-for": "192.0.2.7", ...headers } })).status;
  assert.equal(await ask({}), 401);
  assert.equal(await ask({ authorization: "Bearer x" }), 401);
  assert.equal(await ask({ authorization: `Bearer ${nobody}` }), 403);
  assert.equal(await ask({ authorization: `Bearer ${admin.token}` }), 200);
});
