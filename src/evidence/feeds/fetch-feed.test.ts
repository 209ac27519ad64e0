import assert from "node:assert/strict";
import type { RequestListener } from "node:http";
import { test, type TestContext } from "node:test";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { addFeed, updateFeed } from "./add-feed.ts";
import { listFeeds } from "./feed-folder.ts";
import { usualLimits } from "./feed.ts";
import { epss, hasty, makeFeedWorld, serve } from "./feeds.fixture.ts";

/** Adds a good feed, then updates it from a server that has turned bad: how that fails, and how often it was asked. */
async function updateFrom(t: TestContext, bad: RequestListener, path = "/epss.csv") {
  const { ctx } = makeFeedWorld(t);
  let isBad = false;
  const { url, asked } = await serve(t, (request, response) => {
    if (isBad) bad(request, response);
    else response.end(epss);
  });
  const address = new URL(path, url.replace("//", "//user:hunter2@"));
  address.search = "?token=hunter2";
  const { feed } = await addFeed(ctx, address.href, { patience: hasty });
  isBad = true;
  asked.length = 0;
  const error: unknown = await updateFeed(ctx, feed, { patience: hasty }).catch((thrown: unknown) => thrown);
  assert.deepEqual(
    listFeeds(ctx).map(({ digest }) => digest),
    [feed.digest],
    "the former one stays in use",
  );
  assert.ok(error instanceof IngotError);
  const said = [error.message, error.hint, ...error.details, JSON.stringify(error), String(error.cause)].join("\n");
  assert.doesNotMatch(said, /hunter2/, "credentials are never shown");
  return { error, asked };
}

test("an answer that may pass is tried again; one that does not is not", async (t) => {
  const cases = [
    [401, "feed-denied", 1],
    [403, "feed-denied", 1],
    [404, "feed-missing", 1],
    [410, "feed-missing", 1],
    [429, "feed-unreachable", 3],
    [500, "feed-unreachable", 3],
    [503, "feed-unreachable", 3],
  ] as const;
  for (const [status, code, times] of cases) {
    const { error, asked } = await updateFrom(t, (_, response) => response.writeHead(status).end("no"));
    assert.equal(error.code, code, String(status));
    assert.match(error.message, new RegExp(`/epss\\.csv\\?….* ${status}`));
    assert.equal(asked.length, times, String(status));
  }
});

test("a port that nothing is ever fetched from is told so at once", async (t) => {
  const { ctx } = makeFeedWorld(t);
  let waited = 0;
  const randomBytes = (size: number): Buffer => {
    waited += 1;
    return ctx.randomBytes(size);
  };
  await assert.rejects(addFeed({ ...ctx, randomBytes }, "http://127.0.0.1:9/epss.csv", { patience: hasty }), {
    code: "feed-missing",
    message: /cannot be used: port 9 is reserved/,
  });
  assert.equal(waited, 0, "no pause before another attempt");
});

test("half a body, a connection that breaks and one without an answer are tried again", async (t) => {
  const half: RequestListener = (_, response) => {
    response
      .writeHead(200, { "content-length": String(epss.length) })
      .write(epss.slice(0, 50), () => response.destroy());
  };
  const chunked: RequestListener = (_, response) => response.write(epss.slice(0, 50), () => response.destroy());
  for (const bad of [half, chunked, (request) => request.socket.destroy()] satisfies RequestListener[]) {
    const { error, asked } = await updateFrom(t, bad);
    assert.equal(error.code, "feed-unreachable");
    assert.equal(asked.length, 3);
  }
});

test("Retry-After is heeded, and the feed comes whole at last", async (t) => {
  const { ctx } = makeFeedWorld(t);
  const times: number[] = [];
  const { url } = await serve(t, (_, response) => {
    times.push(performance.now());
    if (times.length === 1) response.writeHead(429, { "retry-after": "1" }).end();
    else if (times.length === 2)
      response.writeHead(200, { "content-length": "9999" }).write("garbage", () => response.destroy());
    else response.end(epss);
  });
  const { feed } = await addFeed(ctx, url, { patience: hasty });
  assert.equal(feed.size, epss.length);
  assert.ok((times[1] ?? 0) - (times[0] ?? 0) >= 450, "half of the second at least, by the jitter");
});

