import { findingAt, isBelow, type Lint } from "./lint.ts";

export const unexplainedContent: Lint = {
  name: "unexplained-content",
  rule: "every file comes from a package or from `files:`",
  why: "what nobody can name has no version, no scanner sees it, and it may be what an attacker of the build left",
  advice: "bring it by a package or by `files:`; what `run:` makes on purpose is named in `lints:` with the reason",
  check: ({ inventory, files }) => {
    if (files === undefined) return { skipped: "the image's definition is not at hand" };
    return inventory.unowned
      .filter(({ path }) => !files.some((target) => isBelow(`/${path}`, target)))
      .map(({ path, type, size }) =>
        findingAt(path, type === "symlink" ? "is a link of no package" : `${size} bytes of no package`),
      );
  },
};
