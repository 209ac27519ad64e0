import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { createPublicKey } from "node:crypto";
import { SignJWT, UnsecuredJWT } from "jose";
import type { IssuerSettings } from "../settings.ts";
import { openTestController, type TestController } from "../controller.fixture.ts";
import { addIdentity } from "./add-identity.ts";
import { authenticate } from "./authenticate.ts";
import { removeIdentity } from "./change-identity.ts";
import { bearer } from "./identity.fixture.ts";
import { issueToken, type IssuedToken } from "./issue-token.ts";
import { answerJson, startIssuer, type TestIssuer } from "./oidc-issuer.fixture.ts";

const clock = new Date("2026-11-21T12:00:00Z");
const admin = { kind: "user", name: "alice", groups: [], roles: ["admin"] } as const;

type World = TestController & {
  readonly issuer: TestIssuer;
  readonly present: (token: string | Promise<string>) => Promise<IssuedToken>;
};

async function openWorld(t: TestContext, more: Partial<IssuerSettings> = {}, alg?: string): Promise<World> {
  // The issuer's clock is the controller's.
  let now = (): number => clock.getTime() / 1000;
  const issuer = await startIssuer(t, { now: () => now(), ...(alg === undefined ? {} : { alg }) });
  const settings: IssuerSettings = {
    url: issuer.url,
    audience: "ingot",
    kind: "workload",
    name: "sub",
    rules: [
      { claim: "repository", value: "acme/shop", group: "shop", roles: ["builder"] },
      { claim: "groups", value: "platform", roles: ["deployer"] },
    ],
    ...more,
  };
  const world = await openTestController(t, { settings: { issuers: [settings] }, now: clock });
  now = () => Math.floor(world.ctx.now().getTime() / 1000);
  const present = async (token: string | Promise<string>): Promise<IssuedToken> =>
    issueToken(world.controller, { kind: "id-token", token: await token });
  return { ...world, issuer, present };
}

const shop = { repository: "acme/shop" };

test("an ID token of a configured issuer gives a token with the groups and roles of the rules that it meets", async (t) => {
  const world = await openWorld(t);
  const { controller, issuer, present } = world;
  const issued = await present(issuer.sign({ ...shop, groups: ["platform", "other"] }));
  const name = `repo:shop@${issuer.url.replace("http://", "")}`;
  assert.equal(issued.principal, `workload:${name}`);
  const expected = { kind: "workload", name, groups: ["shop"], roles: ["builder", "deployer"] };
  assert.deepEqual(await authenticate(controller, bearer(issued)), expected);
  const recorded = [...controller.ledger.events()].find(({ type }) => type === "token.issued");
  assert.equal(recorded?.actor, `workload:${name}`);
  assert.match(JSON.stringify(recorded?.data), /"roles":\["builder","deployer"\]/);
  // Two tokens, one request for the keys.
  await present(issuer.sign({ ...shop, jti: "2" }));
  assert.equal(issuer.keyRequests(), 1);
});

test("RS256, which most issuers use, is taken too", async (t) => {
  const { issuer, present } = await openWorld(t, {}, "RS256");
  assert.ok((await present(issuer.sign(shop))).token);
});

test("keys that the issuer puts in the place of old ones are found, and made-up key ids ask it again at most twice a minute", async (t) => {
  const { issuer, present, pass } = await openWorld(t);
  await present(issuer.sign(shop));
  await issuer.rotate();
  pass(31);
  await present(issuer.sign(shop));
  assert.equal(issuer.keyRequests(), 2);
  for (let count = 0; count < 5; count += 1) {
    await assert.rejects(present(issuer.sign(shop, { kid: `made-up-${count}` })), { code: "assertion-invalid" });
  }
  assert.equal(issuer.keyRequests(), 2);
});

test("a key that the issuer took back is not believed for longer than ten minutes", async (t) => {
  const { issuer, present, pass } = await openWorld(t);
  const stolen = issuer.sign({ ...shop, exp: clock.getTime() / 1000 + 3000 });
  await present(issuer.sign(shop));
  await issuer.rotate();
  pass(601);
  await assert.rejects(present(stolen), { code: "assertion-invalid", message: /no key of the issuer/ });
});

test("attack: an ID token that is sent twice is taken once", async (t) => {
  const { issuer, present } = await openWorld(t);
  const token = await issuer.sign(shop);
  await present(token);
  await assert.rejects(present(token), { code: "assertion-replayed" });
});

test("attack: an issuer that is not configured is refused, and not asked", async (t) => {
  const { present } = await openWorld(t);
  const other = await startIssuer(t, { now: () => clock.getTime() / 1000 });
  await assert.rejects(present(other.sign(shop)), { code: "issuer-unknown" });
  assert.equal(other.keyRequests(), 0);
  for (const text of ["", "a.b.c", "x".repeat(20_000)]) await assert.rejects(present(text), { code: "issuer-unknown" });
});

