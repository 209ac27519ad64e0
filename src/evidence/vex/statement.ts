import type { Exception } from "../scan/finding.ts";

/** One statement of an OpenVEX document, with what it inherits from the document: who says what about which vulnerability in which products. */
export type VexStatement = {
  /** The file, or the id of an attached statement. */
  readonly document: string;
  /** Where in it, for people: `statements[2]`. */
  readonly place: string;
  /** The vulnerability's name and aliases. */
  readonly vulnerabilities: readonly string[];
  /** `subject`: the image that an attached statement is about. */
  readonly products: readonly VexProduct[] | "subject";
  readonly status: Exception["status"];
  readonly reason: string;
  readonly owner: string;
  /** ISO 8601; always there where the status suppresses. */
  readonly expires?: string;
  /** ISO 8601: of two statements about the same, the later one counts. */
  readonly timestamp: string;
};

/** A product, or a part of it: its `@id`, its purl, the SHA-256 of its manifest. */
export type VexComponent = {
  readonly ids: readonly string[];
  /** 64 hex digits. */
  readonly sha256?: string;
};

export type VexProduct = VexComponent & { readonly subcomponents: readonly VexComponent[] };

/** `not_affected` and `fixed` take a finding out of what counts. */
export function suppresses(status: Exception["status"]): boolean {
  return status === "not_affected" || status === "fixed";
}

/** A day counts to its end, in UTC. */
export function isExpired(expires: string | undefined, now: Date): boolean {
  if (expires === undefined) return false;
  const end = /^\d{4}-\d{2}-\d{2}$/.test(expires)
    ? Date.parse(`${expires}T00:00:00Z`) + 86_400_000
    : Date.parse(expires);
  return now.getTime() >= end;
}
