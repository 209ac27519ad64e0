import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Exec } from "dockerode";
import type { InstanceId, ProgramEnd, RunRequest } from "../runtime.ts";
import { signalOf, runningContainer, startFailed } from "./container.ts";
import { reach, reasonOf, statusOf } from "./daemon.ts";
import type { Engine } from "./engine.ts";
import { entryVariable, killEntered } from "./entered.ts";
import { collectPrinted, type Printed } from "./printed.ts";

/** Runs a program in a living container: as its user, and with what the container was confined with. */
export async function executeCommand(
  engine: Engine,
  id: InstanceId,
  request: RunRequest & { readonly command: readonly string[] },
): Promise<ProgramEnd> {
  const info = await runningContainer(engine, id);
  const { api, streams, socket } = await engine.daemon();
  const container = api.getContainer(info.Id);
  const { User, WorkingDir } = info.Config;
  const mark = engine.ctx.randomBytes(8).toString("hex");
  const options = {
    Cmd: [...request.command],
    Env: [`${entryVariable}=${mark}`],
    User,
    WorkingDir,
    Privileged: false,
    Tty: false,
    AttachStdin: false,
    AttachStdout: true,
    AttachStderr: true,
  };
  try {
    const made = await reach(socket, () => container.exec(options));
    const stream = await reach(socket, () =>
      streams.getExec(made.id).start({ hijack: true, stdin: false, Tty: false }),
    );
    return await untilEnd({ socket, exec: made, first: info.State.Pid, mark, stream, request });
  } catch (error) {
    const status = statusOf(error);
    if (status === undefined) throw error;
    // 126 and 127 are for a program that is no program or is not there; engines answer them with an error of the request's.
    if (status === 400 || status === 500) return { status: "not-started", reason: reasonOf(error), ...nothing };
    throw startFailed(id, `executing ${request.command[0]}`, error);
  }
}

const nothing = { output: "", cut: 0, isFound: false, limitsMet: [] } as const;

type Executing = {
  readonly socket: string;
  readonly exec: Exec;
  readonly first: number;
  readonly mark: string;
  readonly stream: Duplex;
  readonly request: RunRequest;
};

async function untilEnd({ socket, exec, first, mark, stream, request }: Executing): Promise<ProgramEnd> {
  const printed = collectPrinted(stream, request);
  const deadline = Date.now() + request.timeout;
  for (let pause = 2; ; pause = Math.min(pause * 2, 50)) {
    const state = await reach(socket, () => exec.inspect());
    if (!state.Running && state.ExitCode !== null)
      return endOf(state.ExitCode, printed, () => finish({ first, mark, stream }));
    if (Date.now() >= deadline) break;
    await sleep(Math.max(1, Math.min(pause, deadline - Date.now())));
  }
  await finish({ first, mark, stream });
  return { status: "timed-out", ...printed.read(), limitsMet: [] };
}

/** Whatever it started ends with it: nothing that came from outside stays in an instance. */
async function finish({ first, mark, stream }: Pick<Executing, "first" | "mark" | "stream">): Promise<void> {
  killEntered(first, mark);
  await sleep(5);
  stream.destroy();
}

const drainTime = 500;

async function endOf(code: number, printed: Printed, finishIt: () => Promise<void>): Promise<ProgramEnd> {
  await Promise.race([printed.ended, sleep(drainTime, undefined, { ref: false })]);
  await finishIt();
  const read = { ...printed.read(), limitsMet: [] };
  if (code === 127 || code === 126)
    return { status: "not-started", reason: read.output.trim().slice(0, 500) || `exit code ${code}`, ...nothing };
  const signal = signalOf(code);
  return signal === undefined ? { status: "exited", exitCode: code, ...read } : { status: "killed", signal, ...read };
}
