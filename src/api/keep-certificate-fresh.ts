import { Server as TlsServer } from "node:tls";
import type { Server } from "node:http";
import type { TlsMaterial } from "../controller/identity/read-tls.ts";
import type { ServerLog } from "./server-log.ts";

/** Milliseconds: so soon a renewed certificate is in use by itself; SIGHUP makes it at once. */
const interval = 60_000;

/**
 * Reads certificate and key again every minute and at SIGHUP, and serves new connections with what changed. What cannot be read, or does not fit together, as in the moment between
 * the two files of a renewal, is left for the next time. Returns what ends it.
 */
export function keepCertificateFresh(
  server: Server,
  {
    now,
    read,
    log,
  }: { readonly now: TlsMaterial; readonly read: () => TlsMaterial | undefined; readonly log: ServerLog },
): () => void {
  if (!(server instanceof TlsServer)) return () => {};
  let used = now;
  const refresh = (): void => {
    try {
      const next = read();
      if (next === undefined || (next.certificate === used.certificate && next.key === used.key)) return;
      server.setSecureContext({ cert: next.certificate, key: next.key });
      used = next;
      log.info("the certificate was renewed");
    } catch (error) {
      log.info("the certificate on disk is of no use yet; the one before is still served", {
        why: error instanceof Error ? error.message : String(error),
      });
    }
  };
  const timer = setInterval(refresh, interval).unref();
  process.on("SIGHUP", refresh);
  return () => {
    clearInterval(timer);
    process.off("SIGHUP", refresh);
  };
}