test("attack: a forged issuer: the same issuer's name, signed by another server's key, is refused", async (t) => {
  const { issuer, present } = await openWorld(t);
  const forger = await startIssuer(t, { now: () => clock.getTime() / 1000 });
  await present(issuer.sign(shop));
  await assert.rejects(present(forger.sign({ ...shop, iss: issuer.url })), { code: "assertion-invalid" });
  // Kid confusion: the forger names the key of the real one.
  const kid = issuer.publicKey().kid;
  await assert.rejects(present(forger.sign({ ...shop, iss: issuer.url }, { kid })), {
    code: "assertion-invalid",
    message: /signature is wrong/,
  });
});

test("attack: a key that the token itself brings (jku, x5u, jwk) is not used", async (t) => {
  const { issuer, present } = await openWorld(t);
  const forger = await startIssuer(t, { now: () => clock.getTime() / 1000 });
  const jwk = forger.publicKey();
  for (const header of [
    { jku: `${forger.url}/keys` },
    { x5u: `${forger.url}/keys` },
    { jwk },
    { jwk, kid: issuer.publicKey().kid },
  ]) {
    await assert.rejects(present(forger.sign({ ...shop, iss: issuer.url }, header)), { code: "assertion-invalid" });
  }
  assert.equal(forger.keyRequests(), 0);
});

test("attack: a discovery that names another issuer is refused", async (t) => {
  const { issuer, present } = await openWorld(t);
  for (const said of [`${issuer.url}/`, "https://login.example"]) {
    issuer.answerWith("/.well-known/openid-configuration", (response) =>
      answerJson(response, { issuer: said, jwks_uri: `${issuer.url}/keys` }),
    );
    await assert.rejects(present(issuer.sign(shop)), { code: "issuer-unusable", message: /says that it is/ });
  }
});

test("attack: an issuer whose address redirects to another server's keys is refused", async (t) => {
  const forger = await startIssuer(t, { now: () => clock.getTime() / 1000 });
  for (const path of ["/.well-known/openid-configuration", "/keys"]) {
    const { issuer, present } = await openWorld(t);
    issuer.answerWith(path, (response) => response.writeHead(302, { location: `${forger.url}${path}` }).end());
    await assert.rejects(present(forger.sign({ ...shop, iss: issuer.url })), { code: "issuer-unusable" });
  }
  assert.equal(forger.keyRequests(), 0);
});

test("attack: keys without TLS on another machine, too much to read, or no keys at all are refused", async (t) => {
  const { issuer, present } = await openWorld(t);
  const discover = (jwks_uri: string): void =>
    issuer.answerWith("/.well-known/openid-configuration", (response) =>
      answerJson(response, { issuer: issuer.url, jwks_uri }),
    );
  const refused = async (why: RegExp): Promise<void> => {
    await assert.rejects(present(issuer.sign(shop)), { code: "issuer-unusable", message: why });
  };
  discover("http://keys.example/keys");
  await refused(/not https/);
  discover("file:///etc/passwd");
  await refused(/not https/);
  discover(`${issuer.url}/large`);
  issuer.answerWith("/large", (response) => void response.writeHead(200).end(" ".repeat(300_000)));
  await refused(/more than/);
  discover(`${issuer.url}/keys`);
  issuer.answerWith("/keys", (response) => answerJson(response, { keys: "none" }));
  await refused(/no JSON Web Key Set/);
  issuer.answerWith("/keys", (response) => void response.writeHead(200).end("<html>"));
  await refused(/not JSON/);
  issuer.answerWith("/keys", (response) => void response.writeHead(503).end());
  await refused(/503/);
});

test("attack: a wrong audience, or one audience of several that another party was given the token for, is refused", async (t) => {
  const { issuer, present } = await openWorld(t);
  for (const claims of [
    { aud: "other" },
    { aud: [] },
    { aud: undefined },
    { aud: ["ingot", "other"] },
    { aud: ["ingot", "other"], azp: "other" },
  ]) {
    await assert.rejects(
      present(issuer.sign({ ...shop, ...claims })),
      { code: "assertion-invalid" },
      JSON.stringify(claims),
    );
  }
  assert.ok(await present(issuer.sign({ ...shop, aud: ["ingot", "other"], azp: "ingot" })));
});

