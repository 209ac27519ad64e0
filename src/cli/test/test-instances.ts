import type { ProgramEnd, RunRequest, TestInstance, TestInstances } from "../../evidence/tests/test-instance.ts";
import type { Context } from "../../ground/context.ts";
import { IngotError } from "../../ground/error.ts";
import type { Digest } from "../../oci/digest.ts";
import { imageSource, type ImageSource } from "../../runtime/content/image-source.ts";
import { instanceSpec } from "../../runtime/image-instance.ts";
import { lookAtInstance, type InstanceLook } from "../../runtime/look/look.ts";
import { identifyProcess } from "../../runtime/process-identity.ts";
import { runcRuntime } from "../../runtime/runc/runc-driver.ts";
import type { InstanceId, InstanceSpec, InstanceState, Runtime } from "../../runtime/runtime.ts";

type TestedImage = { readonly digest: Digest; readonly name: string };

/** The instances that tests of one image are made with: the very ones that `ingot run` starts. */
export function testInstances(ctx: Context, tested: TestedImage): TestInstances {
  const runtime = runcRuntime(ctx);
  const image = imageSource(ctx, tested.digest);
  const specOf = (command?: readonly string[]): Promise<InstanceSpec> =>
    instanceSpec(ctx, image, { name: tested.name, ...(command === undefined ? {} : { command }) });
  const held = heldInstance(ctx, runtime, specOf);
  return {
    run: async (command: readonly string[], request: RunRequest): Promise<ProgramEnd> =>
      runtime.runToEnd(await specOf(command), request),
    start: async () => {
      const started = await startOwn(runtime, image, specOf);
      return "state" in started ? running(ctx, runtime, { state: started.state, held }) : idle(started, held);
    },
  };
}

type Idle = { readonly why: string; readonly lastOutput: string };

/** The image's own command, or why it does not run. */
async function startOwn(
  runtime: Runtime,
  image: ImageSource,
  specOf: () => Promise<InstanceSpec>,
): Promise<{ readonly state: InstanceState } | Idle> {
  const { Entrypoint = [], Cmd = [] } = image.config.config ?? {};
  if (Entrypoint.length + Cmd.length === 0) return { why: "the image has no command", lastOutput: "" };
  try {
    return { state: await runtime.start(await specOf(), owned()) };
  } catch (error) {
    if (!(error instanceof IngotError) || error.code !== "instance-start-failed") throw error;
    return { why: error.message, lastOutput: error.details.join("\n") };
  }
}

/** A command that is killed leaves no instance behind for good. */
function owned(): { owner?: NonNullable<ReturnType<typeof identifyProcess>> } {
  const owner = identifyProcess(process.pid);
  return owner === undefined ? {} : { owner };
}

type Held = { readonly look: () => Promise<InstanceLook>; readonly stop: () => Promise<void> };

/** An instance in which nothing of the image runs, for looking at its files; started when it is first needed. */
function heldInstance(
  ctx: Context,
  runtime: Runtime,
  specOf: (command: readonly string[]) => Promise<InstanceSpec>,
): Held {
  let started: Promise<InstanceId> | undefined;
  const start = async (): Promise<InstanceId> => {
    // Never executed. runc wants a program that exists, and an image may have none.
    const spec = await specOf(["/proc/self/exe"]);
    return (await runtime.start(spec, { isHeld: true, ...owned() })).id;
  };
  return {
    look: async () => lookAtInstance(ctx, await (started ??= start())),
    stop: async () => {
      const id = await started?.catch(() => undefined);
      if (id !== undefined) await runtime.stop(id, { grace: 0 });
    },
  };
}

function idle({ why, lastOutput }: Idle, held: Held): TestInstance {
  return {
    whyIdle: () => why,
    lastOutput: () => lastOutput,
    file: async (path, find) => (await held.look()).file(path, find),
    text: async (path) => (await held.look()).text(path),
    listening: () => [],
    processes: () => [],
    stop: held.stop,
  };
}

/** While its command runs it is looked at itself; its files also afterwards, in the held one. */
function running(
  ctx: Context,
  runtime: Runtime,
  { state, held }: { readonly state: InstanceState; readonly held: Held },
): TestInstance {
  const own = lookAtInstance(ctx, state.id);
  const see = async <T>(look: (of: InstanceLook) => T): Promise<T> => {
    const seen = look(own);
    // Asked afterwards: of an instance that ended meanwhile nothing was seen.
    return own.isRunning() ? seen : look(await held.look());
  };
  const { address, port } = state;
  return {
    ...(address === undefined || port === undefined ? {} : { origin: `http://${address}:${port}` }),
    whyIdle: () => (own.isRunning() ? undefined : "the command of the image has ended"),
    lastOutput: own.lastOutput,
    file: (path, find) => see((look) => look.file(path, find)),
    text: (path) => see((look) => look.text(path)),
    listening: own.listening,
    processes: own.processes,
    stop: async () => {
      await runtime.stop(state.id, { grace: 0 });
      await held.stop();
    },
  };
}
