import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { z } from "zod";
import { freePort } from "../../test/support/daemon.ts";
import { makeEnrolmentCode } from "../controller/identity/enrolment-code.ts";
import { firstEnrolment } from "../controller/identity/first-enrolment.ts";
import { enrolWith, makeKey, openIdentityWorld, type IdentityWorld } from "../controller/identity/identity.fixture.ts";
import { openTestController } from "../controller/controller.fixture.ts";
import { serve } from "./api.ts";
import { occasionOfCode, signAssertion, signPossession } from "./client/sign-in.ts";
import { openServerLog } from "./server-log.ts";

type Answered = { readonly status: number; readonly text: string; readonly headers: Headers };
type World = IdentityWorld & {
  readonly send: (path: string, init?: RequestInit) => Promise<Answered>;
  readonly post: (path: string, body: object, token?: string) => Promise<Answered>;
  /** Everything that the server logged and answered so far. */
  readonly said: () => string;
};

/** A real server with its log at its loudest. */
async function openWorld(t: TestContext): Promise<World> {
  const port = await freePort();
  const baseUrl = `http://127.0.0.1:${port}`;
  const world = await openIdentityWorld(t, { settings: { baseUrl, listen: { host: "127.0.0.1", port } } });
  let said = "";
  const log = openServerLog({ level: "debug", to: { write: (line: string) => void (said += line) } });
  const served = await serve(world.controller, { log });
  t.after(() => served.close());
  const send: World["send"] = async (path, init = {}) => {
    const response = await fetch(`${baseUrl}${path}`, init);
    const text = await response.text();
    if (!response.ok) said += text + JSON.stringify([...response.headers]);
    return { status: response.status, text, headers: response.headers };
  };
  const post: World["post"] = (path, body, token) => {
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return send(path, {
      method: "POST",
      headers: { "content-type": "application/json", ...authorization },
      body: JSON.stringify(body),
    });
  };
  return { ...world, send, post, said: () => said };
}

const tokenAnswer = z.object({
  token: z.string(),
  access_token: z.string(),
  expires_in: z.number(),
  issued_at: z.iso.datetime(),
});
const errorAnswer = z.object({
  error: z.object({ code: z.string(), hint: z.string().optional() }),
  errors: z.array(z.object({ code: z.string() })).optional(),
});

function codeOf({ text }: Answered): string {
  return errorAnswer.parse(JSON.parse(text)).error.code;
}

test("the REST API signs somebody in, says who they are, and refuses without a token, with 401 and where to get one", async (t) => {
  const world = await openWorld(t);
  const assertion = await signAssertion(world.ctx, world.alice, { url: world.url, principal: "user:alice" });
  const answer = await world.post("/api/v1/tokens", { grant: "assertion", token: assertion });
  assert.equal(answer.status, 200, answer.text);
  const { token } = z.object({ token: z.string() }).parse(JSON.parse(answer.text));
  const who = await world.send("/api/v1/principal", { headers: { authorization: `Bearer ${token}` } });
  assert.deepEqual(JSON.parse(who.text), { principal: "user:alice", groups: [], roles: ["admin"] });
  const without = await world.send("/api/v1/identities");
  assert.deepEqual([without.status, codeOf(without)], [401, "token-missing"]);
  assert.match(without.headers.get("www-authenticate") ?? "", /^Bearer realm=/);
  const replayed = await world.post("/api/v1/tokens", { grant: "assertion", token: assertion });
  assert.deepEqual([replayed.status, codeOf(replayed)], [401, "assertion-replayed"]);
});

