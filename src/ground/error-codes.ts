import { controllerCodes } from "./error-codes/controller.ts";
import { debianCodes } from "./error-codes/debian.ts";
import { evidenceCodes } from "./error-codes/evidence.ts";
import { fleetCodes } from "./error-codes/fleet.ts";
import { generalCodes } from "./error-codes/general.ts";
import { guardCodes } from "./error-codes/guard.ts";
import { imageCodes } from "./error-codes/image.ts";
import { ledgerCodes } from "./error-codes/ledger.ts";
import { policyCodes } from "./error-codes/policy.ts";
import { registryCodes } from "./error-codes/registry.ts";
import { runtimeCodes } from "./error-codes/runtime.ts";

/**
 * The closed catalogue of everything that can go wrong. A code is permanent: scripts and people search for it. `exit` is the
 * process's exit code (1 failed, 2 usage, 3 refused by policy, 4 drift or verification failure found); `means` is the line that
 * docs/errors.md prints, and a test keeps both equal. One file a group of rooms: add a code there.
 */
export const errorCodes = {
  ...generalCodes,
  ...debianCodes,
  ...imageCodes,
  ...evidenceCodes,
  ...runtimeCodes,
  ...policyCodes,
  ...ledgerCodes,
  ...controllerCodes,
  ...registryCodes,
  ...fleetCodes,
  ...guardCodes,
} as const;

export type ErrorCode = keyof typeof errorCodes;
