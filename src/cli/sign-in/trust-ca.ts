import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { X509Certificate } from "node:crypto";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import { readLogins } from "./login-file.ts";

/** Certificates that connections of this process are checked with, beside those of the system. */
const trusted = new Set<string>();

/** Makes this process take certificates of an authority, PEM, for good. */
export function trustCa(pem: string): void {
  if (trusted.has(pem)) return;
  trusted.add(pem);
  setDefaultCACertificates([...getCACertificates("default"), ...trusted]);
}

/** Does so for every controller that somebody is logged in to. */
export function trustLoginCas(ctx: Pick<Context, "home">): void {
  for (const { ca } of readLogins(ctx)) {
    if (ca !== undefined) trustCa(ca);
  }
}

/** The certificate of an authority in a file. Throws `tls-unusable`. */
export function readCa(ctx: Pick<Context, "cwd">, file: string): string {
  const path = resolve(ctx.cwd, file);
  try {
    return new X509Certificate(readFileSync(path)).toString();
  } catch (cause) {
    throw new IngotError("tls-unusable", `${path} holds no certificate that can be read`, {
      hint: "name the certificate of the authority that signed the controller's, in PEM",
      cause,
    });
  }
}
