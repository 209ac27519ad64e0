import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import type { Digest } from "../digest.ts";
import { pause, type RegistryHttp, type RetryOptions } from "./http.ts";

export type BlobUpload = {
  readonly digest: Digest;
  /** The file with the blob's bytes. */
  readonly path: string;
  /** A repository of the same registry that may have the blob: then it is mounted and not sent (distribution-spec end-11). */
  readonly mountFrom?: string;
};

export type UploadTarget = {
  readonly context: Context;
  readonly http: RegistryHttp;
  readonly repository: string;
  readonly retry: RetryOptions;
};

/** Sends a blob in one PUT (distribution-spec, "POST then PUT"), from the file: memory does not grow with it. */
export async function uploadBlob(target: UploadTarget, upload: BlobUpload): Promise<"mounted" | "uploaded"> {
  const { attempts = 5, delay = 250 } = target.retry;
  for (let attempt = 1; ; attempt++) {
    const location = await startUpload(target, upload);
    if (location === undefined) return "mounted";
    try {
      await sendContent(target, upload, location);
      return "uploaded";
    } catch (error) {
      // What a broken PUT left at its location is unknown: begin a new upload instead of sending there again.
      const isHopeless =
        error instanceof IngotError && ["registry-denied", "policy-denied", "cancelled"].includes(error.code);
      if (attempt >= attempts || isHopeless || !(error instanceof IngotError)) throw error;
      await pause(target.context, delay * 2 ** (attempt - 1));
    }
  }
}

/** Where to send the content; undefined when the blob was mounted. */
async function startUpload({ http, repository }: UploadTarget, upload: BlobUpload): Promise<URL | undefined> {
  const { digest, mountFrom } = upload;
  const mount = mountFrom === undefined ? "" : `?${new URLSearchParams({ mount: digest, from: mountFrom }).toString()}`;
  const url = `/v2/${repository}/blobs/uploads/${mount}`;
  const response = await http.send({ method: "POST", url, repository, access: "push", accept: [201, 202] });
  await response.body?.cancel();
  if (response.status === 201) return undefined;
  const location = response.headers.get("location");
  if (location !== null) return new URL(location, await http.origin());
  throw new IngotError("registry-failed", `the registry ${http.endpoint.registry} gave no place to upload to`);
}

async function sendContent({ http, repository }: UploadTarget, upload: BlobUpload, location: URL): Promise<void> {
  const url = new URL(location);
  url.searchParams.set("digest", upload.digest);
  const response = await http.send({
    method: "PUT",
    url: url.href,
    repository,
    access: "push",
    headers: { "content-type": "application/octet-stream" },
    body: { file: upload.path },
    isOnce: true,
    accept: [201],
  });
  await response.body?.cancel();
}
