/** One way to do a job. */
export type Side = {
  readonly name: string;
  /** Puts everything in place; not timed. */
  readonly prepare?: () => Promise<void> | void;
  /** The job, timed from its call to its end. What it returns is printed beside the time of the last run. */
  readonly run: () => Promise<string | void> | string | void;
};

/** Sides that do the same job, the first of them ours. */
export type Comparison = {
  readonly title: string;
  /** What to reach, in words, or what else a reader must know. */
  readonly note?: string;
  readonly runs: number;
  readonly sides: readonly Side[];
};

/** The tool that each file in bench/ exports as `bench`. What it yields is measured before it is asked for more, so that it may prepare in between. */
export type Bench = (work: BenchWork) => AsyncGenerator<Comparison, void, void>;

export type BenchWork = {
  /** On tmpfs, so that no side waits for a disk; removed at the end. */
  readonly folder: string;
  /** `--runs`, or what the bench thinks right. */
  readonly runs: (usual: number) => number;
};

export type Measurement = { readonly name: string; readonly seconds: readonly number[]; readonly remark: string };

/** Runs the sides in turn (A B A B), so that what changes on the machine meanwhile hits all of them. */
export async function measure({ runs, sides }: Comparison): Promise<readonly Measurement[]> {
  const seconds = sides.map((): number[] => []);
  const remarks = sides.map(() => "");
  for (let run = 0; run < runs; run++) {
    for (const [index, side] of sides.entries()) {
      await side.prepare?.();
      const start = performance.now();
      const remark = await side.run();
      seconds[index]?.push((performance.now() - start) / 1000);
      remarks[index] = remark ?? "";
    }
  }
  return sides.map(({ name }, index) => ({ name, seconds: seconds[index] ?? [], remark: remarks[index] ?? "" }));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
