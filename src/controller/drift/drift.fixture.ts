import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Drift, Guard, GuardStatus } from "../../guard/guard.ts";
import type { Controller } from "../controller.ts";
import { makeEvent, system } from "../events/events.ts";
import { digestFor, record } from "../verbs/releases.fixture.ts";

export const place = { environment: "production", service: "web" } as const;

/** An instance that the record says was started. */
export async function startInstance(controller: Controller, instance: string): Promise<void> {
  const image = digestFor("web");
  const started = { ...place, instance, release: 4, image, why: "rollout", milliseconds: 20 };
  await record(controller, makeEvent(system, "instance.started", started));
}

export function driftOf(instance: string, change: Partial<Drift> = {}): Drift {
  return {
    instance: instance as Drift["instance"],
    rule: "foreign-executable",
    subject: "/tmp/dropper",
    message: "a program runs that the image does not have: /tmp/dropper",
    seen: Date.parse("2026-11-21T11:59:59.000Z"),
    found: Date.parse("2026-11-21T11:59:59.002Z"),
    chain: [
      { pid: 120, parent: 110, executable: "/tmp/dropper", command: ["/tmp/dropper", "--password=hunter22"], uid: 33 },
      { pid: 110, parent: 100, executable: "/bin/dash", command: ["sh", "-c", "/tmp/dropper"], uid: 33 },
      { pid: 100, parent: 1, executable: "/usr/sbin/nginx", command: ["nginx: worker process"], uid: 33 },
    ],
    sensor: "trace",
    response: "frozen",
    ...change,
  };
}

/** A guard whose findings and captures a test says; what really sees and captures is tested where it is. */
export type SaidGuard = Guard & {
  readonly find: (drift: Drift) => void;
  readonly captured: string[];
  readonly resets: object[];
  /** What the next captures are, or the error that they end with. */
  files: Readonly<Record<string, string>> | Error;
  breaker: GuardStatus["breaker"];
};

export function sayGuard(): SaidGuard {
  const listeners: ((drift: Drift) => void)[] = [];
  const guard: SaidGuard = {
    find: (drift) => listeners.forEach((tell) => tell(drift)),
    captured: [],
    resets: [],
    files: { "summary.json": "{}\n", "maps/100.txt": "maps\n", "changed.tar": "an archive", "programs/aa": "\x7fELF" },
    breaker: [],
    watch: async () => {},
    expect: async () => {},
    onDrift: (listener) => void listeners.push(listener),
    sweep: async () => [],
    capture: async (id, folder) => {
      guard.captured.push(id);
      if (guard.files instanceof Error) throw guard.files;
      for (const [name, content] of Object.entries(guard.files)) {
        mkdirSync(dirname(join(folder, name)), { recursive: true, mode: 0o700 });
        writeFileSync(join(folder, name), content);
      }
      return Object.keys(guard.files);
    },
    status: async () => ({
      isAwake: true,
      sensors: [{ name: "trace", state: "awake", detail: "" }],
      watched: 1,
      executions: 10,
      lost: 0,
      breaker: guard.breaker,
    }),
    resetBreaker: async (of) => void guard.resets.push(of),
    close: async () => {},
  };
  return guard;
}
