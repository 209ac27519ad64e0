import type { ErrorCode } from "../../ground/error-codes.ts";
import { IngotError } from "../../ground/error.ts";

/** Runs `work` on a package's content, and tells what is wrong with it with the package's name: the readers of archives do not know whose they read. */
export function namePackage<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof IngotError) || !wrongContent.has(error.code)) throw error;
    const { code, message, hint, details } = error;
    throw new IngotError(code, `${where}: ${message}`, { details, cause: error, ...(hint !== undefined && { hint }) });
  }
}

const wrongContent: ReadonlySet<ErrorCode> = new Set(["archive-escapes-root", "entry-unsupported", "tar-malformed"]);
