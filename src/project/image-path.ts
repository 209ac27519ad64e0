import { posix } from "node:path";

/** An absolute path of an image in one form: no doubled slash, no trailing slash. */
export function normaliseTarget(target: string): string {
  const path = posix.normalize(target).replace(/^\/\//, "/");
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

/** Whether `path` is `folder` or lies below it; both normalised. */
export function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