test("redirects are followed, without credentials to another host, and never in a circle or to no web address", async (t) => {
  const { error } = await updateFrom(t, (request, response) =>
    response.writeHead(302, { location: request.url ?? "" }).end(),
  );
  assert.equal(error.code, "feed-unreachable");
  assert.match(error.message, /circle/);
  for (const location of ["file:///etc/passwd", "ftp://127.0.0.1/"]) {
    const refused = await updateFrom(t, (_, response) => response.writeHead(301, { location }).end());
    assert.equal(refused.error.code, "feed-denied");
  }
  const { ctx } = makeFeedWorld(t);
  const other = await serve(t, (_, response) => response.end(epss));
  const first = await serve(t, (_, response) => response.writeHead(307, { location: `${other.url}/moved` }).end());
  await addFeed(ctx, first.url.replace("//", "//user:hunter2@"), { patience: hasty });
  assert.equal(first.asked[0]?.headers.authorization, `Basic ${Buffer.from("user:hunter2").toString("base64")}`);
  assert.equal(other.asked[0]?.headers.authorization, undefined);
});

test("no way leads from https to http", async (t) => {
  const { ctx } = makeFeedWorld(t);
  const secure = {
    ...ctx,
    fetch: () => Promise.resolve(new Response(null, { status: 302, headers: { location: "http://example.com/" } })),
  };
  await assert.rejects(addFeed(secure, "https://example.com/epss", { patience: hasty }), { code: "feed-denied" });
});

test("an address without TLS is warned about, but for this host's own", async (t) => {
  const warnings: string[] = [];
  const { ctx } = makeFeedWorld(t);
  const told: Context = {
    ...ctx,
    report: { ...ctx.report, warn: (line) => warnings.push(line) },
    fetch: () => Promise.resolve(new Response(epss)),
  };
  for (const host of ["https://example.com", "http://localhost:2", "http://127.0.0.1:2", "http://example.com"]) {
    await addFeed(told, `${host}/epss?key=hunter2`, {
      name: `n${host.replaceAll(/[^a-z0-9]/g, "-")}`,
      patience: hasty,
    });
  }
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? "", /^http:\/\/example\.com\/epss\?… is fetched without TLS/);
});

test("an unchanged feed is not sent again", async (t) => {
  const { ctx } = makeFeedWorld(t);
  const { url, asked } = await serve(t, (request, response) => {
    if (request.headers["if-none-match"] === '"1"') response.writeHead(304).end();
    else response.writeHead(200, { etag: '"1"', "last-modified": "Fri, 20 Nov 2026 10:00:00 GMT" }).end(epss);
  });
  const { feed } = await addFeed(ctx, url, { patience: hasty });
  const later = { ...ctx, now: () => new Date("2026-11-22T00:00:00Z") };
  const again = await updateFeed(later, feed, { patience: hasty });
  assert.equal(again.change, "unchanged");
  assert.equal(again.feed.fetched, "2026-11-22T00:00:00.000Z");
  assert.equal(again.feed.digest, feed.digest);
  assert.equal(asked.length, 2);
});

test("more than the limit is refused, whether the server says so or not", async (t) => {
  const { ctx } = makeFeedWorld(t);
  const limits = { ...usualLimits, received: 100 };
  for (const headers of [{ "content-length": String(epss.length) }, {}]) {
    const { url } = await serve(t, (_, response) => {
      response.writeHead(200, headers);
      response.write(epss.slice(0, 20));
      response.end(epss.slice(20));
    });
    await assert.rejects(addFeed(ctx, url, { patience: hasty, limits }), { code: "feed-too-large" });
  }
  assert.deepEqual(listFeeds(ctx), []);
});

test("that nothing changed is no answer to a feed that was never there", async (t) => {
  const { ctx } = makeFeedWorld(t);
  const { url } = await serve(t, (_, response) => response.writeHead(304).end());
  await assert.rejects(addFeed(ctx, `${url}/epss.csv`, { patience: hasty }), { code: "feed-missing" });
  assert.deepEqual(listFeeds(ctx), []);
});
