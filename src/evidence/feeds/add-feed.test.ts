import assert from "node:assert/strict";
import { readdirSync, statSync, truncateSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { runIngot } from "../../../test/support/run-ingot.ts";
import { addFeed } from "./add-feed.ts";
import { changeFeeds, feedsFolder, listFeeds } from "./feed-folder.ts";
import { usualLimits } from "./feed.ts";
import { epss, exploited, makeFeedWorld, osvRecord, tracker } from "./feeds.fixture.ts";
import { openFeeds } from "./open-feeds.ts";

const malformed = { code: "feed-malformed" };

test("the kind is found out from the content, and the date is the data's own", async (t) => {
  const { ctx, put } = makeFeedWorld(t);
  const trackerFile = put("t.json", JSON.stringify(tracker));
  utimesSync(trackerFile, new Date("2026-11-19T00:00:00Z"), new Date("2026-11-19T00:00:00Z"));
  const cases: readonly (readonly [string, string, string, number])[] = [
    [trackerFile, "debian-tracker", "2026-11-19T00:00:00.000Z", 7],
    [put("k.json", JSON.stringify(exploited, null, 2)), "kev", "2026-11-20T15:00:00.000Z", 1],
    [put("e.csv", epss), "epss", "2026-11-20T00:00:00.000Z", 3],
    [put("e.csv.gz", gzipSync(epss)), "epss", "2026-11-20T00:00:00.000Z", 3],
    [put("o.json", JSON.stringify(osvRecord())), "osv", "2026-11-10T10:00:00.000Z", 1],
  ];
  for (const [path, kind, date, entries] of cases) {
    const { feed } = await addFeed(ctx, path, { name: "it" });
    assert.deepEqual([feed.kind, feed.date, feed.entries], [kind, date, entries], path);
    const other = kind === "kev" ? "osv" : "kev";
    await assert.rejects(addFeed(ctx, path, { name: "other", kind: other }), malformed, path);
    await changeFeeds(ctx, async () => (await import("./feed-folder.ts")).removeFeed(ctx, "it"));
  }
});

test("exploited vulnerabilities and scores are found by id, and old feeds are noted", async (t) => {
  const { ctx, put } = makeFeedWorld(t);
  await addFeed(ctx, put("k.json", JSON.stringify(exploited)));
  await addFeed(ctx, put("e.csv", epss));
  const feeds = await openFeeds({ ...ctx, now: () => new Date("2026-11-27T16:00:00Z") });
  assert.equal(feeds.exploited("CVE-2024-0001"), "2026-03-01");
  assert.equal(feeds.exploited("CVE-2024-0002"), undefined);
  assert.deepEqual(feeds.epss("CVE-2024-1001"), { score: 0.000_42, percentile: 0.05 });
  assert.equal(feeds.epss("CVE-2024-1002"), undefined);
  assert.deepEqual(
    feeds.sources.map(({ name, kind, date }) => [name, kind, date.slice(0, 10)]),
    [
      ["epss", "epss", "2026-11-20"],
      ["kev", "kev", "2026-11-20"],
    ],
  );
  assert.deepEqual(feeds.notes, []);
  const later = await openFeeds({ ...ctx, now: () => new Date("2026-11-28T12:00:00Z") });
  assert.deepEqual(later.notes, ["the feed epss is 8 days old (2026-11-20); next: ingot feeds update"]);
  assert.deepEqual(await openFeeds(makeFeedWorld(t).ctx).then(({ sources }) => sources), []);
});

test("whatever is wrong with a new one, the one in use stays, and nothing is left lying about", async (t) => {
  const { ctx, put } = makeFeedWorld(t);
  const whole = JSON.stringify(tracker);
  const path = put("tracker.json", whole);
  const { feed } = await addFeed(ctx, path);
  const gz = gzipSync(whole);
  const bad: readonly (string | Uint8Array)[] = [
    whole.slice(0, -1),
    whole.slice(0, 700),
    gz.subarray(0, gz.length - 20),
    "",
    "{}",
    "[]",
    "null",
    "not JSON",
    '{"not": ',
    "<!DOCTYPE html><title>502 Bad Gateway</title>",
    JSON.stringify(exploited),
    JSON.stringify({ zlib: ["CVE-2024-1"] }),
    Buffer.from("PK\x05\x06 nothing more", "latin1"),
    `${whole}{}`,
  ];
  for (const content of bad) {
    put("tracker.json", content);
    await assert.rejects(
      addFeed(ctx, path, { kind: "debian-tracker", name: feed.name }),
      malformed,
      String(content).slice(0, 40),
    );
  }
  assert.deepEqual(listFeeds(ctx), [feed]);
  assert.deepEqual(readdirSync(feedsFolder(ctx)).toSorted(), [".lock", feed.name]);
  assert.deepEqual(readdirSync(join(feedsFolder(ctx), feed.name)).toSorted(), [feed.data, "feed.json"].toSorted());
});

test("lists that are cut off or altered are refused", async (t) => {
  const { ctx, put } = makeFeedWorld(t);
  const [vulnerability] = exploited.vulnerabilities;
  const bad: readonly string[] = [
    JSON.stringify({ ...exploited, count: 2 }),
    JSON.stringify({ ...exploited, vulnerabilities: [] }),
    JSON.stringify({ ...exploited, vulnerabilities: {} }),
    JSON.stringify({ ...exploited, dateReleased: "soon" }),
    JSON.stringify({ ...exploited, dateReleased: "2027-01-01T00:00:00Z" }),
    JSON.stringify({ ...exploited, vulnerabilities: [{ ...vulnerability, dateAdded: "2026-13-45" }] }),
    JSON.stringify({ ...exploited, vulnerabilities: [{ ...vulnerability, cveID: "x" }] }),
    JSON.stringify(exploited).slice(0, -2),
    epss.slice(0, -3),
    epss.replace("0.97", "97"),
    epss.replace("cve,epss", "cve,cvss"),
    epss.replace(/^#.*\n/, ""),
    epss.replace("2026-11-20", "2036-11-20"),
    epss.split("\n").slice(0, 2).join("\n"),
    `${epss}${"x".repeat(10_000)}`,
  ];
  for (const content of bad) await assert.rejects(addFeed(ctx, put("feed", content)), malformed, content);
});

test("one that is older, or has far less, than the one in use is refused unless that is allowed", async (t) => {
  const { ctx, put } = makeFeedWorld(t);
  const path = put("epss.csv", epss);
  await addFeed(ctx, path);
  put("epss.csv", epss.replace("2026-11-20", "2026-11-19"));
  const refused = { code: "feed-rolled-back", exitCode: 1 };
  await assert.rejects(addFeed(ctx, path), refused);
  assert.equal((await addFeed(ctx, path, { allowOlder: true })).change, "updated");
  put("epss.csv", epss.split("\n").toSpliced(3, 2).join("\n"));
  await assert.rejects(addFeed(ctx, path), { ...refused, message: /has 1 entries, and the one in use 3/ });
});

test("a feed of a name that comes from another place is not replaced unasked", async (t) => {
  const { ctx, put } = makeFeedWorld(t);
  await addFeed(ctx, put("a.csv", epss));
  assert.equal((await addFeed(ctx, put("a.csv", epss))).change, "unchanged");
  await addFeed(ctx, put("k.json", JSON.stringify(exploited)));
  // What is there now would take the name of another feed.
  await assert.rejects(addFeed(ctx, put("k.json", epss)), { code: "feed-exists" });
  await assert.rejects(addFeed(ctx, put("b.csv", epss)), { code: "feed-exists" });
  assert.equal((await addFeed(ctx, put("b.csv", epss), { name: "second" })).feed.name, "second");
  await assert.rejects(addFeed(ctx, put("b.csv", epss), { name: "../up" }), { code: "usage" });
  await assert.rejects(addFeed(ctx, join(ctx.cwd, "none.csv")), { code: "feed-missing" });
  await assert.rejects(addFeed(ctx, "ftp://example.com/feed"), { code: "usage" });
});

test("two gigabytes are refused at once, and what unpacks to more than the limit before it fills memory or disk", async (t) => {
  const { ctx, put } = makeFeedWorld(t);
  const path = put("huge.json", "");
  truncateSync(path, 2 ** 31);
  await assert.rejects(addFeed(ctx, path), { code: "feed-too-large" });
  const bomb = put("bomb.gz", gzipSync(Buffer.concat([Buffer.from('{"a":{"'), Buffer.alloc(1 << 26, "a")])));
  assert.ok(statSync(bomb).size < 100_000);
  await assert.rejects(addFeed(ctx, bomb, { limits: { ...usualLimits, unpacked: 1 << 22 } }), {
    code: "feed-too-large",
  });
  await assert.rejects(addFeed(ctx, bomb, { limits: { ...usualLimits, record: 1 << 22 } }), { code: "feed-too-large" });
  assert.deepEqual(listFeeds(ctx), []);
});

test("a killed add leaves the one in use, and what it left is swept by the next", async (t) => {
  const { ctx, put } = makeFeedWorld(t);
  const { feed } = await addFeed(ctx, put("e.csv", epss));
  const lines = Array.from({ length: 120_000 }, (_, index) => `CVE-2025-${100_000 + index},0.5,0.5`);
  const big = put("big.csv", [...epss.trimEnd().split("\n"), ...lines, ""].join("\n"));
  const env = { INGOT_HOME: ctx.home };
  const args = ["feeds", "add", big, "--name", "second"];
  const killed = await runIngot(args, {
    env,
    during: async (pid) => {
      for (
        let waited = 0;
        waited < 10_000 && !readdirSync(feedsFolder(ctx)).some((name) => name.startsWith(".new-"));
        waited += 5
      ) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      process.kill(pid, "SIGKILL");
    },
  });
  assert.equal(killed.code, 137);
  assert.deepEqual(listFeeds(ctx), [feed]);
  assert.equal(readdirSync(feedsFolder(ctx)).filter((name) => name.startsWith(".new-")).length, 1);
  assert.equal((await runIngot(args, { env })).code, 0);
  assert.deepEqual(
    listFeeds(ctx).map(({ name, entries }) => [name, entries]),
    [
      ["epss", 3],
      ["second", 120_003],
    ],
  );
  assert.deepEqual(readdirSync(feedsFolder(ctx)).toSorted(), [".lock", "epss", "second"]);
});
