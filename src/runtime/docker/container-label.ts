import { z } from "zod";
import { jsonOrUndefined } from "../../ground/json-or-undefined.ts";
import { isDigest } from "../../oci/digest.ts";
import { isInstanceId, type InstanceSpec, type LaunchOptions } from "../runtime.ts";

/** Whose it is: the key of the `$INGOT_HOME`. */
export const homeLabel = "dev.ingot.home";
/** All of what Ingot says of a container, as one JSON text. Other labels may be the image's. */
const instanceLabel = "dev.ingot.instance";

const schema = z.object({
  id: z.string().refine(isInstanceId),
  image: z.string().refine(isDigest),
  name: z.string().optional(),
  port: z.int().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  started: z.string(),
  writable: z.array(z.string()),
  /** Whether it is run to its end: nobody but the one who started it has any business with it. */
  isProgram: z.boolean(),
  owner: z.object({ pid: z.int(), startTime: z.string(), bootId: z.string() }).optional(),
});

export type ContainerLabel = Readonly<z.infer<typeof schema>>;

type Said = {
  readonly key: string;
  readonly started: string;
  readonly isProgram: boolean;
  readonly owner: LaunchOptions["owner"];
};

/** The labels of an instance's container: those it was given too, for whoever lists containers. */
export function labelsOf(spec: InstanceSpec, { key, started, isProgram, owner }: Said): Record<string, string> {
  const { id, image, name, port, labels } = spec;
  const writable = spec.writable.map(({ path }) => path);
  const all = { id, image, name, port, labels, started, writable, isProgram, owner };
  return { ...labels, [homeLabel]: key, [instanceLabel]: JSON.stringify(all) };
}

/** Undefined for a container that is not Ingot's. */
export function readLabel(labels: Readonly<Record<string, string>> | undefined): ContainerLabel | undefined {
  const parsed = schema.safeParse(jsonOrUndefined(labels?.[instanceLabel] ?? ""));
  return parsed.success ? parsed.data : undefined;
}
