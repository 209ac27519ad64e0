import assert from "node:assert/strict";
import test from "node:test";
import { formatBytes, formatDuration, formatTable, formatTime } from "./format.ts";

test("sizes are shown in powers of 1000 with three figures at most", () => {
  const shown = [0, 999, 1000, 41_234_567, 999_499, 999_500, 99_960_000, 5e12].map(formatBytes);
  assert.deepEqual(shown, ["0 B", "999 B", "1.0 kB", "41.2 MB", "999 kB", "1.0 MB", "100 MB", "5.0 TB"]);
});

test("durations are shown in the unit that fits", () => {
  const shown = [0.4, 999.4, 1000, 3249, 59_949, 60_000, 125_000].map(formatDuration);
  assert.deepEqual(shown, ["0 ms", "999 ms", "1.0 s", "3.2 s", "59.9 s", "1 min 00 s", "2 min 05 s"]);
});

test("a table's columns are as wide as their longest cell", () => {
  const table = formatTable(
    ["name", "size"],
    [
      ["web-base", "41 MB"],
      ["a", "1 B"],
    ],
  );
  assert.equal(table, "NAME      SIZE\nweb-base  41 MB\na         1 B");
});

test("times are in UTC with whole seconds, whatever they were written in", () => {
  const shown = ["2026-11-21T10:00:00Z", "2026-11-21T10:00:00.987Z", "2026-11-21T11:00:00+01:00", "soon"].map(
    formatTime,
  );
  assert.deepEqual(shown, [...Array.from({ length: 3 }, () => "2026-11-21T10:00:00Z"), "soon"]);
});
