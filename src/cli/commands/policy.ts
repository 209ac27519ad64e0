import type { Declare } from "../command.ts";
import { declareApply } from "../policy/apply.ts";
import { declareCheck } from "../policy/check.ts";
import { declareDiff } from "../policy/diff.ts";
import { declareExplain } from "../policy/explain.ts";
import { declareList } from "../policy/list.ts";
import { declareShow } from "../policy/show.ts";
import { declareTest } from "../policy/test.ts";

/** `ingot policy …`: what decides what may run where. */
export const declare: Declare = (command, handle) => {
  declareShow(command, handle);
  declareCheck(command, handle);
  declareTest(command, handle);
  declareDiff(command, handle);
  declareApply(command, handle);
  declareList(command, handle);
  declareExplain(command, handle);
};
