import type { TestContext } from "node:test";
import { freePort } from "../../../test/support/daemon.ts";
import { openTestController, type TestController } from "../../controller/controller.fixture.ts";
import { makeEvent } from "../../controller/events/events.ts";
import { makeKey } from "../../controller/identity/identity.fixture.ts";
import { issueToken } from "../../controller/identity/issue-token.ts";
import { parsePrincipal } from "../../policy/principal-name.ts";
import type { Settings } from "../../controller/settings.ts";
import { digestOf, type Digest } from "../../oci/digest.ts";
import { mediaTypes } from "../../oci/media-types.ts";
import type { PrincipalRole } from "../../policy/policy.ts";
import { serve } from "../api.ts";
import { signAssertion } from "../client/sign-in.ts";
import { openServerLog } from "../server-log.ts";

/** A real controller behind a real server on a loopback port. */
export type TestRegistry = TestController & {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly url: string;
  /** Registers somebody (`user:alice`) and returns an access token. */
  readonly enter: (principal: string, roles: readonly PrincipalRole[], environment?: string) => Promise<string>;
  /** As somebody with a token. */
  readonly as: (token: string) => RegistryClient;
  /** An admin. */
  readonly admin: RegistryClient;
};

export type RegistryClient = {
  readonly token: string;
  readonly send: (method: string, path: string, options?: RequestOptions) => Promise<Response>;
  /** Uploads bytes in one request and returns their digest. */
  readonly pushBlob: (repository: string, content: Uint8Array | string) => Promise<Digest>;
  readonly pushManifest: (repository: string, reference: string, manifest: object) => Promise<Response>;
};

type RequestOptions = {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string | ReadableStream;
};

type Setup = { readonly settings?: Partial<Settings>; readonly home?: string; readonly now?: Date };

export async function startRegistry(t: TestContext, setup: Setup = {}): Promise<TestRegistry> {
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const url = `http://${host}`;
  const listen = { host: "127.0.0.1", port };
  const world = await openTestController(t, { ...setup, settings: { baseUrl: url, listen, ...setup.settings } });
  const served = await serve(world.controller, { log: openServerLog({ level: "silent" }) });
  t.after(() => served.close());
  const enter: TestRegistry["enter"] = (principal, roles, environment) =>
    enterAs(world, { principal, roles, environment });
  const as = (token: string): RegistryClient => clientOf(url, token);
  return { ...world, host, url, enter, as, admin: as(await enter("user:admin", ["admin"])) };
}

export type Entering = {
  readonly principal: string;
  readonly roles: readonly PrincipalRole[];
  readonly environment?: string | undefined;
};

/** Registers somebody with a controller, and returns an access token. */
export async function enterAs(
  { controller, ctx }: Pick<TestController, "controller" | "ctx">,
  entering: Entering,
): Promise<string> {
  const { principal, roles, environment } = entering;
  const kind = parsePrincipal(principal)?.kind ?? "user";
  const key = makeKey();
  await controller.ledger.transact(() => ({
    events: [
      makeEvent("user:admin", "identity.added", { principal, kind, roles, groups: [], emails: [] }),
      makeEvent("user:admin", "key.registered", { principal, key: { id: key.id, pem: key.pem, use: "identity" } }),
    ],
    result: undefined,
  }));
  const assertion = await signAssertion(ctx, key, { url: controller.settings.baseUrl, principal });
  const grant = { kind: "assertion", token: assertion } as const;
  return (await issueToken(controller, environment === undefined ? grant : { ...grant, environment })).token;
}

function clientOf(url: string, token: string): RegistryClient {
  const send: RegistryClient["send"] = (method, path, { headers = {}, body } = {}) =>
    fetch(new URL(path, url), {
      method,
      headers: { authorization: `Bearer ${token}`, ...headers },
      redirect: "manual",
      ...(body === undefined ? {} : { body, duplex: "half" }),
    });
  const pushBlob: RegistryClient["pushBlob"] = async (repository, content) => {
    const digest = digestOf(content);
    const answer = await send("POST", `/v2/${repository}/blobs/uploads/?digest=${digest}`, { body: content });
    if (answer.status !== 201) throw new Error(`pushing a blob: ${answer.status} ${await answer.text()}`);
    return digest;
  };
  return {
    token,
    send,
    pushBlob,
    pushManifest: (repository, reference, manifest) => {
      const { mediaType = mediaTypes.imageManifest } = manifest as { mediaType?: string };
      const headers = { "content-type": mediaType };
      return send("PUT", `/v2/${repository}/manifests/${reference}`, { headers, body: JSON.stringify(manifest) });
    },
  };
}

/** The codes of an answer's errors. */
export async function codesOf(answer: Response): Promise<readonly string[]> {
  const { errors } = (await answer.json()) as { errors: readonly { code: string }[] };
  return errors.map(({ code }) => code);
}

/** Pushes an image of one layer, and returns its manifest as it was sent. */
export async function pushImage(
  client: RegistryClient,
  repository: string,
  options: { readonly tag?: string; readonly text?: string; readonly more?: object } = {},
): Promise<{ readonly digest: Digest; readonly manifest: object; readonly layer: Digest; readonly config: Digest }> {
  const { tag, text = "a layer", more = {} } = options;
  const content = JSON.stringify({ architecture: "amd64", os: "linux", text });
  const layer = await client.pushBlob(repository, text);
  const config = await client.pushBlob(repository, content);
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.imageManifest,
    config: { mediaType: mediaTypes.imageConfig, digest: config, size: content.length },
    layers: [{ mediaType: mediaTypes.layerTar, digest: layer, size: text.length }],
    ...more,
  };
  const digest = digestOf(JSON.stringify(manifest));
  const answer = await client.pushManifest(repository, tag ?? digest, manifest);
  if (answer.status !== 201) throw new Error(`pushing a manifest: ${answer.status} ${await answer.text()}`);
  return { digest, manifest, layer, config };
}
