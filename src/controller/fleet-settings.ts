import { resolve } from "node:path";
import { z } from "zod";
import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import { labelPattern } from "../project/names.ts";
import { runtimeChoices, type SecretSource, type Settings } from "./settings.ts";

const secretSource = z.union(
  [z.strictObject({ file: z.string() }), z.strictObject({ command: z.array(z.string()).min(1) })],
  { error: "expected {file: PATH} or {command: [PROGRAM, …]}" },
);

const name = z.string().regex(labelPattern);

/** What controller.yaml may say of what runs. */
export const fleetSettings = {
  runtime: z.enum(runtimeChoices).exactOptional(),
  secrets: z.record(name, z.record(name, secretSource)).default({}),
};

/** Throws `settings-malformed`. */
export function readRuntime(text: string | undefined): Pick<Settings, "runtime"> {
  if (text === undefined) return {};
  const runtime = runtimeChoices.find((one) => one === text);
  if (runtime !== undefined) return { runtime };
  throw new IngotError("settings-malformed", `expected runtime to be ${runtimeChoices.join(", ")}, got ${text}`);
}

/** Paths are those of the folder that the controller was started in. */
export function readSecrets(ctx: Pick<Context, "cwd">, written: Settings["secrets"]): Settings["secrets"] {
  const placed = (source: SecretSource): SecretSource =>
    "file" in source ? { file: resolve(ctx.cwd, source.file) } : source;
  return Object.fromEntries(
    Object.entries(written).map(([environment, named]) => [
      environment,
      Object.fromEntries(Object.entries(named).map(([key, source]) => [key, placed(source)])),
    ]),
  );
}
