import { z } from "zod";
import { durationPattern, readDuration } from "../../project/scalars.ts";
import type { Settings } from "../settings.ts";

/** Scans are work, and more of them in a minute know no more. */
const isLong = (text: string): boolean => readDuration(text) >= 60_000;

/** What controller.yaml may say of scans of what runs. */
export const rescanSetting = z
  .union([z.literal("off"), z.strictObject({ every: z.string().regex(durationPattern).refine(isLong) })], {
    error: "expected off, or {every: DURATION} of at least a minute, such as 6h",
  })
  .default({ every: "6h" });

/** `isWanted`: false where the command line says that there are none. */
export function readRescan(
  written: z.infer<typeof rescanSetting>,
  { isWanted }: { readonly isWanted: boolean },
): Pick<Settings, "rescan"> {
  return written === "off" || !isWanted ? {} : { rescan: { every: readDuration(written.every) } };
}
