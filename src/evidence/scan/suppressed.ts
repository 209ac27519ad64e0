import type { Finding } from "./finding.ts";

/** Whether an exception takes a finding out of what counts. Someone who says `affected` or `under_investigation` has looked at it; it counts all the same. */
export function isSuppressed({ exception }: Pick<Finding, "exception">): boolean {
  return exception !== undefined && (exception.status === "not_affected" || exception.status === "fixed");
}
