import { createPublicKey, generateKeyPairSync } from "node:crypto";
import type { TestContext } from "node:test";
import { occasionOfCode, signAssertion, signPossession, type OpenKey } from "../../api/client/sign-in.ts";
import { describeKey } from "../../evidence/keys/public-key.ts";
import { openTestController, type TestController } from "../controller.fixture.ts";
import type { KeyUse } from "../events/identity-events.ts";
import type { Settings } from "../settings.ts";
import { enrol } from "./enrol.ts";
import { firstEnrolment } from "./first-enrolment.ts";
import { issueToken, type Grant, type IssuedToken } from "./issue-token.ts";

export function makeKey(): OpenKey {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { ...describeKey(createPublicKey(privateKey), "a test"), secret: privateKey };
}

/** A controller with one admin, `user:alice`, who signed in as people do. */
export type IdentityWorld = TestController & {
  readonly alice: OpenKey;
  readonly url: string;
  /** A new access token of alice. */
  readonly signIn: (more?: Partial<Grant>) => Promise<IssuedToken>;
};

export async function openIdentityWorld(
  t: TestContext,
  options: { readonly settings?: Partial<Settings> } = {},
): Promise<IdentityWorld> {
  const world = await openTestController(t, options);
  const { controller, ctx } = world;
  const url = controller.settings.baseUrl;
  const code = await firstEnrolment(controller);
  const alice = makeKey();
  await enrolWith(world, code ?? "", { name: "alice", keys: [[alice, "identity"]] });
  return {
    ...world,
    alice,
    url,
    signIn: async (more = {}) => {
      const token = await signAssertion(ctx, alice, { url, principal: "user:alice" });
      return issueToken(controller, { kind: "assertion", token, ...more });
    },
  };
}

/** Uses a code as `ingot login --enrol` does. */
export async function enrolWith(
  { controller, ctx }: Pick<TestController, "controller" | "ctx">,
  code: string,
  { name, keys }: { readonly name?: string; readonly keys: readonly (readonly [OpenKey, KeyUse])[] },
): Promise<{ readonly principal: string }> {
  const url = controller.settings.baseUrl;
  const occasion = occasionOfCode(code);
  const offered = keys.map(async ([key, use]) => ({
    pem: key.pem,
    use,
    proof: await signPossession(ctx, key, { url, use, occasion }),
  }));
  return enrol(controller, { code, keys: await Promise.all(offered), ...(name === undefined ? {} : { name }) });
}

/** The header that a token is sent in. */
export function bearer({ token }: { readonly token: string }): string {
  return `Bearer ${token}`;
}
