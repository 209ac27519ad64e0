import assert from "node:assert/strict";
import { readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { addFeed } from "./add-feed.ts";
import { dataFolder, feedsFolder, listFeeds, requireFeeds } from "./feed-folder.ts";
import { deb, makeFeedWorld, tracker } from "./feeds.fixture.ts";
import { openFeeds } from "./open-feeds.ts";

test("a scan that has begun goes on with what it opened while the feed is replaced; two replacements later that is gone", async (t) => {
  const { ctx, put } = makeFeedWorld(t);
  const replace = async (version: string, time: string) => {
    const path = put("t.json", JSON.stringify(tracker).replaceAll("3.0.15-1~deb12u1", version));
    utimesSync(path, new Date(time), new Date(time));
    return (await addFeed(ctx, path)).feed;
  };
  const first = await replace("3.0.15-1~deb12u1", "2026-11-19T00:00:00Z");
  const begun = await openFeeds(ctx);
  const find = async (feeds: typeof begun) =>
    (await feeds.advisories[0]?.find([deb("openssl", "3.0.1-1")]))?.map(({ fixedVersion }) => fixedVersion);
  const second = await replace("3.0.16-1", "2026-11-20T00:00:00Z");
  assert.deepEqual(await find(begun), ["3.0.15-1~deb12u1"]);
  assert.deepEqual(await find(await openFeeds(ctx)), ["3.0.16-1"]);
  // What came is kept once only.
  assert.deepEqual(readdirSync(dataFolder(ctx, first)).toSorted(), ["data", "keys"]);
  const third = await replace("3.0.17-1", "2026-11-21T00:00:00Z");
  const folders = readdirSync(join(feedsFolder(ctx), "debian-tracker")).toSorted();
  assert.deepEqual(folders, ["feed.json", second.data, third.data].toSorted());
  await assert.rejects(async () => find(begun), { code: "feed-damaged" });
});

test("a feed.json that another release wrote, or that leads elsewhere, is not used", async (t) => {
  const { ctx, put } = makeFeedWorld(t);
  await addFeed(ctx, put("t.json", JSON.stringify(tracker)));
  const path = join(feedsFolder(ctx), "debian-tracker/feed.json");
  const feed = JSON.parse(readFileSync(path, "utf8")) as object;
  for (const change of [{ format: 2 }, { data: "../../elsewhere" }, { kind: "csv" }, { name: "other" }, { date: 3 }]) {
    writeFileSync(path, JSON.stringify({ ...feed, ...change }));
    assert.throws(() => listFeeds(ctx), { code: "feed-damaged" }, JSON.stringify(change));
  }
  writeFileSync(path, JSON.stringify(feed));
  assert.equal(requireFeeds(ctx, ["debian-tracker"]).length, 1);
  assert.throws(() => requireFeeds(ctx, ["other"]), { code: "feed-unknown" });
});
