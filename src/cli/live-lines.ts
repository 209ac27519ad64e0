/** How often the lines are drawn again, in milliseconds. */
const interval = 100;
/** More lines than this would scroll a small terminal. */
const most = 5;

/** What is needed of a stderr. */
export type ReportStream = {
  readonly isTTY?: boolean;
  /** 0 where a pseudo-terminal has no size. */
  readonly columns?: number;
  readonly write: (text: string) => unknown;
};

/** Lines at the bottom of a terminal that are drawn over and over, with printed lines scrolling above them. */
export type LiveLines = {
  readonly start: () => void;
  /** Removes the lines from the screen. */
  readonly stop: () => void;
  /** Prints a line that stays. */
  readonly print: (line: string) => void;
  /** For work that keeps the event loop from its timers. `now` in milliseconds. */
  readonly redrawWhenDue: (now: number) => void;
};

export function createLiveLines(stream: ReportStream, draw: () => readonly string[]): LiveLines {
  let drawn = 0;
  let last = "";
  let lastDrawnAt = 0;
  let timer: NodeJS.Timeout | undefined;

  const erase = (): string => {
    const text = drawn === 0 ? "" : `\u001b[${drawn}A\u001b[J`;
    drawn = 0;
    last = "";
    return text;
  };
  const redraw = (printed = ""): void => {
    const lines = draw();
    const shown = lines.length > most ? [...lines.slice(0, most - 1), `… and ${lines.length - most + 1} more`] : lines;
    // Nothing new to see: a terminal over a slow line has better things to carry.
    if (printed === "" && shown.join("\n") === last) return;
    const text = erase() + printed + shown.map((line) => `${line}\n`).join("");
    drawn = shown.length;
    last = shown.join("\n");
    if (text !== "") stream.write(text);
  };

  return {
    start: () => {
      timer ??= setInterval(redraw, interval, "").unref();
    },
    stop: () => {
      clearInterval(timer);
      timer = undefined;
      const text = erase();
      if (text !== "") stream.write(text);
    },
    print: (line) => redraw(`${line}\n`),
    redrawWhenDue: (now) => {
      if (now - lastDrawnAt < interval) return;
      lastDrawnAt = now;
      redraw();
    },
  };
}
