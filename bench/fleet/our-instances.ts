import { openRuntimeHelper, type RuntimeHelper } from "../../src/runtime/helper/resident-runtime.ts";
import { instanceSpec } from "../../src/runtime/image-instance.ts";
import type { InstanceSpec } from "../../src/runtime/runtime.ts";
import { makeTestHome, type TestHome } from "../../test/support/runtime-image.ts";
import { removeTestHome } from "../../test/support/stop-instances.ts";
import { twoAtATime } from "../../test/support/two-at-a-time.ts";

export const command = ["sleep", "600"];

/** A home with an image and a resident helper, as a controller has them. */
export type OurInstances = {
  readonly home: TestHome;
  readonly startOne: () => Promise<void>;
  /** Two at a time. */
  readonly start: (count: number) => Promise<void>;
  readonly stopAll: () => Promise<void>;
  readonly remove: () => Promise<void>;
};

export async function ourInstances(folder: string): Promise<OurInstances> {
  const home = await makeTestHome(folder);
  // A controller is not started for the first time: what it compiled then is kept.
  await (await openRuntimeHelper(home.ctx)).close();
  const helper = await openRuntimeHelper(home.ctx);
  // Keeps the content mounted and the bridge made, as running services would.
  const kept = await helper.start(await specOf(home));
  const startOne = async (): Promise<void> => void (await helper.start(await specOf(home)));
  return {
    home,
    startOne,
    start: async (count) => void (await twoAtATime(Array.from({ length: count }), startOne)),
    stopAll: () => stopAllBut(kept.id, helper),
    remove: async () => {
      await helper.close();
      await removeTestHome(home);
    },
  };
}

function specOf({ ctx, image }: TestHome): Promise<InstanceSpec> {
  return instanceSpec(ctx, image, { command });
}

async function stopAllBut(kept: string, helper: RuntimeHelper): Promise<void> {
  const others = (await helper.list()).filter(({ id }) => id !== kept);
  await twoAtATime(others, ({ id }) => helper.stop(id, { grace: 0 }));
}
