import { adoptOrphans } from "../../ground/libc.ts";

let adopters = 0;

/** An exit code goes to the parent. runc, which is that, ends before its container does: this process takes its place until `endAdopting`. */
export function beginAdopting(): void {
  adopters += 1;
  if (adopters === 1) adoptOrphans(true);
}

/** With the last of those that run at the same time: a container of another, made after this, would have no parent here. */
export function endAdopting(): void {
  adopters -= 1;
  if (adopters === 0) adoptOrphans(false);
}
