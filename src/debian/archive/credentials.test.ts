import assert from "node:assert/strict";
import { readFileSync, globSync, rmSync } from "node:fs";
import { inspect } from "node:util";
import { join } from "node:path";
import { test } from "node:test";
import { makeWorld, shortPatience as patience, wantedOf, type World } from "./archive.fixture.ts";
import { splitCredentials } from "./credentials.ts";
import { planArchives } from "./mirror.ts";
import { readSuites } from "./read-suites.ts";
import { fetchArchives } from "./vault.ts";

function withLogin(world: World): World {
  const login = (uri: string) => uri.replace("http://", "http://user:s%3Acret@");
  const suites = world.plan.suites.map((suite) => ({ ...suite, uris: suite.uris.map(login) }));
  return { ...world, plan: { ...world.plan, suites } };
}

test("user and password of a mirror's URI are sent as a header", async (t) => {
  const world = withLogin(await makeWorld(t));
  assert.deepEqual(splitCredentials("http://user:s%3Acret@a.test/debian"), {
    uri: "http://a.test/debian",
    headers: { authorization: `Basic ${Buffer.from("user:s:cret").toString("base64")}` },
  });
  assert.equal((await readSuites(world.ctx, world.plan, { patience })).length, 3);
  assert.equal((await fetchArchives(world.ctx, world.plan, wantedOf(world.archive), { patience })).size, 2);
  for (const path of globSync(join(world.home, "cache/lists/*")))
    assert.ok(!readFileSync(path, "utf8").includes("cret"));
});

test("no error tells the password", async (t) => {
  const world = withLogin(await makeWorld(t));
  const wanted = wantedOf(world.archive);
  const hasNoSecret = (error: unknown) => !inspect(error, { depth: 9 }).includes("cret");
  world.server.addFault(/by-hash|Packages/, { kind: "alter", offset: 20 });
  await assert.rejects(readSuites(world.ctx, world.plan, { patience }), hasNoSecret);
  world.server.addFault(/InRelease/, { kind: "alter", offset: 90 });
  await assert.rejects(readSuites(world.ctx, world.plan, { patience }), hasNoSecret);
  rmSync(join(world.archive.folder, "debian"), { recursive: true });
  await assert.rejects(readSuites(world.ctx, world.plan, { patience }), hasNoSecret);
  await assert.rejects(fetchArchives(world.ctx, world.plan, wanted, { patience }), hasNoSecret);
  await world.server.close();
  await assert.rejects(fetchArchives(world.ctx, world.plan, wanted, { patience }), hasNoSecret);
});

test("a password in ingot.yaml is refused, for that file goes into Git", () => {
  const mirror = { main: "https://user:secret@a.test/debian" };
  assert.throws(() => planArchives({ release: "sid", architecture: "amd64", env: {}, hostSources: [], mirror }), {
    code: "mirror-unknown",
    message: /^((?!secret).)*password((?!secret).)*$/,
  });
});
