import * as z from "zod";
import { type Result, err, ok } from "../core/result";
import { DEFAULT_FIGURES, type FigureDefinition } from "./figures";

const MAX_EXPR = 16_384;

const figure = z.strictObject({
  expr: z.string().min(1).max(MAX_EXPR).optional(),
  threshold: z
    .strictObject({ amber: z.number(), red: z.number() })
    .refine((t) => t.amber <= t.red, "amber must not exceed red")
    .optional(),
});

/** What `PUT /config/v1/figures` takes. */
export const FiguresBody = z.strictObject({
  requestRate: figure.optional(),
  errorRate: figure.optional(),
  p95Seconds: figure.optional(),
  activeUsers: figure.optional(),
  eventsPerMinute: figure.optional(),
});

/**
 * The project's figures from configuration `figures/default`: a JSON object from a figure's key
 * to `{expr?, threshold?}`. What is left out stays as it is by default; undefined: all defaults.
 */
export function parseFiguresConfig(
  body: string | undefined,
): Result<readonly FigureDefinition[], { readonly where: string; readonly message: string }> {
  if (body === undefined) return ok(DEFAULT_FIGURES);
  const json = parseJson(body);
  if (json === undefined) return err({ where: "/", message: "not valid JSON" });
  const parsed = FiguresBody.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return err({
      where: `/${(issue?.path ?? []).join("/")}`,
      message: issue?.message ?? "not a figures configuration",
    });
  }
  return ok(
    DEFAULT_FIGURES.map((base) => {
      const given = parsed.data[base.key];
      const expr = given?.expr ?? base.expr;
      const threshold = given?.threshold ?? base.threshold;
      return {
        key: base.key,
        ...(expr === undefined ? {} : { expr }),
        ...(threshold === undefined ? {} : { threshold }),
      };
    }),
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
