import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { IngotError } from "../../ground/error.ts";
import { silentReporter, type Reporter } from "../../ground/context.ts";
import type { Settings } from "../settings.ts";

/** PEM texts. */
export type TlsMaterial = { readonly certificate: string; readonly key: string };

const fortnight = 14 * 86_400_000;

/**
 * The certificate and key that the settings name; undefined where they name none. Says so where the certificate is about to expire. Throws `tls-unusable`, and `key-exposed` where everybody
 * may read the key.
 */
export function readTls(
  settings: Settings,
  { report = silentReporter, now = new Date() }: ReadTlsOptions = {},
): TlsMaterial | undefined {
  if (settings.tls === undefined) return undefined;
  const { certificate: certificatePath, key: keyPath } = settings.tls;
  const certificate = read(certificatePath, () => readFileSync(certificatePath, "utf8"));
  const key = read(keyPath, () => readKey(keyPath));
  const x509 = read(certificatePath, () => new X509Certificate(certificate));
  if (!x509.checkPrivateKey(loadKey(key, keyPath))) throw unusable(`${keyPath} is not the key of ${certificatePath}`);
  const ends = Date.parse(x509.validTo);
  if (ends < now.getTime()) throw unusable(`${certificatePath} expired on ${day(ends)}`);
  if (ends < now.getTime() + fortnight) report.warn(`${certificatePath} expires on ${day(ends)}`);
  return { certificate, key };
}

export type ReadTlsOptions = { readonly report?: Pick<Reporter, "warn">; readonly now?: Date };

function readKey(path: string): string {
  const file = openSync(path, "r");
  try {
    // A group that keeps certificates may read it, as Debian's ssl-cert does; everybody may not.
    const { mode } = fstatSync(file);
    if ((mode & 0o007) === 0) return readFileSync(file, "utf8");
    throw new IngotError("key-exposed", `everybody on this host may read or change ${path}, the key for TLS`, {
      hint: `chmod o= ${path}; if others use this host, get a new certificate: the key may be known to them`,
    });
  } finally {
    closeSync(file);
  }
}

/** Its own errors would quote what is in the file. */
function loadKey(pem: string, path: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw unusable(`${path} holds no private key in PEM, or an encrypted one`);
  }
}

function read<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof IngotError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new IngotError("tls-unusable", `${path} cannot be read for TLS: ${why}`, { hint, cause });
  }
}

const hint = "check tls: {certificate: FILE, key: FILE} in controller.yaml";

function unusable(message: string): IngotError {
  return new IngotError("tls-unusable", message, { hint });
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
