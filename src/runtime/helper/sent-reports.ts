import type { Reporter, Task } from "../../ground/context.ts";
import type { Told } from "./resident-messages.ts";

/** A reporter whose lines and tasks are sent to another process. */
export function sendReports(send: (told: Told) => void): Reporter {
  let tasks = 0;
  return {
    info: (line) => send({ kind: "info", line }),
    warn: (line) => send({ kind: "warn", line }),
    task: (title, options = {}) => {
      const task = (tasks += 1);
      send({ kind: "task", task, title, options });
      return {
        advance: (amount) => send({ kind: "advance", task, amount }),
        done: (note) => send({ kind: "done-task", task, ...(note === undefined ? {} : { note }) }),
      };
    },
  };
}

/** The other side: hands each message on to the reporter of this process. */
export function receiveReports(report: Reporter): (told: Told) => void {
  const tasks = new Map<number, Task>();
  return (told) => {
    switch (told.kind) {
      case "info":
      case "warn":
        return report[told.kind](told.line);
      case "task":
        return void tasks.set(told.task, report.task(told.title, told.options));
      case "advance":
        return tasks.get(told.task)?.advance(told.amount);
      case "done-task":
        tasks.get(told.task)?.done(told.note);
        return void tasks.delete(told.task);
    }
  };
}
