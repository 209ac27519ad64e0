import { bundleAnnotations, bundleType } from "../../src/evidence/statement/bundle.ts";
import { digestOf, type Digest } from "../../src/oci/digest.ts";
import { mediaTypes } from "../../src/oci/media-types.ts";
import type { Person } from "./controller-session.ts";

/** An image as it is to be pushed: made once, so that pushing it again pushes the same. */
export type MadeImage = {
  readonly repository: string;
  readonly tag: string;
  readonly manifest: Buffer;
  readonly digest: Digest;
  readonly blobs: readonly Buffer[];
};

/** Images of one layer each; no two are alike. */
export function makeImage(repository: string, tag: string, layer: Buffer): MadeImage {
  const config = Buffer.from(JSON.stringify({ architecture: "amd64", os: "linux", tag }));
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.imageManifest,
      config: descriptorOf(config, mediaTypes.imageConfig),
      layers: [descriptorOf(layer, mediaTypes.layerTar)],
    }),
  );
  return { repository, tag, manifest, digest: digestOf(manifest), blobs: [config, layer] };
}

/** Pushes the blobs in chunks and then the manifest under its tag. Acknowledged when it resolves. */
export async function pushImage(person: Person, { repository, tag, manifest, blobs }: MadeImage): Promise<void> {
  for (const blob of blobs) await pushInChunks(person, repository, blob);
  await pushManifest(person, { repository, reference: tag, manifest });
}

/** A signed bundle as the referrer of an image; returns the digest of its manifest. */
export async function pushStatement(person: Person, image: MadeImage, bundle: Buffer): Promise<Digest> {
  const { repository, digest, manifest } = image;
  const empty = Buffer.from("{}");
  await pushInChunks(person, repository, empty);
  await pushInChunks(person, repository, bundle);
  const referrer = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.imageManifest,
      artifactType: bundleType,
      config: descriptorOf(empty, mediaTypes.empty),
      layers: [descriptorOf(bundle, bundleType)],
      subject: { mediaType: mediaTypes.imageManifest, digest, size: manifest.length },
      annotations: { [bundleAnnotations.content]: "dsse-envelope" },
    }),
  );
  await pushManifest(person, { repository, reference: digestOf(referrer), manifest: referrer });
  return digestOf(referrer);
}

type ManifestPush = { readonly repository: string; readonly reference: string; readonly manifest: Buffer };

export async function pushManifest(person: Person, { repository, reference, manifest }: ManifestPush): Promise<void> {
  const headers = { "content-type": mediaTypes.imageManifest };
  await expect(201, person.send("PUT", `/v2/${repository}/manifests/${reference}`, { headers, body: manifest }));
}

/** A session, two chunks, and the end. */
export async function pushInChunks(person: Person, repository: string, content: Buffer): Promise<void> {
  let place = placeOf(await expect(202, person.send("POST", `/v2/${repository}/blobs/uploads/`)));
  const half = Math.ceil(content.length / 2);
  for (const [from, to] of [
    [0, half],
    [half, content.length],
  ] as const) {
    if (from === to) continue;
    const headers = { "content-type": "application/octet-stream", "content-range": `${from}-${to - 1}` };
    place = placeOf(await expect(202, person.send("PATCH", place, { headers, body: content.subarray(from, to) })));
  }
  await expect(201, person.send("PUT", `${place}?digest=${digestOf(content)}`));
}

export class UnexpectedAnswer extends Error {
  readonly status: number;
  constructor(status: number, text: string) {
    super(`${status} ${text}`);
    this.status = status;
  }
}

async function expect(status: number, sent: Promise<Response>): Promise<Response> {
  const answer = await sent;
  if (answer.status !== status) throw new UnexpectedAnswer(answer.status, await answer.text());
  await answer.body?.cancel();
  return answer;
}

function placeOf(answer: Response): string {
  return answer.headers.get("location") ?? "";
}

function descriptorOf(content: Buffer, mediaType: string): object {
  return { mediaType, digest: digestOf(content), size: content.length };
}
