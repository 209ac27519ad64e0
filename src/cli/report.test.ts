import assert from "node:assert/strict";
import test from "node:test";
import { createReporter } from "./report.ts";

function makeStream(options: { isTTY: boolean }): {
  isTTY: boolean;
  columns: number;
  write: (text: string) => void;
  text: () => string;
} {
  const written: string[] = [];
  return { ...options, columns: 80, write: (text) => written.push(text), text: () => written.join("") };
}

function makeClock(): { now: () => number; pass: (milliseconds: number) => void } {
  let time = 0;
  return { now: () => time, pass: (milliseconds) => (time += milliseconds) };
}

test("a short task leaves no line, one with a note or of over a second leaves one", () => {
  const stream = makeStream({ isTTY: false });
  const clock = makeClock();
  const report = createReporter({ stream, isQuiet: false, now: clock.now });
  report.task("read").done();
  const noted = report.task("fetch");
  clock.pass(40);
  noted.done("fetched 3 archives");
  const long = report.task("unpack");
  clock.pass(2500);
  long.done();
  assert.equal(stream.text(), "fetched 3 archives (40 ms)\nunpack (2.5 s)\n");
});

test("nothing is drawn where stderr is no terminal", () => {
  const stream = makeStream({ isTTY: false });
  const clock = makeClock();
  const report = createReporter({ stream, isQuiet: false, now: clock.now });
  const task = report.task("fetch", { total: 10, unit: "bytes" });
  for (let step = 0; step < 10; step++) {
    clock.pass(1000);
    task.advance(1);
  }
  assert.equal(stream.text(), "");
  task.done();
  task.done();
  assert.equal(stream.text(), "fetch (10.0 s)\n");
});

test("on a terminal a task of over a second is a bar with amount, rate and remaining time, and is removed at the end", () => {
  const stream = makeStream({ isTTY: true });
  const clock = makeClock();
  const report = createReporter({ stream, isQuiet: false, now: clock.now });
  const task = report.task("fetch", { total: 100_000_000, unit: "bytes" });
  clock.pass(500);
  task.advance(5_000_000);
  assert.equal(stream.text(), "", "nothing before a second has passed");
  clock.pass(1500);
  task.advance(45_000_000);
  assert.match(stream.text(), /^fetch {2}█{12}░{12} {2}50\.0 MB of 100 MB {2}25\.0 MB\/s {2}2\.0 s left\n$/);
  report.close();
  assert.ok(stream.text().endsWith("\u001b[1A\u001b[J"), "the bar is erased");
});

test("lines of the log scroll above the bars", () => {
  const stream = makeStream({ isTTY: true });
  const clock = makeClock();
  const report = createReporter({ stream, isQuiet: false, now: clock.now });
  const task = report.task("configure");
  clock.pass(1500);
  task.advance(1);
  report.info("nginx-light is configured");
  assert.ok(stream.text().includes("\u001b[1A\u001b[Jnginx-light is configured\nconfigure"));
  report.close();
});

test("a line never fills the terminal's width, however long a title is", () => {
  const stream = makeStream({ isTTY: true });
  const clock = makeClock();
  const report = createReporter({ stream, isQuiet: false, now: clock.now });
  const task = report.task("x".repeat(300));
  clock.pass(1500);
  task.advance(1);
  assert.equal(stream.text().split("\n")[0]?.length, 79);
  report.close();
});

test("a pseudo-terminal without a size counts as 80 columns", () => {
  const stream = { ...makeStream({ isTTY: true }), columns: 0 };
  const clock = makeClock();
  const report = createReporter({ stream, isQuiet: false, now: clock.now });
  const task = report.task("a title of some length", { total: 4 });
  clock.pass(1500);
  task.advance(1);
  assert.match(stream.text(), /^a title of some length {2}█{6}░{18} {2}1 of 4/);
  report.close();
});

test("--quiet leaves warnings", () => {
  const stream = makeStream({ isTTY: true });
  const clock = makeClock();
  const report = createReporter({ stream, isQuiet: true, now: clock.now });
  report.info("a notice");
  const task = report.task("fetch");
  clock.pass(5000);
  task.advance(1);
  task.done("fetched");
  report.warn("the clock is wrong");
  assert.match(stream.text(), /^\S*warning:\S* the clock is wrong\n$/);
});
