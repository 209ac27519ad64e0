import { drift, type Verdict } from "./finding.ts";
import { imageFileAt, type InstanceView } from "./instance-view.ts";

/** Code that a process has mapped from a file. */
export type CodeMapping = { readonly path: string; readonly inode: number };

/** The executable mappings of `/proc/PID/maps` that have a file; each file once. Memory without one is where just-in-time compilers put their code. */
export function parseMaps(text: string): readonly CodeMapping[] {
  const found = new Map<string, CodeMapping>();
  for (const line of text.split("\n")) {
    // 7f…-7f… r-xp 00000000 00:2a 1234   /usr/lib/x86_64-linux-gnu/libc.so.6
    const [, mode, inode, path] = /^\S+ (\S+) \S+ \S+ (\d+) *(.*)$/.exec(line) ?? [];
    if (mode?.[2] !== "x" || inode === undefined || inode === "0" || path === undefined) continue;
    // Of a name with a line break the kernel writes \012.
    found.set(`${inode} ${path}`, { path: path.replaceAll("\\012", "\n"), inode: Number(inode) });
  }
  return [...found.values()];
}

/** `program`: the file that the process runs, which is judged by itself. */
export function judgeMappings(
  view: InstanceView,
  mappings: readonly CodeMapping[],
  program: string,
): readonly Verdict[] {
  const foreign = mappings.filter(({ path, inode }) => path !== program && imageFileAt(view, path)?.inode !== inode);
  return foreign.map(({ path }) =>
    drift("foreign-mapping", path, `code of ${path} is mapped; the image does not have it`),
  );
}
