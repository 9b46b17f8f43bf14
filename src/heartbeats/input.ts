import * as z from "zod";
import { parseDuration } from "../core/duration";
import type { HeartbeatSpec } from "./model";
import { cronProblem } from "./schedule";

/** A project's heartbeats; each is a row, and all are in their object's memory. */
export const MAX_HEARTBEATS = 500;
const MIN_EVERY_MS = 10_000;
const MAX_MS = 366 * 86_400_000;

const duration = (minMs: number): z.ZodType<number, string> =>
  z.string().transform((text, ctx) => {
    const parsed = parseDuration(text);
    if (parsed.ok && parsed.value >= minMs && parsed.value <= MAX_MS) return parsed.value;
    ctx.addIssue({
      code: "custom",
      message: `must be a duration such as 5m, of at least ${minMs / 1_000} s and at most 366d`,
    });
    return z.NEVER;
  });

const texts = z
  .record(
    z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, "must be a label's name"),
    z.string().max(4_000),
  )
  .refine((r) => Object.keys(r).length <= 50, "has at most 50 entries")
  .default({});

/** A heartbeat as API and configuration file write it. */
export const HeartbeatBody = z
  .strictObject({
    name: z
      .string()
      .regex(
        /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
        "has letters, digits, dots, dashes and underscores, at most 100",
      ),
    every: duration(MIN_EVERY_MS).optional(),
    cron: z.string().max(200).optional(),
    time_zone: z.string().max(100).default("UTC"),
    grace: duration(0).default(5 * 60_000),
    max_run: duration(1_000).optional(),
    severity: z.string().min(1).max(100).default("critical"),
    labels: texts,
    annotations: texts,
    paused: z.boolean().default(false),
  })
  .superRefine((h, ctx) => {
    if ((h.every === undefined) === (h.cron === undefined))
      ctx.addIssue({ code: "custom", message: "has either every or cron", path: ["every"] });
    const problem = h.cron === undefined ? undefined : cronProblem(h.cron, h.time_zone);
    if (problem !== undefined) ctx.addIssue({ code: "custom", message: problem, path: ["cron"] });
  });

/** The configuration file: `heartbeats:` with a list. */
export const HeartbeatFile = z
  .strictObject({ heartbeats: z.array(HeartbeatBody).max(MAX_HEARTBEATS) })
  .superRefine((file, ctx) => {
    const seen = new Set<string>();
    for (const [i, h] of file.heartbeats.entries()) {
      if (seen.has(h.name))
        ctx.addIssue({
          code: "custom",
          message: "another heartbeat has this name",
          path: ["heartbeats", i, "name"],
        });
      seen.add(h.name);
    }
  });

export function specOf(
  body: z.output<typeof HeartbeatBody>,
  origin: HeartbeatSpec["origin"],
): HeartbeatSpec {
  return {
    name: body.name,
    schedule:
      body.every === undefined
        ? { kind: "cron", pattern: body.cron ?? "", timeZone: body.time_zone }
        : { kind: "every", everyMs: body.every },
    graceMs: body.grace,
    ...(body.max_run === undefined ? {} : { maxRunMs: body.max_run }),
    severity: body.severity,
    labels: body.labels,
    annotations: body.annotations,
    paused: body.paused,
    origin,
  };
}
