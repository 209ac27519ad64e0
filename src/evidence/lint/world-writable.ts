import { formatMode } from "../../ground/format-mode.ts";
import { findingAt, type Lint } from "./lint.ts";

export const worldWritable: Lint = {
  name: "world-writable",
  rule: "nothing can be written by every account, but for sticky folders such as /tmp",
  why: "any process, however few its rights, could plant a program or a configuration there for another one",
  advice: "take the bit away (chmod o-w) or set the sticky bit on a shared folder (chmod +t)",
  check: ({ tree }) =>
    [...tree.values()]
      .filter(({ type }) => type === "file" || type === "hardlink" || type === "directory")
      .filter(({ type, mode }) => (mode & 0o002) !== 0 && !(type === "directory" && (mode & 0o1000) !== 0))
      .map(({ path, mode }) => findingAt(path, `has mode ${formatMode(mode)}`)),
};
