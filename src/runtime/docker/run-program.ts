import { setTimeout as sleep } from "node:timers/promises";
import type { ContainerInspectInfo } from "dockerode";
import { IngotError } from "../../ground/error.ts";
import { unmountSecrets } from "../given-files.ts";
import { identifyProcess, isSameProcess, type ProcessIdentity } from "../process-identity.ts";
import { watchLimits, type Limit } from "../runc/limits-met.ts";
import type { InstanceSpec, ProgramEnd, RunRequest } from "../runtime.ts";
import { containerName, signalOf } from "./container.ts";
import { reach, reasonOf, statusOf } from "./daemon.ts";
import type { Engine } from "./engine.ts";
import { openKernelLog, tellsOfProcesses } from "./kernel-log.ts";
import { connectAndVerify, createOwn, type Made } from "./launch-container.ts";
import { prepareContainer } from "./prepare-container.ts";
import { collectPrinted } from "./printed.ts";

/** Everything of `Runtime.runToEnd` but the removal of what is left, which the caller does in any case. */
export async function runProgram(engine: Engine, spec: InstanceSpec, request: RunRequest): Promise<ProgramEnd> {
  const prepared = await prepareContainer(engine, spec, []);
  if (prepared.missing !== undefined) return { status: "not-started", reason: prepared.missing, ...nothing };
  const owner = identifyProcess(process.pid);
  const made = await createOwn(engine, spec, { prepared, isProgram: true, owner });
  const { daemon } = prepared;
  const attached = daemon.streams.getContainer(containerName(engine, spec.id));
  const stream = await reach(daemon.socket, () =>
    attached.attach({ stream: true, stdout: true, stderr: true, hijack: true }),
  );
  const printed = collectPrinted(stream as unknown as AsyncIterable<Uint8Array>, request);
  const kernel = openKernelLog();
  try {
    const deadline = Date.now() + request.timeout;
    try {
      await reach(daemon.socket, () => made.container.start());
    } catch (error) {
      if (statusOf(error) === undefined) throw error;
      return { status: "not-started", reason: reasonOf(error), ...nothing };
    }
    const limits = watch((await reach(daemon.socket, () => made.container.inspect())).State.Pid);
    await verifyUnlessEnded(engine, spec, { ...made, prepared });
    unmountSecrets(prepared.place.folder);
    const ended = await untilEnded(engine, made.container.inspect.bind(made.container), { deadline, limits });
    if (ended === undefined) return { status: "timed-out", ...printed.read(), limitsMet: limits.met() };
    await Promise.race([printed.ended, sleep(drainTime, undefined, { ref: false })]);
    const fork = tellsOfProcesses(kernel.read(), made.container.id) ? (["processes"] as const) : [];
    const met = new Set<Limit>([...limits.met(), ...fork, ...(ended.State.OOMKilled ? (["memory"] as const) : [])]);
    return { ...statusAt(ended.State.ExitCode), ...printed.read(), limitsMet: [...met] };
  } finally {
    kernel.close();
    (stream as unknown as { destroy: () => void }).destroy();
  }
}

const drainTime = 2000;
const nothing = { output: "", cut: 0, isFound: false, limitsMet: [] } as const;

type Limits = { readonly met: () => readonly Limit[]; readonly process: ProcessIdentity | undefined };

/** The counters go with the container, so they are read again and again while it lives. */
function watch(pid: number): Limits {
  const process = pid === 0 ? undefined : identifyProcess(pid);
  const read = process === undefined ? () => [] : watchLimits(pid);
  const met = new Set<Limit>();
  return {
    process,
    met: () => {
      for (const limit of read()) met.add(limit);
      return [...met];
    },
  };
}

/** A program that has ended meanwhile is no failure here: what the engine was given is all that can be known of it. */
async function verifyUnlessEnded(engine: Engine, spec: InstanceSpec, made: Made): Promise<void> {
  try {
    await connectAndVerify(engine, spec, made);
  } catch (error) {
    const { State } = await reach(made.prepared.daemon.socket, () => made.container.inspect());
    const isEnded = error instanceof IngotError && error.code === "instance-start-failed" && !State.Running;
    if (!isEnded) throw error;
  }
}

type Waiting = { readonly deadline: number; readonly limits: Limits };

async function untilEnded(
  engine: Engine,
  inspect: () => Promise<ContainerInspectInfo>,
  { deadline, limits }: Waiting,
): Promise<ContainerInspectInfo | undefined> {
  const { socket } = await engine.daemon();
  for (let pause = 2; Date.now() < deadline; pause = Math.min(pause * 2, 20)) {
    limits.met();
    if (limits.process === undefined || !isSameProcess(limits.process)) {
      const info = await reach(socket, inspect);
      if (!info.State.Running) return info;
    }
    if (engine.ctx.signal.aborted) throw new IngotError("cancelled", "the program was stopped; nothing of it is left");
    await sleep(pause);
  }
  return undefined;
}

function statusAt(code: number): { status: "exited"; exitCode: number } | { status: "killed"; signal: string } {
  const signal = signalOf(code);
  return signal === undefined ? { status: "exited", exitCode: code } : { status: "killed", signal };
}