test("/token gives the access token that came as password, by GET and by POST, as Docker and containerd ask for it", async (t) => {
  const world = await openWorld(t);
  const { token } = await world.signIn();
  const basic = (name: string, password: string): string =>
    `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;
  const query = "/token?service=ingot&scope=repository:shop/web:pull,push&account=x";
  const form = (fields: Record<string, string>): RequestInit => ({ method: "POST", body: new URLSearchParams(fields) });
  const asked = { service: "ingot", client_id: "docker", scope: "repository:shop/web:pull" };
  for (const [path, init] of [
    [query, { headers: { authorization: basic("x", token) } }],
    [query, { headers: { authorization: basic("user:alice", token) } }],
    ["/token", form({ ...asked, grant_type: "password", username: "x", password: token })],
    ["/token", form({ ...asked, grant_type: "refresh_token", refresh_token: token })],
  ] as const) {
    const answer = await world.send(path, init);
    assert.equal(answer.status, 200, answer.text);
    const given = tokenAnswer.parse(JSON.parse(answer.text));
    assert.deepEqual([given.token, given.access_token, given.expires_in], [token, token, 3600]);
    assert.equal(answer.headers.get("cache-control"), "no-store");
  }
  for (const [path, init, status, code] of [
    [query, {}, 401, "token-missing"],
    [query, { headers: { authorization: basic("x", "wrong") } }, 401, "token-invalid"],
    [query, { headers: { authorization: basic("user:bob", token) } }, 401, "token-invalid"],
    ["/token", form({ ...asked, grant_type: "password", username: "user:bob", password: token }), 401, "token-invalid"],
    ["/token", form({ ...asked, grant_type: "password", username: "x" }), 401, "token-invalid"],
    ["/token", form({ grant_type: "client_credentials" }), 400, "request-malformed"],
    ["/token", { method: "POST", body: "x".repeat(70_000) }, 413, "body-too-large"],
  ] as const) {
    const answer = await world.send(path, init);
    assert.deepEqual([answer.status, codeOf(answer)], [status, code]);
    if (status === 401) assert.match(answer.headers.get("www-authenticate") ?? "", /^Basic /);
  }
});

test("identities are managed over the API, and each error has its status", async (t) => {
  const world = await openWorld(t);
  const { token } = await world.signIn();
  const bob = { principal: "user:bob", roles: ["developer"], groups: ["shop"], emails: ["bob@shop.example"], keys: [] };
  const added = await world.post("/api/v1/identities", bob, token);
  assert.equal(added.status, 200, added.text);
  const { enrolment } = z.object({ enrolment: z.object({ code: z.string() }) }).parse(JSON.parse(added.text));
  await enrolWith(world, enrolment.code, { keys: [[makeKey(), "identity"]] });
  const ask = (method: string, path: string, body?: object): Promise<Answered> =>
    world.send(`/api/v1/identities${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const shown = z.object({ emails: z.array(z.string()), keys: z.array(z.object({ id: z.string() })) });
  const identity = shown.parse(JSON.parse((await ask("GET", "/user%3Abob")).text));
  assert.deepEqual(identity.emails, ["bob@shop.example"]);
  assert.equal((await ask("PUT", "/user%3Abob", { roles: ["auditor"] })).status, 200);
  assert.equal((await ask("POST", "/user%3Abob/enrolments", {})).status, 200);
  assert.equal((await ask("POST", "/user%3Abob/keys", { keys: [{ pem: makeKey().pem, use: "builder" }] })).status, 200);
  assert.equal((await ask("DELETE", `/user%3Abob/keys/${identity.keys[0]?.id}`)).status, 200);
  assert.equal((await ask("DELETE", "/user%3Abob?reason=left")).status, 200);
  const listed = z.object({ identities: z.array(z.object({ principal: z.string() })) });
  assert.deepEqual(listed.parse(JSON.parse((await ask("GET", "")).text)).identities, [{ principal: "user:alice" }]);
  assert.equal(listed.parse(JSON.parse((await ask("GET", "?removed=true")).text)).identities.length, 2);
  for (const [answer, status, code] of [
    [await ask("DELETE", "/user%3Aalice"), 409, "identity-last-admin"],
    [await ask("DELETE", "/user%3Anobody"), 404, "identity-unknown"],
    [await world.post("/api/v1/identities", { ...bob, principal: "user:alice" }, token), 409, "identity-exists"],
    [await world.post("/api/v1/identities", { ...bob, roles: ["root"] }, token), 400, "request-malformed"],
  ] as const) {
    assert.deepEqual([answer.status, codeOf(answer)], [status, code]);
  }
});

test("attack: no token, code or assertion is in a log, an answer to a wrong request, or an event", async (t) => {
  const world = await openWorld(t);
  const { controller, ctx, url } = world;
  const { token } = await world.signIn();
  const secrets = [token];
  const assertion = await signAssertion(ctx, world.alice, { url, principal: "user:alice" });
  const other = await openTestController(t, { settings: { baseUrl: "http://other.example" } });
  const code = (await firstEnrolment(other.controller)) ?? "";
  const foreign = await signAssertion(ctx, makeKey(), { url, principal: "user:alice" });
  secrets.push(assertion, foreign, code, makeEnrolmentCode(ctx));
  const auth = (scheme: string, value: string): RequestInit => ({ headers: { authorization: `${scheme} ${value}` } });
  for (const secret of secrets) {
    const key = makeKey();
    const proof = await signPossession(ctx, key, { url, use: "identity", occasion: occasionOfCode(secret) });
    if (secrets.length < 10) secrets.push(proof);
    await world.post("/api/v1/tokens", { grant: "assertion", token: secret });
    await world.post("/api/v1/tokens", { grant: "id-token", token: secret });
    await world.post("/api/v1/tokens", { grant: "token", token: `${secret}x` });
    await world.post("/api/v1/tokens", { grant: secret, token: [secret], lifetime: secret });
    await world.post("/api/v1/enrolments", {
      code: secret.slice(0, 64),
      keys: [{ pem: key.pem, use: "identity", proof }],
    });
    await world.send(`/token?token=${secret}`, auth("Basic", Buffer.from(`x:${secret}x`).toString("base64")));
    await world.send(`/api/v1/principal?access_token=${secret}`, auth("Bearer", `${secret}x`));
    await world.send(`/v2/?access_token=${secret}`, auth("Bearer", `${secret}x`));
  }
  const text = `${world.said()}${JSON.stringify([...controller.ledger.events()])}`;
  assert.ok(world.said().includes("/api/v1/tokens"), "the log was written");
  for (const secret of secrets) {
    // The end of a JWT is its signature; of a code, what is not its number.
    assert.ok(!text.includes(secret.slice(-24)), `${secret.slice(0, 30)}… was said`);
  }
});
