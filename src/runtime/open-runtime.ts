import type { Context } from "../ground/context.ts";
import { IngotError } from "../ground/error.ts";
import { nearestWord } from "../ground/nearest-word.ts";
import type { RegistryAccess } from "./docker/daemon-image.ts";
import type { Runtime } from "./runtime.ts";

export const runtimeKinds = ["runc", "docker", "podman"] as const;
export type RuntimeKind = (typeof runtimeKinds)[number];

export type RuntimeChoice = {
  /** Else `INGOT_RUNTIME` says it, else it is runc. */
  readonly kind?: RuntimeKind;
  /** Of Docker or podman; else `INGOT_RUNTIME_SOCKET`, else where they have it by default. */
  readonly socket?: string;
  readonly registry?: RegistryAccess;
};

const sockets = { docker: "/var/run/docker.sock", podman: "/run/podman/podman.sock" } as const;

/** The driver of instances: the one place that chooses. Throws `usage` for an `INGOT_RUNTIME` that is none. */
export async function openRuntime(ctx: Context, choice: RuntimeChoice = {}): Promise<Runtime> {
  const kind = choice.kind ?? runtimeKind(ctx.env.INGOT_RUNTIME, "INGOT_RUNTIME");
  if (kind === "runc") return (await import("./runc/runc-driver.ts")).runcRuntime(ctx);
  const socket = choice.socket ?? (ctx.env.INGOT_RUNTIME_SOCKET || sockets[kind]);
  const { dockerRuntime } = await import("./docker/docker-driver.ts");
  return dockerRuntime(ctx, { socket, ...(choice.registry === undefined ? {} : { registry: choice.registry }) });
}

/** `from`: where it was said, for the error. */
export function runtimeKind(text: string | undefined, from: string): RuntimeKind {
  if (text === undefined || text === "") return "runc";
  const found = runtimeKinds.find((kind) => kind === text);
  if (found !== undefined) return found;
  const nearest = nearestWord(text, runtimeKinds);
  throw new IngotError("usage", `expected ${runtimeKinds.join(", ")} for ${from}, got "${text}"`, {
    hint: nearest === undefined ? "ingot run --help" : `did you mean ${nearest}?`,
  });
}
