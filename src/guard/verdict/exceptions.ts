import { posix } from "node:path";
import type { GuardException } from "../guard.ts";
import type { Verdict } from "./finding.ts";

/** Whether a person declared it to be right. */
export function isExcepted({ rule, subject }: Verdict, exceptions: readonly GuardException[]): boolean {
  return exceptions.some((one) => one.rule === rule && (one.path === undefined || matchesPattern(one.path, subject)));
}

/** `*` is any part of a name, `**` any folders. Attack: `/tmp/ok/../evil` for the pattern `/tmp/ok/**`. */
export function matchesPattern(pattern: string, path: string): boolean {
  if (path.startsWith("/") && posix.normalize(path) !== path) return false;
  const source = pattern.replace(/\*\*|\*|[.+?^${}()|[\]\\]/g, (sign) => {
    if (sign === "**") return ".*";
    return sign === "*" ? "[^/]*" : `\\${sign}`;
  });
  return new RegExp(`^${source}$`, "s").test(path);
}
