import { z } from "zod";
import { durationPattern, readDuration } from "../../project/scalars.ts";
import type { Settings } from "../settings.ts";

const expected = "expected off, or {every: DURATION} of at least a minute, such as 6h";

/** Scans are work, and more of them in a minute know no more. */
const every = z
  .string()
  .regex(durationPattern, expected)
  .refine((text) => readDuration(text) >= 60_000, expected);

/** What controller.yaml may say of scans of what runs. */
export const rescanSetting = z
  .union([z.literal("off"), z.strictObject({ every })], { error: expected })
  .default({ every: "6h" });

/** `isWanted`: false where the command line says that there are none. */
export function readRescan(
  written: z.infer<typeof rescanSetting>,
  { isWanted }: { readonly isWanted: boolean },
): Pick<Settings, "rescan"> {
  return written === "off" || !isWanted ? {} : { rescan: { every: readDuration(written.every) } };
}
