import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Context } from "../../ground/context.ts";
import { readTar } from "../../oci/tar/read.ts";
import { writeTar } from "../../oci/tar/write.ts";
import { addFeed } from "./add-feed.ts";
import { exportFeeds } from "./export-feeds.ts";
import { dataFolder, listFeeds } from "./feed-folder.ts";
import { contentFile } from "./feed.ts";
import { deb, epss, exploited, hasty, makeFeedWorld, serve, tracker } from "./feeds.fixture.ts";
import { importFeeds } from "./import-feeds.ts";
import { openFeeds } from "./open-feeds.ts";

async function makeBundle(t: TestContext): Promise<{ ctx: Context; path: string }> {
  const { ctx, put } = makeFeedWorld(t);
  const { url } = await serve(t, (_, response) => response.end(epss));
  await addFeed(ctx, url.replace("//", "//user:hunter2@"), { patience: hasty });
  await addFeed(ctx, put("k.json", JSON.stringify(exploited)));
  await addFeed(ctx, put("t.json", JSON.stringify(tracker)));
  const path = join(ctx.cwd, "feeds.tar");
  await exportFeeds(ctx, path, listFeeds(ctx));
  return { ctx, path };
}

test("feeds that are exported and imported elsewhere say the same, and no credentials go with them", async (t) => {
  const { ctx, path } = await makeBundle(t);
  assert.doesNotMatch(readFileSync(path, "latin1"), /hunter2/);
  const { ctx: elsewhere } = makeFeedWorld(t);
  const changes = await importFeeds(elsewhere, path);
  assert.deepEqual(
    changes.map(({ feed, change }) => [feed.name, change]),
    [
      ["debian-tracker", "added"],
      ["epss", "added"],
      ["kev", "added"],
    ],
  );
  const [here, there] = await Promise.all([openFeeds(ctx), openFeeds(elsewhere)]);
  assert.deepEqual(there.sources, here.sources);
  const installed = [deb("openssl", "3.0.11-1"), deb("zlib", "1.2-1")];
  assert.deepEqual(await there.advisories[0]?.find(installed), await here.advisories[0]?.find(installed));
  assert.equal(there.exploited("CVE-2024-0001"), "2026-03-01");
  assert.deepEqual(
    (await importFeeds(elsewhere, path)).map(({ change }) => change),
    ["unchanged", "unchanged", "unchanged"],
  );
  const again = join(ctx.cwd, "again.tar");
  await exportFeeds(ctx, again, listFeeds(ctx));
  assert.ok(readFileSync(path).equals(readFileSync(again)), "the same feeds give the same bytes");
});

test("a file that is cut off, altered or lies imports nothing at all", async (t) => {
  const { path } = await makeBundle(t);
  const whole = readFileSync(path);
  const entries = [...readTar(whole)];
  const [list, ...contents] = entries;
  assert.ok(list && contents.length === 3);
  const parsed = JSON.parse(String(list.content)) as { format: number; feeds: { name: string; date: string }[] };
  const withList = (value: unknown) => {
    const content = Buffer.from(JSON.stringify(value));
    return writeTar([{ ...list, content, size: content.length }, ...contents]);
  };
  const withFeeds = (change: (feed: object, index: number) => object) =>
    withList({ ...parsed, feeds: parsed.feeds.map(change) });
  const flipped = Buffer.from(whole);
  const place = flipped.lastIndexOf("CVE-2024-0001");
  flipped.write("CVE-2024-9999", place);
  const bad: Readonly<Record<string, Buffer>> = {
    "cut off in the last feed": whole.subarray(0, whole.length - 1600),
    "cut off in the list": whole.subarray(0, 700),
    empty: Buffer.alloc(0),
    "no tar": Buffer.from(epss),
    "altered content": flipped,
    "a feed is missing": writeTar(entries.slice(0, -1)),
    "one more": writeTar([...entries, { ...list, path: "feeds/more" }]),
    "another order": writeTar([list, ...contents.toReversed()]),
    "a link": writeTar([
      list,
      { ...contents[0], type: "symlink", linkname: "/etc/passwd", size: 0, content: Buffer.alloc(0) } as typeof list,
    ]),
    "another format": withList({ ...parsed, format: 2 }),
    "a name that leads out": withFeeds((feed, index) => (index === 0 ? { ...feed, name: "../x" } : feed)),
    "the same name twice": withFeeds((feed) => ({ ...feed, name: "epss" })),
    "another date": withFeeds((feed) => ({ ...feed, date: "2026-11-21T00:00:00.000Z" })),
    "a date of the future": withFeeds((feed, index) =>
      index === 0 ? { ...feed, date: "2031-01-01T00:00:00.000Z" } : feed,
    ),
  };
  const { ctx, put } = makeFeedWorld(t);
  for (const [what, content] of Object.entries(bad)) {
    await assert.rejects(importFeeds(ctx, put("bad.tar", content)), { code: "feed-damaged", exitCode: 4 }, what);
    assert.deepEqual(listFeeds(ctx), [], what);
  }
  await assert.rejects(importFeeds(ctx, join(ctx.cwd, "none.tar")), { code: "feed-missing" });
});

test("an import older than what is in use is refused whole", async (t) => {
  const { path } = await makeBundle(t);
  const { ctx, put } = makeFeedWorld(t);
  const { feed } = await addFeed(
    ctx,
    put("k.json", JSON.stringify({ ...exploited, dateReleased: "2026-11-21T00:00:00Z" })),
  );
  await assert.rejects(importFeeds(ctx, path), { code: "feed-rolled-back" });
  assert.deepEqual(listFeeds(ctx), [feed]);
  assert.equal((await importFeeds(ctx, path, { allowOlder: true })).length, 3);
});

test("what is no longer whole on disk is not exported", async (t) => {
  const { ctx, path } = await makeBundle(t);
  const [feed] = listFeeds(ctx);
  assert.ok(feed);
  const content = join(dataFolder(ctx, feed), contentFile);
  writeFileSync(content, readFileSync(content, "utf8").replace("remote", "nowher"));
  const before = readFileSync(path);
  await assert.rejects(exportFeeds(ctx, path, listFeeds(ctx)), { code: "feed-damaged" });
  assert.ok(before.equals(readFileSync(path)), "the former file stays");
});
