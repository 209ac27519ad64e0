import type { Lint } from "./lint.ts";

export const undeclaredPort: Lint = {
  name: "undeclared-port",
  rule: "an instance listens on the declared port and no other",
  why: "a port that nobody declared is watched and protected by nobody: a debugger, an administration page, a backdoor",
  advice: "switch it off in the service's configuration, or declare it (`port:`)",
  check: ({ listening, config }) => {
    if (listening === undefined) return { skipped: "no instance was started to look at" };
    const declared = new Set(Object.keys(config.config?.ExposedPorts ?? {}).map((port) => Number(port.split("/")[0])));
    return listening
      .filter(({ port }) => !declared.has(port))
      .map(({ port, process }) => ({
        where: `port ${port}`,
        what: process === undefined ? "is listened on" : `is listened on by ${process}`,
      }));
  },
};