test("attack: an ID token that has expired, is not valid yet, from the future, a day old, or for ever is refused", async (t) => {
  const { issuer, present } = await openWorld(t);
  const now = clock.getTime() / 1000;
  for (const claims of [
    { exp: now - 60 },
    { nbf: now + 60 },
    { iat: now + 600, exp: now + 900 },
    { iat: now - 90_000 },
    { exp: now + 100_000 },
    { exp: undefined },
    { iat: undefined },
    { sub: undefined },
  ]) {
    await assert.rejects(
      present(issuer.sign({ ...shop, ...claims })),
      { code: "assertion-invalid" },
      JSON.stringify(claims),
    );
  }
  assert.ok(await present(issuer.sign({ ...shop, exp: now - 10 })), "clocks may differ a little");
});

test("attack: alg none, and HS256 with the issuer's public key as secret, are refused", async (t) => {
  const { issuer, present } = await openWorld(t);
  const now = clock.getTime() / 1000;
  const claims = { iss: issuer.url, aud: "ingot", sub: "x", iat: now, exp: now + 60, ...shop };
  await assert.rejects(present(new UnsecuredJWT(claims).encode()), { code: "assertion-invalid" });
  const { kid } = issuer.publicKey();
  const jwk = issuer.publicKey() as Record<string, string>;
  const pem = createPublicKey({ key: jwk, format: "jwk" }).export({ type: "spki", format: "pem" });
  const signer = new SignJWT(claims).setProtectedHeader({ alg: "HS256", ...(kid === undefined ? {} : { kid }) });
  await assert.rejects(present(signer.sign(Buffer.from(pem))), { code: "assertion-invalid" });
});

test("attack: somebody whom no rule meets gets nothing, and nothing is written", async (t) => {
  const { controller, issuer, present } = await openWorld(t);
  const before = controller.ledger.log.checkpoint().size;
  for (const claims of [{}, { repository: "mallory/shop" }, { repository: ["acme"] }, { groups: "platform-team" }]) {
    await assert.rejects(present(issuer.sign(claims)), { code: "identity-unknown" });
  }
  assert.equal(controller.ledger.log.checkpoint().size, before);
});

test("attack: an issuer's word never makes somebody who is registered here, nor anybody of another issuer", async (t) => {
  const { controller, issuer, present } = await openWorld(t, { kind: "user", name: "preferred_username" });
  await addIdentity(controller, admin, { principal: "user:alice", roles: ["admin"], groups: [], emails: [], keys: [] });
  const { principal } = await present(issuer.sign({ ...shop, preferred_username: "alice" }));
  assert.equal(principal, `user:alice@${issuer.url.replace("http://", "")}`);
  // Nor can one be registered by hand that looks like somebody of an issuer that is not trusted.
  const planted = { principal: "user:alice@login.example", roles: [], groups: [], emails: [], keys: [] } as const;
  await assert.rejects(addIdentity(controller, admin, planted), { code: "usage" });
  for (const name of ["", "a b", "alice\n", "../x", 7, "x".repeat(300)]) {
    await assert.rejects(present(issuer.sign({ ...shop, preferred_username: name })), { code: "assertion-invalid" });
  }
});

test("attack: an email that nobody verified names nobody", async (t) => {
  const { issuer, present } = await openWorld(t, { kind: "user", name: "email" });
  const email = "alice@corp.example";
  await assert.rejects(present(issuer.sign({ ...shop, email })), {
    code: "assertion-invalid",
    message: /not verified/,
  });
  assert.match(
    (await present(issuer.sign({ ...shop, email, email_verified: true }))).principal,
    /^user:alice@corp\.example@127/,
  );
});

test("somebody of an issuer may be registered, with roles of their own, and be removed: their tokens end at once", async (t) => {
  const { controller, issuer, present } = await openWorld(t);
  const principal = `workload:repo:other@${issuer.url.replace("http://", "")}`;
  assert.deepEqual(
    await addIdentity(controller, admin, { principal, roles: ["developer"], groups: [], emails: [], keys: [] }),
    {
      principal,
    },
  );
  const issued = await present(issuer.sign({ sub: "repo:other" }));
  assert.deepEqual((await authenticate(controller, bearer(issued)))?.roles, ["developer"]);
  await removeIdentity(controller, admin, { principal, reason: "" });
  await assert.rejects(authenticate(controller, bearer(issued)), { code: "token-invalid" });
  await assert.rejects(present(issuer.sign({ sub: "repo:other", jti: "2" })), { code: "identity-unknown" });
});

test("tokens of an issuer end when it is taken out of the settings", async (t) => {
  const { controller, issuer, present } = await openWorld(t);
  const issued = await present(issuer.sign(shop));
  const without = { ...controller, settings: { ...controller.settings, issuers: [] } };
  await assert.rejects(authenticate(without, bearer(issued)), {
    code: "token-invalid",
    message: /not trusted any more/,
  });
});
