import { IngotError } from "../../ground/error.ts";
import { readSize, sizePattern } from "../../project/scalars.ts";
import { runtimeKind } from "../../runtime/open-runtime.ts";
import { startInstances, type StartOptions } from "../../runtime/start-instances.ts";
import type { InstanceState } from "../../runtime/runtime.ts";
import type { Declare } from "../command.ts";
import { findImageName } from "../find-image-name.ts";

type RunOptions = {
  readonly name?: string;
  readonly count: string;
  readonly memory?: string;
  readonly pids?: string;
  readonly cpus?: string;
  readonly runtime?: string;
};

/** `ingot run IMAGE [-- COMMAND…]`: starts instances of an image of the store; each is verified before this returns. */
export const declare: Declare = (command, handle) => {
  command
    .argument("<image>", "a name or a digest of the store; inside of a project, one of its images")
    .argument("[command...]", "run this instead of the image's command; write -- before it")
    .option("--name <id>", "the instance's id; with --count, what the ids begin with")
    .option("--count <number>", "how many instances", "1")
    .option("--memory <size>", "memory of each, such as 256M (default: 512M)")
    .option("--pids <number>", "processes and threads of each (default: 256)")
    .option("--cpus <number>", "CPUs of each, such as 0.5 (default: 1)")
    .option("--runtime <engine>", "runc, docker or podman (default: INGOT_RUNTIME, or runc)")
    .action(
      handle<RunOptions, [string, readonly string[]]>(async ({ ctx, options }, image, given) => {
        const reference = await findImageName(ctx, image);
        const instances = await startInstances(ctx, reference, { ...readOptions(options), command: given });
        return { json: { instances }, text: instances.map(describe).join("\n") };
      }),
    );
};

function describe(instance: InstanceState): string {
  const port = instance.port === undefined ? "" : `:${instance.port}`;
  return `${instance.id}  ${instance.address ?? "-"}${port}`;
}

function readOptions(options: RunOptions): StartOptions {
  const limits = {
    ...(options.memory === undefined ? {} : { memory: readMemory(options.memory) }),
    ...(options.pids === undefined ? {} : { pids: readWhole("--pids", options.pids, 1_000_000) }),
    ...(options.cpus === undefined ? {} : { cpus: readCpus(options.cpus) }),
  };
  const count = readWhole("--count", options.count, 1000);
  return {
    count,
    limits,
    ...(options.name === undefined ? {} : { id: options.name }),
    ...(options.runtime === undefined ? {} : { runtime: runtimeKind(options.runtime, "--runtime") }),
  };
}

function readMemory(text: string): number {
  const size = sizePattern.test(text) ? readSize(text) : 0;
  if (size >= 16 * 2 ** 20 && size <= 2 ** 50) return size;
  throw wrong("--memory", "a size from 16M to 1048576G, such as 512M", text);
}

function readWhole(option: string, text: string, most: number): number {
  const number = Number(text);
  if (/^\d{1,7}$/.test(text) && number >= 1 && number <= most) return number;
  throw wrong(option, `a number from 1 to ${most}`, text);
}

function readCpus(text: string): number {
  const number = Number(text);
  if (/^\d{1,4}(\.\d{1,2})?$/.test(text) && number >= 0.01) return number;
  throw wrong("--cpus", "a number such as 0.5 or 2", text);
}

function wrong(option: string, expected: string, got: string): IngotError {
  return new IngotError("usage", `expected ${expected} for ${option}, got "${got}"`, { hint: "ingot run --help" });
}
