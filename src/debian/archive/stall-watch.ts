import { IngotError } from "../../ground/error.ts";

/** Aborts a connection over which nothing has come for a while: a peer that vanished never says so. */
export class StallWatch {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(uri: string, milliseconds: number) {
    this.#timer = setTimeout(() => {
      this.#controller.abort(new IngotError("download-failed", `${uri}: nothing came for ${milliseconds / 1000} s`));
    }, milliseconds);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  touch(): void {
    this.#timer.refresh();
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
