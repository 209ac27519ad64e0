import { generateKeyPairSync, createPublicKey } from "node:crypto";
import { openClient, type Client } from "../../src/api/client/client.ts";
import { occasionOfCode, signAssertion, signPossession, type OpenKey } from "../../src/api/client/sign-in.ts";
import { describeKey } from "../../src/evidence/keys/public-key.ts";
import type { Signer } from "../../src/evidence/keys/signer.ts";
import { processContext } from "../../src/ground/context.ts";
import type { PrincipalRole } from "../../src/policy/policy.ts";

/** Somebody who is registered with a controller and signed in: what they send carries their token. */
export type Person = {
  readonly principal: string;
  readonly key: OpenKey;
  readonly token: string;
  readonly api: Client;
  /** A request as it is, with the token. */
  readonly send: (method: string, path: string, options?: SendOptions) => Promise<Response>;
};

export type SendOptions = {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
};

export type Joining = {
  /** `user:alice`, `workload:ci`. */
  readonly principal: string;
  readonly roles: readonly PrincipalRole[];
  /** Keys for statements. */
  readonly signers?: readonly Signer[];
  readonly environment?: string;
};

const ctx = processContext({ env: {} });

/** Becomes the first admin with the code that `ingot serve` printed. */
export async function enrolAdmin({
  url,
  code,
}: {
  readonly url: string;
  readonly code: string | undefined;
}): Promise<Person> {
  if (code === undefined) throw new Error("somebody is registered already");
  const key = makeIdentityKey();
  const proof = await signPossession(ctx, key, { url, use: "identity", occasion: occasionOfCode(code) });
  const keys = [{ pem: key.pem, use: "identity", proof }];
  await openClient(ctx, { url }).post("/api/v1/enrolments", { code, name: "root", keys });
  return signIn({ url, principal: "user:root", key });
}

/** Registers somebody, by an admin, and signs them in. */
export async function join(admin: Person, { principal, roles, signers = [], environment }: Joining): Promise<Person> {
  const key = makeIdentityKey();
  const keys = [{ pem: key.pem, use: "identity" }, ...signers.map((one) => ({ pem: one.key.pem, use: one.role }))];
  const standing = { roles, groups: [], emails: [] };
  await admin.api.post("/api/v1/identities", { principal, ...standing, keys });
  const { url } = admin.api;
  return signIn({ url, principal, key, ...(environment === undefined ? {} : { environment }) });
}

type SigningIn = {
  readonly url: string;
  readonly principal: string;
  readonly key: OpenKey;
  readonly environment?: string;
  /** Seconds. */
  readonly lifetime?: number;
};

export async function signIn({ url, principal, key, ...wanted }: SigningIn): Promise<Person> {
  const assertion = await signAssertion(ctx, key, { url, principal });
  const issue = { grant: "assertion", token: assertion, ...wanted };
  const { token } = await openClient(ctx, { url }).post<{ readonly token: string }>("/api/v1/tokens", issue);
  return {
    principal,
    key,
    token,
    api: openClient(ctx, { url, token: async () => token }),
    send: (method, path, { headers = {}, body } = {}) =>
      fetch(new URL(path, url), {
        method,
        headers: { authorization: `Bearer ${token}`, ...headers },
        redirect: "manual",
        ...(body === undefined ? {} : { body }),
      }),
  };
}

export function makeIdentityKey(): OpenKey {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { ...describeKey(createPublicKey(privateKey), "a test"), secret: privateKey };
}
