import type { Server } from "node:http";

/** Milliseconds. */
const longest = 10_000;

/** Takes no new connection, and ends when the requests that are under way are answered: at most after ten seconds. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const last = setTimeout(() => server.closeAllConnections(), longest);
    // A connection that is kept open for a next request becomes idle when its answer is out.
    const idle = setInterval(() => server.closeIdleConnections(), 50);
    server.close(() => {
      clearTimeout(last);
      clearInterval(idle);
      resolve();
    });
    server.closeIdleConnections();
  });
}
