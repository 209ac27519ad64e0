import { IngotError } from "../ground/error.ts";
import { ingotHome } from "../ground/context.ts";

/** A Node system error that a person can act on, as an IngotError; undefined for any other error. */
export function explainSystemError(thrown: unknown): IngotError | undefined {
  if (!(thrown instanceof Error) || !("code" in thrown)) return undefined;
  const { syscall, path } = thrown as NodeJS.ErrnoException;
  switch (thrown.code) {
    case "ENOSPC":
    case "EDQUOT":
      // A write to an open file does not say its path: nearly always it is below Ingot's home.
      return new IngotError(
        "disk-full",
        `no space is left for ${path ?? `what is written (Ingot's home is ${ingotHome(process.env)})`}`,
        {
          hint: "free some space (ingot gc removes what no image needs), then run the same command again",
          cause: thrown,
        },
      );
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new IngotError(
        "permission-denied",
        `the system refuses ${syscall ?? "access"} on ${path ?? thrown.message}`,
        {
          hint: "check the owner and the mode of that path, or run as another user",
          cause: thrown,
        },
      );
    case "ENOTDIR":
      return new IngotError(
        "permission-denied",
        `the system refuses ${path ?? thrown.message}: a part of it is no folder`,
        {
          hint: `check that path; Ingot's home is ${ingotHome(process.env)}, and INGOT_HOME names another`,
          cause: thrown,
        },
      );
    default:
      return undefined;
  }
}
