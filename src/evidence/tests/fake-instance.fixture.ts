import type { ProgramEnd, SeenFile, TestInstance } from "./test-instance.ts";

/** An instance that shows what it is told to; everything else is empty. */
export function fakeInstance(shown: Partial<TestInstance> = {}): TestInstance {
  return {
    whyIdle: () => undefined,
    lastOutput: () => "",
    file: async () => undefined,
    text: async (path) => (path === "/etc/passwd" ? passwd : undefined),
    listening: () => [],
    processes: () => [],
    stop: async () => {},
    ...shown,
  };
}

export const passwd =
  "root:x:0:0:root:/root:/bin/bash\nwww-data:x:33:33::/var/www:/usr/sbin/nologin\nbroken\nsync:x:4:4::/bin:\n";

export function ended(exitCode: number, more: Partial<ProgramEnd> = {}): ProgramEnd {
  return { status: "exited", exitCode, output: "", cut: 0, isFound: true, limitsMet: [], ...more } as ProgramEnd;
}

export function plainFile(more: Partial<SeenFile> = {}): SeenFile {
  return { type: "file", mode: 0o644, uid: 0, gid: 0, size: 12, isFound: true, isCut: false, ...more };
}
