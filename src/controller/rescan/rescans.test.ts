import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { addFeed } from "../../evidence/feeds/add-feed.ts";
import { exploited, serve } from "../../evidence/feeds/feeds.fixture.ts";
import { mayRun, openFleetRecord } from "../fleet/fleet-record.ts";
import { followRevocations } from "../fleet/follow-revocations.ts";
import { listAlarms } from "../state/alarms.ts";
import { findIdentity } from "../state/identities.ts";
import { listReleases } from "../state/releases.ts";
import { listAccepted } from "../state/statements.ts";
import type { Controller } from "../controller.ts";
import { fingerprintFeeds } from "./feed-fingerprint.ts";
import { key, openRunningWorld, tracker } from "./rescan.fixture.ts";
import { openRescans, type RescanPace } from "./rescans.ts";
import { ownScanner } from "./scanner-identity.ts";

type Problem = { readonly message: string; readonly why?: string; readonly code?: string };

/** Scans what runs while `work` lasts. */
async function whileScanning(
  controller: Controller,
  pace: Partial<RescanPace>,
  work: (problems: readonly Problem[]) => Promise<void>,
): Promise<void> {
  const problems: Problem[] = [];
  const rescans = openRescans(controller, {
    every: 3_600_000,
    pace: { first: 0, poll: 20, ...pace },
    onProblem: (message, values) => void problems.push({ message, ...values }),
  });
  try {
    await work(problems);
  } finally {
    await rescans.close();
  }
}

async function until<T>(what: string, find: () => T | undefined | false): Promise<T> {
  for (const end = Date.now() + 60_000; ; await sleep(20)) {
    const found = find();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) assert.fail(`${what} did not come to be`);
  }
}

test("what runs is scanned anew when feeds change; what is known to be exploited then may not run, and is replaced", async (t) => {
  const { controller, run } = await openRunningWorld(t);
  const { ledger, ctx } = controller;
  const safe = await run({ name: "zlib" });
  const weak = await run({ name: "openssl" });
  const { url } = await serve(t, ({ url: path }, response) => {
    response.end(JSON.stringify(path === "/kev" ? exploited : tracker));
  });
  const scans = (image: string) =>
    listAccepted(ledger.state, image).filter(({ kind, principal }) => kind === "scan" && principal === ownScanner);

  const record = openFleetRecord(controller, { prepare: () => Promise.resolve() });
  const follow = followRevocations(controller, record);
  await whileScanning(controller, {}, async (problems) => {
    // No source at all: that there are no findings says nothing.
    const alarm = await until("an alarm", () => listAlarms(ledger.state, key).find((one) => one.alarm !== ""));
    assert.equal(alarm.alarm, "rescan-incomplete");
    assert.match(alarm.message, /shop\/web [0-9a-f:sh]+ was scanned anew .*no source of advisories was asked/);
    assert.deepEqual(
      problems.map(({ message }) => message),
      ["a scan of what runs is not signed"],
    );
    assert.equal(scans(weak.digest).length, 0);
    assert.equal(findIdentity(ledger.state, ownScanner), undefined, "nothing was signed, and nobody is registered");

    await addFeed(ctx, `${url}/tracker`, { name: "tracker" });
    const [first] = await until("a scan", () => scans(weak.digest).length > 0 && scans(weak.digest));
    assert.equal(first?.key, findIdentity(ledger.state, ownScanner)?.keys[0]?.id);
    assert.ok(first?.logged !== undefined && controller.signatures.checkpoint().size > first.logged.index);
    assert.deepEqual(first.facts.kind === "scan" && first.facts.scan, {
      finished: Date.parse("2026-11-21T12:00:00Z") / 1000,
      exploited: [],
      fixable: [],
      gaps: 0,
    });
    await until("the end of the alarm", () => listAlarms(ledger.state, key).length === 0);
    assert.ok(mayRun(controller, key, weak.digest));
    const before = fingerprintFeeds(ctx);
    await addFeed(ctx, `${url}/tracker`, { name: "tracker" });
    assert.equal(fingerprintFeeds(ctx), before, "feeds that say the same are no change");

    await addFeed(ctx, `${url}/kev`, { name: "kev" });
    const release = await until("a replacement", () =>
      listReleases(ledger.state, key).find(({ number }) => number === 3),
    );
    assert.equal(release.image, safe.digest);
    assert.match(release.reason, /release 2 may not run any more/);
    assert.equal(release.createdBy, "system:controller");
    assert.ok(!mayRun(controller, key, weak.digest));
    const last = scans(weak.digest).at(-1);
    assert.deepEqual(last?.facts.kind === "scan" && last.facts.scan.exploited, ["CVE-2024-0001"]);
  });
  record.close();
  await follow();
});

test("a mirror that cannot be asked is told once and asked again; nothing is signed meanwhile, and what was scanned before stands", async (t) => {
  const { controller, run, facts } = await openRunningWorld(t);
  const { url, asked } = await serve(t, (_, response) => response.writeHead(404).end());
  const image = await run({ name: "zlib", codename: "bookworm" });
  const scanned = facts(image.digest).scan?.finished;
  const ctx = { ...controller.ctx, env: { INGOT_DEBIAN_MIRROR: `${url}/debian ${url}/security` } };
  await whileScanning({ ...controller, ctx }, { retry: 50 }, async (problems) => {
    const [problem] = await until("a problem", () => problems.length > 0 && problems);
    const before = asked.length;
    await until("another try", () => asked.length >= 2 * before);
    assert.equal(problems.length, 1, JSON.stringify(problems));
    assert.equal(problem?.message, "what runs could not be scanned anew; it is tried again");
    assert.equal(problem.code, "download-missing");
    assert.equal(facts(image.digest).scan?.finished, scanned);
  });
});
