import type { RequestBody } from "./request-body.ts";

export type RegistryRequest = {
  readonly method: "GET" | "HEAD" | "POST" | "PUT";
  /** A path below the registry, or an absolute URL it gave (an upload's location). */
  readonly url: string;
  readonly repository: string;
  readonly access: "pull" | "push";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  /** Not tried again here: the caller begins anew from an earlier step. */
  readonly isOnce?: boolean;
  /** Statuses that are an answer and not an error. */
  readonly accept: readonly number[];
};
