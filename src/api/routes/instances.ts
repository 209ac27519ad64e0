import { z } from "zod";
import { executeIn, longestExecution } from "../../controller/verbs/execute-in.ts";
import { readLogs, requireLogs } from "../../controller/verbs/read-logs.ts";
import { replaceInstance } from "../../controller/verbs/replace-instance.ts";
import { defineRoute, type AnyRoute } from "../route.ts";
import { label } from "../schemas/words.ts";
import { streamLogs } from "../events/log-stream.ts";

const place = { environment: label, service: label };
const instance = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$/, { error: "expected the id of an instance" });
const path = "/api/v1/services/{environment}/{service}";
const errors = ["environment-unknown", "fleet-not-here", "instance-unknown"] as const;

const replace = defineRoute({
  method: "POST",
  path: `${path}/replacement`,
  id: "replaceInstances",
  summary: "Replace an instance, or all of a service one after the other, by new ones of the same release",
  access: "principal",
  input: z.object({ ...place, instance: instance.exactOptional() }),
  answer: z.object({ instances: z.array(z.string()).readonly() }),
  errors,
  handle: async ({ controller, principal, input }) => ({
    instances: await replaceInstance(controller, principal, input),
  }),
});

const execute = defineRoute({
  method: "POST",
  path: `${path}/instances/{instance}/execution`,
  id: "executeInInstance",
  summary: "Run a program in an instance, which is replaced afterwards: for a person with the right to debug",
  access: "principal",
  input: z.object({
    ...place,
    instance,
    command: z.array(z.string().min(1).max(100_000)).min(1).max(1000),
    reason: z.string().max(500),
    /** Milliseconds. */
    timeout: z.int().min(1).max(longestExecution).exactOptional(),
  }),
  answer: z.object({
    status: z.enum(["exited", "killed", "timed-out", "not-started"]),
    exitCode: z.number().exactOptional(),
    signal: z.string().exactOptional(),
    reason: z.string().exactOptional(),
    output: z.string(),
    /** Bytes that were printed before those. */
    cut: z.number(),
  }),
  errors: [...errors, "debug-unfounded", "instance-not-running"],
  handle: async ({ controller, principal, input }) => {
    const end = await executeIn(controller, principal, input);
    const { status, output, cut } = end;
    switch (end.status) {
      case "exited":
        return { status, output, cut, exitCode: end.exitCode };
      case "killed":
        return { status, output, cut, signal: end.signal };
      case "not-started":
        return { status, output, cut, reason: end.reason };
      case "timed-out":
        return { status, output, cut };
    }
  },
});

const logs = defineRoute({
  method: "GET",
  path: `${path}/logs`,
  id: "streamLogs",
  summary: "What the instances of a service print, a JSON object a line: {instance, text}",
  access: "principal",
  input: z.object({
    ...place,
    instance: instance.exactOptional(),
    tail: z.coerce.number().int().min(0).max(1_000_000).exactOptional(),
    follow: z.enum(["true", "false"]).default("false"),
  }),
  answer: z.object({ instance: z.string(), text: z.string() }),
  errors,
  stream: true,
  handle: async ({ controller, principal, input, signal, recheck }) => {
    const { tail, follow, ...order } = input;
    const ending = new AbortController();
    const either = AbortSignal.any([signal, ending.signal]);
    const request = { follow: follow === "true", signal: either, ...(tail === undefined ? {} : { tail }) };
    const printed = await readLogs(controller, principal, { ...order, request });
    let permitted = performance.now();
    return streamLogs(printed, {
      signal,
      end: () => ending.abort(),
      recheck: async () => {
        const now = await recheck();
        // A policy is not asked for each line.
        if (now === principal && performance.now() - permitted < 1000) return;
        await requireLogs(controller, now, order);
        permitted = performance.now();
      },
    });
  },
});

export const instanceRoutes: readonly AnyRoute[] = [replace, execute, logs];
