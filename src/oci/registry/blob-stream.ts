import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import type { Descriptor } from "../descriptor.ts";
import { bodyChunks } from "./body-chunks.ts";
import { isUnreachable, pause, unreachable, type RegistryHttp, type RetryOptions } from "./http.ts";

type BlobDownload = {
  readonly context: Context;
  readonly http: RegistryHttp;
  readonly repository: string;
  readonly blob: Descriptor;
  readonly retry: RetryOptions;
};

/** The bytes of a blob. A connection that breaks is made again and goes on where it broke, as long as each one brings something new. */
export async function* blobStream(download: BlobDownload): AsyncGenerator<Uint8Array, void, undefined> {
  const { context, http, blob, retry } = download;
  const { attempts = 5, delay = 250 } = retry;
  let received = 0;
  for (let fruitless = 0; ;) {
    const before = received;
    try {
      for await (const chunk of bodyFrom(download, received)) {
        received += chunk.length;
        yield chunk;
      }
      if (received >= blob.size) return;
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      if (received === before && fruitless + 1 >= attempts) throw error;
    }
    fruitless = received > before ? 0 : fruitless + 1;
    if (fruitless >= attempts) throw cutShort(http, blob, received);
    await pause(context, delay * 2 ** fruitless);
  }
}

async function* bodyFrom(download: BlobDownload, start: number): AsyncGenerator<Uint8Array, void, undefined> {
  const { context, http, repository, blob } = download;
  const response = await http.send({
    method: "GET",
    url: `/v2/${repository}/blobs/${blob.digest}`,
    repository,
    access: "pull",
    headers: start > 0 ? { range: `bytes=${start}-` } : {},
    accept: start > 0 ? [200, 206] : [200],
  });
  // A server that does not know ranges sends the whole again: what is there already is passed over.
  let skip = response.status === 206 ? 0 : start;
  if (response.status === 206 && !(response.headers.get("content-range") ?? "").startsWith(`bytes ${start}-`)) {
    throw new IngotError("registry-failed", `the registry ${http.endpoint.registry} sent another range than asked for`);
  }
  try {
    for await (const chunk of bodyChunks(response)) {
      const passed = Math.min(skip, chunk.length);
      skip -= passed;
      if (passed < chunk.length) yield passed === 0 ? chunk : chunk.subarray(passed);
    }
  } catch (cause) {
    throw unreachable(context, http.endpoint, cause);
  }
}

function cutShort(http: RegistryHttp, blob: Descriptor, received: number): IngotError {
  return new IngotError(
    "registry-unreachable",
    `the registry ${http.endpoint.registry} ended the blob ${blob.digest} after ${received} of ${blob.size} bytes`,
    { hint: "run the same command again: what was transferred whole is kept" },
  );
}
