import type { Matcher } from "../../../core/matchers";
import { type Result, err, ok } from "../../../core/result";
import { quote } from "../../../promql/quoting";
import { atoi, matchParams, optionalTimeParam } from "../params";
import { type ApiError, badData } from "../respond";
import type { Algorithm, SearchTerms } from "./score";

/** What `/api/v1/search/…` asks for. */
export interface SearchQuestion {
  readonly matchers: Matcher[][];
  readonly startMs: number;
  readonly endMs: number;
  readonly terms: SearchTerms;
  readonly order: "ascending" | "descending" | "score";
  readonly includeScore: boolean;
  readonly includeMetadata: boolean;
  readonly limit: number;
  /** Results of one line of the answer. */
  readonly batchSize: number;
}

const MAX_TERMS = 32;
const MAX_RESULTS = 10_000;
const HOUR_MS = 3_600_000;

export function searchQuestion(
  p: URLSearchParams,
  nowMs: number,
): Result<SearchQuestion, ApiError> {
  const start = optionalTimeParam(p, "start", nowMs - HOUR_MS);
  if (!start.ok) return start;
  const end = optionalTimeParam(p, "end", nowMs);
  if (!end.ok) return end;
  const matchers = matchParams(p);
  if (!matchers.ok) return err(badData(matchers.error));
  const terms = p.getAll("search[]");
  if (terms.length > MAX_TERMS)
    return err(badData(`${terms.length} search terms; at most ${MAX_TERMS} are taken`));
  const threshold = whole(p, "fuzz_threshold", 0, 0, 100);
  if (!threshold.ok) return threshold;
  const limit = whole(p, "limit", 100, 1, MAX_RESULTS);
  if (!limit.ok) return limit;
  const batchSize = whole(p, "batch_size", 100, 1, MAX_RESULTS);
  if (!batchSize.ok) return batchSize;
  const algorithm = choice(p, "fuzz_alg", ["jarowinkler", "subsequence"]);
  if (!algorithm.ok) return algorithm;
  const sortBy = choice(p, "sort_by", ["alpha", "score"]);
  if (!sortBy.ok) return sortBy;
  const direction = choice(p, "sort_dir", ["asc", "dsc"]);
  if (!direction.ok) return direction;
  if (direction.value !== "" && sortBy.value !== "alpha")
    return err(badData("sort_dir is only valid with sort_by=alpha"));
  if (sortBy.value === "score" && terms.length === 0)
    return err(badData("sort_by=score requires search[] to be set"));
  const flags: boolean[] = [];
  for (const [name, otherwise] of [
    ["case_sensitive", true],
    ["include_score", false],
    ["include_metadata", false],
  ] as const) {
    const flag = truth(p, name, otherwise);
    if (!flag.ok) return flag;
    flags.push(flag.value);
  }
  const [caseSensitive = true, includeScore = false, includeMetadata = false] = flags;
  return ok({
    matchers: matchers.value,
    startMs: start.value,
    endMs: end.value,
    terms: {
      terms,
      // One of the two, or "" for the first.
      algorithm: (algorithm.value || "jarowinkler") as Algorithm,
      threshold: threshold.value / 100,
      caseSensitive,
    },
    order:
      sortBy.value === "score" ? "score" : direction.value === "dsc" ? "descending" : "ascending",
    includeScore,
    includeMetadata,
    limit: limit.value,
    batchSize: Math.min(batchSize.value, limit.value),
  });
}

function whole(
  p: URLSearchParams,
  name: string,
  otherwise: number,
  min: number,
  max: number,
): Result<number, ApiError> {
  const text = p.get(name) ?? "";
  if (text === "") return ok(otherwise);
  const n = atoi(text);
  return n.ok && n.value >= min && n.value <= max
    ? n
    : err(badData(`invalid ${name} ${quote(text)}: must be a whole number from ${min} to ${max}`));
}

function choice(
  p: URLSearchParams,
  name: string,
  values: readonly string[],
): Result<string, ApiError> {
  const text = p.get(name) ?? "";
  return text === "" || values.includes(text)
    ? ok(text)
    : err(badData(`invalid ${name} ${quote(text)}: must be ${values.map(quote).join(" or ")}`));
}

function truth(p: URLSearchParams, name: string, otherwise: boolean): Result<boolean, ApiError> {
  const text = p.get(name) ?? "";
  if (text === "") return ok(otherwise);
  if (/^(1|t|true)$/i.test(text)) return ok(true);
  if (/^(0|f|false)$/i.test(text)) return ok(false);
  return err(badData(`invalid ${name} ${quote(text)}: must be boolean`));
}
