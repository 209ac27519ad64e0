import type { ImageConfig } from "./image-config.ts";

/** The label in which `ingot build` keeps `writable` of the definition: JSON, `[{"path": "/run", "size": 1048576}]`, sizes in bytes. */
export const writableLabel = "dev.ingot.writable";

/** The paths of that label; none where it is missing or cannot be read, which the runtime refuses to start. */
export function writablePaths(config: ImageConfig): readonly string[] {
  try {
    const entries: unknown = JSON.parse(config.config?.Labels?.[writableLabel] ?? "[]");
    return Array.isArray(entries)
      ? entries.flatMap(({ path }: { path?: unknown }) => (typeof path === "string" ? [path] : []))
      : [];
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return [];
    throw error;
  }
}
