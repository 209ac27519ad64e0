import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import { imageSource } from "./content/image-source.ts";
import { findImage } from "./find-image.ts";
import { instanceSpec } from "./image-instance.ts";
import { isInstanceId, type InstanceId, type InstanceSpec, type InstanceState, type Runtime } from "./runtime.ts";
import { assertInstalled, assertRoot } from "./runc/host-requirements.ts";
import { openRuntime, runtimeKind, type RuntimeKind } from "./open-runtime.ts";

export type StartOptions = {
  readonly count: number;
  /** The id of a single instance; of several, what comes before `-1`, `-2` … */
  readonly id?: string;
  readonly command?: readonly string[];
  readonly limits?: Partial<InstanceSpec["limits"]>;
  /** Else `INGOT_RUNTIME`. */
  readonly runtime?: RuntimeKind;
};

/** Two at a time: the network plugins and runc's start take turns on the kernel's locks, and more at once only wait. */
const atOnce = 2;

/** Starts instances of an image of the store: all of them, or none is left. */
export async function startInstances(
  ctx: Context,
  reference: string,
  options: StartOptions,
): Promise<readonly InstanceState[]> {
  const found = findImage(ctx, reference);
  const ids = idsOf(options);
  // Before the image's content is written, which may take a while.
  assertRoot();
  const kind = options.runtime ?? runtimeKind(ctx.env.INGOT_RUNTIME, "INGOT_RUNTIME");
  if (kind === "runc") assertInstalled(ctx);
  const runtime = await openRuntime(ctx, { kind });
  const image = imageSource(ctx, found.digest);
  const { command = [], limits = {} } = options;
  const name = found.name === undefined ? {} : { name: found.name };
  const specs: InstanceSpec[] = [];
  for (const id of ids) {
    const spec = await instanceSpec(ctx, image, { ...name, command, limits });
    specs.push(id === undefined ? spec : { ...spec, id });
  }
  return startAll(runtime, specs);
}

async function startAll(runtime: Runtime, specs: readonly InstanceSpec[]): Promise<readonly InstanceState[]> {
  const started: InstanceState[] = [];
  try {
    for (let index = 0; index < specs.length; index += atOnce) {
      const batch = specs.slice(index, index + atOnce).map((spec) => runtime.start(spec));
      const results = await Promise.allSettled(batch);
      for (const result of results) if (result.status === "fulfilled") started.push(result.value);
      await Promise.all(batch);
    }
    return started;
  } catch (error) {
    await Promise.all(started.map(({ id }) => runtime.stop(id, { grace: 0 })));
    throw error;
  }
}

function idsOf({ id, count }: StartOptions): (InstanceId | undefined)[] {
  if (id === undefined) return Array.from({ length: count }, () => undefined);
  const ids = count === 1 ? [id] : Array.from({ length: count }, (_, index) => `${id}-${index + 1}`);
  return ids.map((text) => {
    if (isInstanceId(text)) return text;
    throw new IngotError("usage", `expected an id of at most 48 lower-case letters, digits and "-", got "${text}"`, {
      hint: "it becomes the instance's host name",
    });
  });
}
