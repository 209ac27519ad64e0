import { cutCommand } from "./move-servers.ts";
import { readServers, type SeenServer } from "./read-proxy.ts";
import { tellProxy } from "./runtime-api.ts";

/** As long as HAProxy waits before it tries again, and some more. Milliseconds. */
const retriesAreOver = 800;

/** Ends what is still under way with servers that were just taken out, but for those that are in traffic again by then. */
export function cutLater(socket: string, backends: readonly string[], cut: readonly SeenServer[]): void {
  if (cut.length === 0) return;
  const names = new Set(cut.map(nameOf));
  const timer = setTimeout(() => {
    void cutNow(socket, backends, names).catch(() => {
      // The proxy is gone or hangs, which the next `apply` tells; what is under way ends with its instance at the latest.
    });
  }, retriesAreOver);
  timer.unref();
}

async function cutNow(socket: string, backends: readonly string[], names: ReadonlySet<string>): Promise<void> {
  const seen = (await readServers(socket, backends)) ?? [];
  await tellProxy(socket, seen.filter((one) => one.status === "out" && names.has(nameOf(one))).map(cutCommand));
}

function nameOf(server: SeenServer): string {
  return `${server.backend}/${server.place} ${server.address}:${server.port}`;
}
