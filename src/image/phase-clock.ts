/** Adds up where the time of a cast goes. Phases may overlap: compression goes on while scripts run. */
export class PhaseClock {
  readonly #start = performance.now();
  readonly #phases = new Map<string, number>();

  async measure<T>(phase: string, work: () => Promise<T> | T): Promise<T> {
    const before = performance.now();
    try {
      return await work();
    } finally {
      this.#phases.set(phase, (this.#phases.get(phase) ?? 0) + performance.now() - before);
    }
  }

  timings(): Readonly<Record<string, number>> {
    const rounded = [...this.#phases].map(([phase, time]) => [phase, Math.round(time)] as const);
    return Object.fromEntries([...rounded, ["total", Math.round(performance.now() - this.#start)]]);
  }
}
