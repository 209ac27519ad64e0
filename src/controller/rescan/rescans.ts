import type { Digest } from "../../oci/digest.ts";
import { IngotError } from "../../ground/error.ts";
import type { Controller } from "../controller.ts";
import { fingerprintFeeds } from "./feed-fingerprint.ts";
import { listRunning, type RunningImage } from "./list-running.ts";
import { rescanImage, type Rescanned } from "./rescan-image.ts";
import { settleAlarms, type RescannedImage } from "./settle-alarms.ts";

/** Scans what runs, again and again. */
export type Rescans = {
  /** Ends; a scan that is on its way is killed. */
  readonly close: () => Promise<void>;
};

export type RescanOptions = {
  /** Milliseconds between two rounds. */
  readonly every: number;
  readonly onProblem: (message: string, values: object) => void;
  readonly pace?: Partial<RescanPace>;
};

/** Milliseconds. */
export type RescanPace = {
  /** From the start to the first round: a start has other things to do. */
  readonly first: number;
  /** Between two looks at the feeds. */
  readonly poll: number;
  /** Until what failed is tried again; doubled with each failure, to `every` at most. */
  readonly retry: number;
  /** For which one scan may take. */
  readonly timeout: number;
};

const usualPace: RescanPace = { first: 10_000, poll: 60_000, retry: 60_000, timeout: 15 * 60_000 };

/**
 * Scans each image that runs anew, one after the other: some seconds after the start, now and then, and when the feeds say something else. What is found goes on the record as a statement of the controller's own
 * scanner; what follows from it is for policies to say. A scan that fails is told once and tried again; nothing of it ends the controller.
 */
export function openRescans(controller: Controller, options: RescanOptions): Rescans {
  const pace = { ...usualPace, ...options.pace };
  const end = new AbortController();
  const loop = repeat({ controller, options, pace, signal: end.signal, told: new Set(), outcomes: new Map() });
  return {
    close: async () => {
      end.abort();
      await loop;
    },
  };
}

type Repeating = {
  readonly controller: Controller;
  readonly options: RescanOptions;
  readonly pace: RescanPace;
  readonly signal: AbortSignal;
  /** Problems that stand and were told. */
  readonly told: Set<string>;
  /** The last of each image; none where it failed. */
  readonly outcomes: Map<Digest, Rescanned>;
};

async function repeat(repeating: Repeating): Promise<void> {
  const { options, pace, signal } = repeating;
  let feeds = look(repeating);
  let whole = performance.now() + pace.first;
  let again = { at: Infinity, failures: 0, images: new Set() as ReadonlySet<Digest> };
  for (;;) {
    await pause(Math.min(pace.poll, Math.max(0, Math.min(whole, again.at) - performance.now())), signal);
    if (signal.aborted) return;
    const seen = look(repeating);
    const isWhole = performance.now() >= whole || seen !== feeds;
    if (!isWhole && performance.now() < again.at) continue;
    feeds = seen;
    const failed = await scanAll(repeating, isWhole ? () => true : ({ image }) => again.images.has(image));
    if (isWhole) whole = performance.now() + options.every;
    if (failed.size === 0) repeating.told.clear();
    const failures = failed.size === 0 ? 0 : again.failures + 1;
    const wait = Math.min(pace.retry * 2 ** Math.min(failures - 1, 30), options.every);
    again = { at: failures === 0 ? Infinity : performance.now() + wait, failures, images: failed };
  }
}

/** What the feeds are now. A folder that cannot be read is as it was. */
function look(repeating: Repeating): string {
  try {
    return fingerprintFeeds(repeating.controller.ctx);
  } catch (error) {
    tell(repeating, "the feeds cannot be read", { why: String(error) });
    return "";
  }
}

/** Returns the images that are to be tried again. */
async function scanAll(
  repeating: Repeating,
  isWanted: (running: RunningImage) => boolean,
): Promise<ReadonlySet<Digest>> {
  const { controller, outcomes, signal } = repeating;
  const failed = new Set<Digest>();
  try {
    for (const running of listRunning(controller.ledger.state).filter(isWanted)) {
      if (signal.aborted) return failed;
      const rescanned = await scanOne(repeating, running);
      if (rescanned === undefined) failed.add(running.image);
      if (rescanned === undefined) outcomes.delete(running.image);
      else outcomes.set(running.image, rescanned);
    }
    await settleAlarms(controller, listRunning(controller.ledger.state).map(withOutcome(outcomes)));
  } catch (error) {
    // A ledger that takes nothing: it takes no deploy either, which is told there. What was scanned is not scanned again for it.
    tell(repeating, "what scans found did not go on the record", { why: String(error) });
  }
  return failed;
}

function withOutcome(outcomes: ReadonlyMap<Digest, Rescanned>): (running: RunningImage) => RescannedImage {
  return (running) => {
    const rescanned = outcomes.get(running.image);
    return { running, ...(rescanned === undefined ? {} : { rescanned }) };
  };
}

async function scanOne(repeating: Repeating, running: RunningImage): Promise<Rescanned | undefined> {
  const { controller, pace, signal } = repeating;
  const { image, repository } = running;
  try {
    const rescanned = await rescanImage(controller, running, { timeout: pace.timeout, signal });
    if (rescanned.kind === "incomplete")
      tell(repeating, "a scan of what runs is not signed", { image, repository, why: rescanned.gap });
    return rescanned;
  } catch (error) {
    if (signal.aborted) return undefined;
    const why = error instanceof IngotError ? error.message : String(error);
    const more = error instanceof IngotError ? { code: error.code, details: error.details, hint: error.hint } : {};
    tell(repeating, "what runs could not be scanned anew; it is tried again", { why, ...more }, { image, repository });
    return undefined;
  }
}

/** Once, as long as it stands. `first`: where it was met first; a mirror that cannot be reached is one problem, not one of each image. */
function tell({ told, options }: Repeating, message: string, values: object, first: object = {}): void {
  const text = JSON.stringify([message, values]);
  if (told.has(text)) return;
  // Words that differ each time must not fill the memory.
  if (told.size >= 1000) told.clear();
  told.add(text);
  options.onProblem(message, { ...first, ...values });
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}
