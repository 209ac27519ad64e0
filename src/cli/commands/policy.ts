import type { Declare } from "../command.ts";
import { declareApply } from "../policy/apply.ts";
import { declareDiff } from "../policy/diff.ts";
import { declareExplain } from "../policy/explain.ts";
import { declareList } from "../policy/list.ts";

/** `ingot policy …`: what decides what may run where. */
export const declare: Declare = (command, handle) => {
  declareDiff(command, handle);
  declareApply(command, handle);
  declareList(command, handle);
  declareExplain(command, handle);
};
