import type { Context } from "hono";
import type * as z from "zod";
import { parseJson } from "../core/parse-json";
import { type Result, err, ok } from "../core/result";
import type { AppEnv } from "./deps";
import type { Problem } from "./problem";
import { readText } from "./text-body";

/** A small JSON body of one of Vedette's own routes, checked against its schema; problems name the place by JSON pointer. */
export async function readJson<T>(
  c: Context<AppEnv>,
  schema: z.ZodType<T>,
  limitBytes: number,
): Promise<Result<T, Problem>> {
  const text = await readText(c, "json", limitBytes);
  if (!text.ok) return text;
  let value: unknown;
  try {
    value = parseJson(text.value);
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
