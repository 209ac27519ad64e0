import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { join } from "node:path";

/** A certificate of its own authority for 127.0.0.1, made by openssl. */
export function makeCertificate(folder: string, days = 90): { readonly certificate: string; readonly key: string } {
  const [certificate, key] = [join(folder, "tls.crt"), join(folder, "tls.key")];
  const subject = ["-subj", "/CN=ingot test", "-addext", "subjectAltName=IP:127.0.0.1"];
  const to = ["-keyout", key, "-out", certificate, "-days", String(days)];
  execFileSync(
    "openssl",
    ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", ...subject, ...to],
    { stdio: "pipe" },
  );
  chmodSync(key, 0o640);
  return { certificate, key };
}

export function hasOpenssl(): boolean {
  return spawnSync("openssl", ["version"]).error === undefined;
}
