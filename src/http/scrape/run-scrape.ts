import { ACCEPT, expositionFormat, parseExpositionBytes } from "../../ingest/exposition/read";
import type { ScrapeJob } from "../../scrape/model";
import type { RelabelStep } from "../../scrape/relabel";
import {
  type FinishedScrape,
  Scrape,
  type ScrapeCounts,
  type SeriesOfTarget,
  failedScrape,
} from "../../scrape/scrape-batch";
import type { Target } from "../../scrape/targets";
import { OutgoingError, type Outside, fetchOutside } from "./fetch";
import { md5Tail } from "./md5";

/** What came of one scrape; `batch` is to be stored in either case. */
export type ScrapeOutcome =
  | ({ readonly up: true; readonly durationMs: number } & FinishedScrape)
  | {
      readonly up: false;
      readonly error: string;
      readonly durationMs: number;
      readonly batch: Uint8Array;
    };

/** Scrapes one target: `timeMs` is what its samples are stamped with. */
export async function runScrape(
  job: ScrapeJob,
  target: Target,
  steps: readonly RelabelStep[],
  before: SeriesOfTarget,
  timeMs: number,
  outside: Outside,
  now: () => number,
): Promise<ScrapeOutcome> {
  const began = now();
  const fail = (error: string, counts?: ScrapeCounts): ScrapeOutcome => {
    const durationMs = now() - began;
    return {
      up: false,
      error,
      durationMs,
      batch: failedScrape(target, before, timeMs, durationMs, counts),
    };
  };
  if (target.refusal !== undefined) return fail(target.refusal);
  try {
    const answer = await fetchOutside(
      {
        url: target.url,
        method: "GET",
        headers: {
          ...job.headers,
          accept: ACCEPT,
          "user-agent": "Vedette (scrape, as Prometheus/3)",
          "x-prometheus-scrape-timeout-seconds": String(target.timeoutMs / 1000),
        },
        body: undefined,
        auth: job.auth,
        followRedirects: job.followRedirects,
        bodyLimit: job.bodyLimit,
        timeoutMs: target.timeoutMs,
      },
      outside,
      now,
    );
    if (answer.status !== 200) return fail(`server returned HTTP status ${answer.status}`);
    if (answer.cut) return fail("body size limit exceeded");
    const format = expositionFormat(answer.headers.get("content-type"));
    if (format === undefined)
      return fail(
        `non-compliant scrape target sending ${JSON.stringify(answer.headers.get("content-type") ?? "")} as content type`,
      );
    const scrape = new Scrape(job, target, steps, md5Tail, timeMs);
    const parsed = parseExpositionBytes(answer.body, format, scrape, {
      classicToo: job.classicToo,
    });
    if (!parsed.ok) return fail(parsed.error.message);
    if (scrape.refusal !== undefined) return fail(scrape.refusal, scrape.countsAfter(before));
    const durationMs = now() - began;
    return { up: true, durationMs, ...scrape.finish(before, durationMs) };
  } catch (e) {
    if (e instanceof OutgoingError) return fail(e.message);
    throw e;
  }
}
