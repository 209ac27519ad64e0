import { libc, SystemCallError } from "./libc.ts";

/** Has this process killed when the one that started it ends, however busy it is then (prctl(2), PR_SET_PDEATHSIG). One that ended before is seen by the end of the channel to it. */
export function endWithParent(): void {
  const [setParentDeathSignal, kill] = [1, 9n];
  if (libc.prctl(setParentDeathSignal, kill, 0n, 0n, 0n) !== 0) throw new SystemCallError("prctl", "parent");
}
