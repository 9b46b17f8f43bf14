import { type Labels, labelsToRecord } from "../core/labels";
import { TemplateProblem } from "../core/template";
import { stringMap } from "../core/template/values";
import { QueryError, type QueryOptions, evalInstant, parseExpr, renderParseError } from "../promql";

/** Different queries that one rule's templates may ask in one evaluation. */
const MAX_QUERIES = 100;
/** Queries made of other queries' answers: each depth takes a round of its own. */
const MAX_ROUNDS = 5;
/** Samples of one answer. */
const MAX_ANSWER = 10_000;

interface Sample {
  readonly Labels: Readonly<Record<string, string>>;
  readonly Value: number;
}

type Answer =
  | { readonly ok: true; readonly samples: readonly Sample[] }
  | { readonly ok: false; readonly message: string };

/**
 * `query` in templates. Rendering cannot wait, so a query whose answer is not there is noted and
 * fails the rendering; when `ask` has fetched what was noted, the templates are rendered anew.
 */
export class TemplateQueries {
  private readonly answers = new Map<string, Answer>();
  private missing = new Set<string>();
  private rounds = 0;

  /** @throws TemplateProblem where the answer is missing still, or the query failed */
  answer(expr: unknown): readonly Sample[] {
    if (typeof expr !== "string") throw new TemplateProblem("query wants a text");
    const known = this.answers.get(expr);
    if (known?.ok === true) return known.samples;
    if (known !== undefined) throw new TemplateProblem(`error calling query: ${known.message}`);
    if (this.rounds >= MAX_ROUNDS || this.answers.size + this.missing.size >= MAX_QUERIES)
      throw new TemplateProblem(
        `error calling query: more than ${MAX_QUERIES} different queries of one rule, or nested more than ${MAX_ROUNDS} deep`,
      );
    this.missing.add(expr);
    throw new TemplateProblem("error calling query: not answered");
  }

  /** Fetches what was missing; false where nothing was. */
  async ask(options: QueryOptions & { readonly atMs: number }): Promise<boolean> {
    if (this.missing.size === 0) return false;
    const asked = [...this.missing];
    this.missing = new Set();
    this.rounds++;
    const answers = await Promise.all(asked.map((q) => answerTo(q, options)));
    for (const [i, q] of asked.entries()) this.answers.set(q, answers[i] as Answer);
    return true;
  }
}

async function answerTo(
  query: string,
  options: QueryOptions & { readonly atMs: number },
): Promise<Answer> {
  const parsed = parseExpr(query);
  if (!parsed.ok) return { ok: false, message: renderParseError(parsed.error) };
  try {
    const r = await evalInstant(parsed.value, options);
    switch (r.type) {
      case "vector":
        return r.samples.length > MAX_ANSWER
          ? { ok: false, message: `more than ${MAX_ANSWER} samples` }
          : { ok: true, samples: r.samples.map((s) => sampleOf(s.labels, s.value)) };
      case "scalar":
        return { ok: true, samples: [sampleOf([], r.value)] };
      case "string":
      case "matrix":
        return { ok: false, message: `the query gives a ${r.type}, not a vector` };
    }
  } catch (e) {
    if (e instanceof QueryError) return { ok: false, message: e.message };
    throw e;
  }
}

function sampleOf(labels: Labels, value: number): Sample {
  return { Labels: stringMap(labelsToRecord(labels)), Value: value };
}
