import { styleText } from "node:util";

/** Prints the steps of the demo as they happen and remembers how long each took. */
export class Story {
  readonly #steps: { title: string; seconds: number }[] = [];

  /** Runs one timed step. */
  async step<T>(title: string, work: () => Promise<T>): Promise<T> {
    console.log(`\n${styleText("bold", `${this.#steps.length + 1}. ${title}`)}`);
    const start = performance.now();
    const result = await work();
    this.#steps.push({ title, seconds: (performance.now() - start) / 1000 });
    return result;
  }

  command(words: readonly string[]): void {
    const quoted = words.map((word) => (/[ "]/.test(word) ? `'${word}'` : word));
    this.line(styleText("dim", `$ ingot ${quoted.join(" ")}`));
  }

  line(text: string): void {
    for (const line of text.trimEnd().split("\n")) console.log(`   ${line}`);
  }

  printTimes(): void {
    const width = Math.max(...this.#steps.map(({ title }) => title.length));
    console.log(`\n${styleText("bold", "How long each step took, in this run")}`);
    for (const { title, seconds } of this.#steps)
      console.log(`   ${title.padEnd(width)}  ${seconds.toFixed(2).padStart(6)} s`);
  }
}
