import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { processContext, type Context } from "../ground/context.ts";
import type { Principal, PrincipalRole } from "../policy/policy.ts";
import type { Controller } from "./controller.ts";
import { openController } from "./open-controller.ts";
import { readSettings } from "./read-settings.ts";
import type { Settings } from "./settings.ts";

export type TestController = {
  readonly controller: Controller;
  readonly ctx: Context;
  /** Moves the clock, in seconds. */
  readonly pass: (seconds: number) => void;
};

/** A real controller in a home of its own (in memory where there is such a folder: every record is synced to disk), closed and removed when the test ends. Its clock starts at the given time and moves by `pass` alone. */
export async function openTestController(
  t: TestContext,
  options: { readonly settings?: Partial<Settings>; readonly home?: string; readonly now?: Date } = {},
): Promise<TestController> {
  const home = options.home ?? mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "ingot-controller-"));
  let now = options.now ?? new Date("2026-11-21T12:00:00Z");
  const ctx = processContext({ home, env: {}, now: () => now });
  const settings = { ...readSettings(ctx, { baseUrl: "http://ingot.example" }), ...options.settings };
  const controller = await openController(ctx, settings);
  t.after(async () => {
    await controller.close();
    if (options.home === undefined) rmSync(home, { recursive: true, force: true });
  });
  return {
    controller,
    ctx,
    pass: (seconds) => {
      now = new Date(now.getTime() + seconds * 1000);
    },
  };
}

/** A principal that need not be registered. */
export function principal(name: string, ...roles: readonly PrincipalRole[]): Principal {
  return { kind: "user", name, groups: [], roles };
}
