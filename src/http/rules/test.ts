import type { Context } from "hono";
import * as z from "zod";
import { RegexError, compileRegex } from "../../core/matchers";
import { directoryOf, joinPath, matchesGlob } from "../../rules/glob";
import { type NamedFile, runTestFile } from "../../rules/testing/run-tests";
import type { FileVerdict } from "../../rules/testing/verdict";
import type { AppEnv } from "../deps";
import { readJson } from "../json";
import { problem } from "../problem";

const MAX_BODY = 1024 * 1024;
/** Of one request: about five seconds of a Worker's time. */
const LIMITS = { maxEvaluations: 50_000, maxSamples: 500_000 };

const path = z.string().min(1).max(300);

/** Test files and the rule files that they name, by path. */
export const RuleTestBody = z.strictObject({
  files: z
    .record(path, z.string())
    .refine((f) => Object.keys(f).length <= 100, "at most 100 files")
    .refine((f) => Object.keys(f).length > 0, "no files"),
  /** Those that hold tests; unless given, those with a line `tests:`. */
  tests: z.array(path).min(1).max(100).optional(),
  /** A regular expression: tests of other names are left out. */
  run: z.string().max(1_000).optional(),
  ignoreUnknownFields: z.boolean().default(false),
});

/** `POST /api/v1/rules/test`: runs promtool's rule tests; nothing of them is stored. */
export async function postRuleTest(c: Context<AppEnv>): Promise<Response> {
  const body = await readJson(c, RuleTestBody, MAX_BODY);
  if (!body.ok) return problem(c, body.error);
  const { files, run, ignoreUnknownFields } = body.value;
  const all: NamedFile[] = Object.entries(files).map(([name, text]) => ({
    path: joinPath("", name),
    text,
  }));
  let chosen: ((name: string) => boolean) | undefined;
  try {
    if (run !== undefined) chosen = compileRegex(`(?s:.*)(?:${run})(?s:.*)`);
  } catch (e) {
    if (!(e instanceof RegexError)) throw e;
    return problem(c, { status: 400, code: "rules_value_wrong", detail: e.message, where: "/run" });
  }
  const wanted = body.value.tests?.map((name) => joinPath("", name));
  const missing = wanted?.find((name) => !all.some((f) => f.path === name));
  if (missing !== undefined)
    return problem(c, {
      status: 400,
      code: "rules_value_wrong",
      detail: `there is no file ${JSON.stringify(missing)} among the files sent`,
      where: "/tests",
    });
  const tests = all.filter((f) => wanted?.includes(f.path) ?? /^tests\s*:/m.test(f.text));
  if (tests.length === 0)
    return problem(c, {
      status: 400,
      code: "rules_value_wrong",
      detail: "none of the files has tests",
      where: "/files",
    });
  const verdicts: FileVerdict[] = [];
  let left = LIMITS.maxEvaluations;
  for (const file of tests) {
    const { verdict, evaluations } = await runTestFile({
      file,
      ruleFiles: (pattern) => {
        const wholePattern = joinPath(directoryOf(file.path), pattern);
        return all
          .filter((f) => matchesGlob(wholePattern, f.path))
          .toSorted((a, b) => (a.path < b.path ? -1 : 1));
      },
      ...(chosen === undefined ? {} : { chosen }),
      ignoreUnknownFields,
      limits: { ...LIMITS, maxEvaluations: left },
    });
    left -= evaluations;
    verdicts.push(verdict);
  }
  return c.json({ passed: verdicts.every((v) => v.passed), files: verdicts });
}
