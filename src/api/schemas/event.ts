import { z } from "zod";

/** An event as it is on the record, with its number. */
export const recordedEvent = z.object({
  index: z.number(),
  time: z.string(),
  actor: z.string(),
  type: z.string(),
  data: z.record(z.string(), z.unknown()),
});
