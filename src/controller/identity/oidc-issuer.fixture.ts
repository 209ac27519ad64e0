import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from "jose";

type SigningKey = { readonly id: string; readonly alg: string; readonly secret: CryptoKey; readonly public: JWK };

/** An OIDC issuer on loopback: discovery, keys that can be rotated, ID tokens. */
export type TestIssuer = {
  readonly url: string;
  /** How often its keys were asked for. */
  readonly keyRequests: () => number;
  /** Signs with the newest key. `header` and `claims` go over what an honest issuer says. */
  readonly sign: (
    claims?: Readonly<Record<string, unknown>>,
    header?: Readonly<Record<string, unknown>>,
  ) => Promise<string>;
  readonly publicKey: () => JWK;
  /** Takes the key out of its list and puts another one in. */
  readonly rotate: (alg?: string) => Promise<void>;
  /** Answers a path with something else from now on. */
  readonly answerWith: (path: string, answer: (response: ServerResponse) => void) => void;
};

const discoveryPath = "/.well-known/openid-configuration";

/** `now`: seconds since 1970, of the clock that the controller under test has. */
export async function startIssuer(
  t: TestContext,
  {
    now,
    audience = "ingot",
    alg = "ES256",
  }: { readonly now: () => number; readonly audience?: string; readonly alg?: string },
): Promise<TestIssuer> {
  let key = await makeSigningKey(alg);
  let keyRequests = 0;
  const others = new Map<string, (response: ServerResponse) => void>();
  const server = createServer((request: IncomingMessage, response) => {
    const path = request.url ?? "";
    const other = others.get(path);
    if (other !== undefined) return other(response);
    if (path === discoveryPath) return answerJson(response, { issuer: url, jwks_uri: `${url}/keys` });
    if (path !== "/keys") return void response.writeHead(404).end();
    keyRequests += 1;
    answerJson(response, { keys: [key.public] });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    keyRequests: () => keyRequests,
    publicKey: () => key.public,
    sign: (claims = {}, header = {}) =>
      new SignJWT({ iss: url, aud: audience, sub: "repo:shop", iat: now(), exp: now() + 300, ...claims })
        .setProtectedHeader({ alg: key.alg, kid: key.id, typ: "JWT", ...header })
        .sign(key.secret),
    rotate: async (next = "ES256") => {
      key = await makeSigningKey(next);
    },
    answerWith: (path, answer) => others.set(path, answer),
  };
}

export function answerJson(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
}

let made = 0;

async function makeSigningKey(alg: string): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  made += 1;
  const id = `key-${made}`;
  return { id, alg, secret: privateKey, public: { ...(await exportJWK(publicKey)), kid: id, alg, use: "sig" } };
}
