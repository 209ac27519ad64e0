import type { Command } from "commander";
import type { Context } from "../ground/context.ts";

/** Options that every command has. */
export type GlobalOptions = { readonly json?: boolean; readonly quiet?: boolean };

/** What a command's handler gets, before its own arguments. */
export type Call<Options> = {
  readonly ctx: Context;
  readonly options: Options & GlobalOptions;
  /** Writes to stdout at once, for output that cannot wait for the end (a log that is followed). Not for use with `--json`. */
  readonly write: (text: string) => void;
};

/** What a command found or made. The frame prints `json` with `--json` and `text` without; nothing else prints results. */
export type Outcome = {
  readonly json: object;
  /** For a person; without the last newline; "" prints nothing. */
  readonly text: string;
  /** 0 by default; 1 and 4 for a command whose finding is the failure (`lock --check`). Everything else throws an IngotError. */
  readonly exitCode?: 0 | 1 | 3 | 4;
};

/**
 * Turns a handler into commander's action: builds the context, runs the handler and prints its outcome. `Args` are the declared arguments
 * in their order.
 */
export type Handle = <Options extends object, Args extends readonly unknown[] = []>(
  work: (call: Call<Options>, ...args: Args) => Promise<Outcome> | Outcome,
) => (this: Command, ...given: unknown[]) => Promise<void>;

/** Each file in commands/ exports `declare` of this type: it adds arguments, options and one `.action(handle(…))` to `command`. */
export type Declare = (command: Command, handle: Handle) => void;

export type CommandFile = { readonly declare: Declare };

/** A line of the table of commands: all that `ingot --help` needs, so that no command's file is loaded for it. */
export type CommandEntry = {
  readonly name: string;
  readonly group: "cast images" | "prove images" | "move and keep images" | "run instances" | "govern" | "help";
  readonly summary: string;
  readonly load: () => Promise<CommandFile>;
};
