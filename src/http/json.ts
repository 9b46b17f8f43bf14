import type { Context } from "hono";
import type * as z from "zod";
import { type Result, err, ok } from "../core/result";
import { readBody } from "./body";
import type { AppEnv } from "./deps";
import type { Problem } from "./problem";

/** A small JSON body of one of Vedette's own routes, checked against its schema; problems name the place by JSON pointer. */
export async function readJson<T>(
  c: Context<AppEnv>,
  schema: z.ZodType<T>,
  limitBytes: number,
): Promise<Result<T, Problem>> {
  const body = await readBody(c.req.raw, { limitBytes, encodings: ["identity", "gzip"] });
  if (!body.ok) {
    const large = body.error.reason === "too_large";
    return err({
      status: large ? 413 : 400,
      code: large ? "body_too_large" : "body_unreadable",
      detail: large
        ? `a body here has at most ${limitBytes} bytes`
        : `the body could not be read: ${body.error.reason}`,
    });
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(body.value));
  } catch (e) {
    return err({
      status: 400,
      code: "json_malformed",
      detail: e instanceof Error ? e.message : String(e),
    });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const issue = parsed.error.issues[0];
  return err({
    status: 400,
    code: "json_invalid",
    detail: issue?.message ?? "the body has the wrong shape",
    where: `/${(issue?.path ?? []).join("/")}`,
  });
}
