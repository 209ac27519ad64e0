import assert from "node:assert/strict";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseJson, runIngot } from "../../../test/support/run-ingot.ts";
import { epss, exploited, makeFeedWorld, serve } from "../../evidence/feeds/feeds.fixture.ts";

test("feeds are added, listed, updated, carried over and removed; a password in an address is shown nowhere", async (t) => {
  const { ctx, put } = makeFeedWorld(t);
  const env = { INGOT_HOME: ctx.home };
  let isDown = false;
  const { url } = await serve(t, (_, response) => (isDown ? response.writeHead(404).end() : response.end(epss)));
  const secret = `${url.replace("//", "//user:hunter2@")}/epss?key=hunter2`;
  const run = async (args: readonly string[], home = env) => {
    const result = await runIngot(["feeds", ...args], { env: home, cwd: ctx.cwd });
    assert.doesNotMatch(result.stdout + result.stderr, /hunter2/);
    return result;
  };
  assert.equal((await run(["list"])).stdout, "there are no feeds; next: ingot feeds add URL\n");
  assert.equal((await run(["add", secret])).stdout, "epss: added, epss of 2026-11-20, 3 entries\n");
  assert.equal(statSync(join(ctx.home, "feeds/epss/feed.json")).mode & 0o777, 0o600);
  const kev = put("kev.json", JSON.stringify(exploited));
  const added = parseJson<{ feeds: object[] }>(await run(["add", "kev.json", "--json"]));
  assert.partialDeepStrictEqual(added.feeds, [
    { name: "kev", change: "added", source: kev, entries: 1, imported: false },
  ]);
  assert.match(
    (await run(["list"])).stdout,
    /^NAME .*\nepss +epss +2026-11-20 .*127\.0\.0\.1:\d+\/epss\?…\nkev +kev +2026-11-20 .*kev\.json\n$/,
  );

  assert.match((await run(["export", "out.tar"])).stdout, /^wrote out\.tar: epss, kev, .*SHA-256 [0-9a-f]{64}\n$/);
  const other = { INGOT_HOME: join(ctx.cwd, "other") };
  assert.equal((await run(["import", "out.tar"], other)).code, 0);
  assert.equal((await run(["update"], other)).code, 1, "imported ones are left alone");

  isDown = true;
  writeFileSync(kev, JSON.stringify({ ...exploited, dateReleased: "2026-11-21T00:00:00Z" }));
  const failed = await run(["update"]);
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /epss stayed as before: .*404[^]*kev: updated[^]*code: feed-missing\n/);

  assert.equal((await run(["remove", "epss"])).stdout, "removed epss\n");
  writeFileSync(join(ctx.home, "feeds/kev/feed.json"), "{");
  assert.match((await run(["list"])).stderr, /code: feed-damaged\n/);
  assert.equal((await run(["remove", "kev"])).code, 0, "a damaged one can be removed");
  assert.match((await run(["remove", "kev"])).stderr, /code: feed-unknown\n/);
  assert.equal((await run(["add", "kev.json", "--kind", "csv"])).code, 2);
});
