import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { maximumManifestSize } from "../layout/describe-manifest.ts";
import { bodyChunks } from "./body-chunks.ts";
import { isUnreachable, pause, unreachable, type RegistryHttp, type RetryOptions } from "./http.ts";
import type { RegistryRequest } from "./registry-request.ts";

/** One repository, as the parts of the client see it. */
export type Target = {
  readonly context: Context;
  readonly http: RegistryHttp;
  readonly repository: string;
  readonly retry: RetryOptions;
};

export type WholeAnswer = { readonly response: Response; readonly content: Buffer };

/** An answer of at most 4 MiB with its body. Where the body breaks off, the whole is asked for again. */
export async function wholeAnswer(target: Target, request: RegistryRequest): Promise<WholeAnswer> {
  const { context, http, retry } = target;
  const { attempts = 5, delay = 250 } = retry;
  for (let attempt = 1; ; attempt++) {
    const response = await http.send(request);
    try {
      return { response, content: await readLimited(response, http.endpoint.registry) };
    } catch (cause) {
      if (cause instanceof IngotError) throw cause;
      const error = unreachable(context, http.endpoint, cause);
      if (attempt >= attempts || !isUnreachable(error)) throw error;
      await pause(context, delay * 2 ** (attempt - 1));
    }
  }
}

/** Stops reading where no manifest goes on, so that a registry cannot fill the memory. */
async function readLimited(response: Response, registry: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bodyChunks(response)) {
    size += chunk.length;
    if (size > maximumManifestSize) {
      throw new IngotError("manifest-malformed", `the registry ${registry} serves a manifest of more than 4 MiB`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
