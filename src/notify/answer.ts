import type { IntegrationType } from "../alerting/config";
import { type AttemptResult, MAX_RETRY_AFTER_MS, parseRetryAfter } from "./retry";

/** An HTTP answer as far as it was read. */
interface HttpAnswer {
  readonly status: number;
  /** The header Retry-After as it came. */
  readonly retryAfter: string | null;
  /** Its beginning. */
  readonly body: string;
}

/** How much of an error's body the log shows. */
const SHOWN_CHARS = 300;

/**
 * What an answer means in the terms of the service that gave it: HTTP's own status where nothing else is known of
 * it (2xx is taken; 408, 429 and 5xx may get better; redirects and the rest will not).
 */
export function readAnswer(
  type: IntegrationType,
  answer: HttpAnswer,
  nowMs: number,
): AttemptResult {
  const special = SPECIAL[type]?.(answer, nowMs);
  return special ?? byStatus(answer, nowMs);
}

function byStatus(answer: HttpAnswer, nowMs: number): AttemptResult {
  if (answer.status >= 200 && answer.status < 300) return { kind: "taken", status: answer.status };
  const later = answer.status >= 500 || answer.status === 429 || answer.status === 408;
  return refused(answer, later ? "later" : "never", parseRetryAfter(answer.retryAfter, nowMs));
}

function refused(
  answer: HttpAnswer,
  again: "later" | "never" | "plain",
  retryAfterMs: number | undefined,
  error = answer.body,
): AttemptResult {
  const said = error.slice(0, SHOWN_CHARS);
  return {
    kind: "refused",
    status: answer.status,
    error: `HTTP ${answer.status}${said === "" ? "" : `: ${said}`}`,
    again,
    ...(retryAfterMs === undefined || again !== "later" ? {} : { retryAfterMs }),
  };
}

type Reader = (answer: HttpAnswer, nowMs: number) => AttemptResult | undefined;

const SPECIAL: Partial<Readonly<Record<IntegrationType, Reader>>> = {
  slack: readSlack,
  discord: readDiscord,
  telegram: readTelegram,
  msteams: readTeams,
  msteamsv2: readTeams,
  pagerduty: readPagerDuty,
};

/** Errors of chat.postMessage that pass (docs.slack.dev/reference/methods/chat.postMessage, "Errors"). */
const SLACK_PASSING = new Set([
  "ratelimited",
  "rate_limited",
  "message_limit_exceeded",
  "fatal_error",
  "internal_error",
  "service_unavailable",
  "request_timeout",
  "team_added_to_org",
  "accesslimited",
]);

/** chat.postMessage says 200 and `ok: false`; an incoming webhook says `ok` or a word with a status of 400. */
function readSlack(answer: HttpAnswer, nowMs: number): AttemptResult | undefined {
  const json = record(answer.body);
  if (answer.status < 200 || answer.status > 299 || json?.["ok"] !== false) return undefined;
  const error = typeof json["error"] === "string" ? json["error"] : "ok is false";
  if (!SLACK_PASSING.has(error)) return refused(answer, "never", undefined, error);
  return refused(answer, "later", parseRetryAfter(answer.retryAfter, nowMs), error);
}

/** The body's `retry_after` is exact, in seconds with a fraction (discord.com/developers/docs/topics/rate-limits). */
function readDiscord(answer: HttpAnswer, nowMs: number): AttemptResult | undefined {
  if (answer.status !== 429) return undefined;
  const seconds = record(answer.body)?.["retry_after"];
  return refused(answer, "later", secondsOf(seconds) ?? parseRetryAfter(answer.retryAfter, nowMs));
}

/** Of a 400, what Telegram says when it is the form that it dislikes and not the chat (core.telegram.org/bots/api). */
const TELEGRAM_FORM = /can't parse|entit|button|url|reply.?markup|message is too long/i;

/** `{ok, error_code, description, parameters: {retry_after}}`. */
function readTelegram(answer: HttpAnswer, nowMs: number): AttemptResult | undefined {
  const json = record(answer.body);
  if (json?.["ok"] === true || json === undefined) return undefined;
  const error = typeof json["description"] === "string" ? json["description"] : answer.body;
  if (answer.status === 429) {
    const parameters = json["parameters"];
    const asked =
      typeof parameters === "object" && parameters !== null && "retry_after" in parameters
        ? secondsOf(parameters.retry_after)
        : undefined;
    return refused(answer, "later", asked ?? parseRetryAfter(answer.retryAfter, nowMs), error);
  }
  if (answer.status === 400 && TELEGRAM_FORM.test(error))
    return refused(answer, "plain", undefined, error);
  return undefined;
}

/** A connector says 200 and puts what went wrong behind it into the text. */
function readTeams(answer: HttpAnswer): AttemptResult | undefined {
  const m = /returned HTTP error (\d{3})/.exec(answer.body);
  if (answer.status !== 200 || m === null) return undefined;
  const status = Number(m[1]);
  return refused(answer, status === 429 || status >= 500 ? "later" : "never", undefined);
}

/** 403 is what the old API says when it is asked too often (v1); v2 says 429, and 202 when it has taken an event. */
function readPagerDuty(answer: HttpAnswer, nowMs: number): AttemptResult | undefined {
  if (answer.status !== 403) return undefined;
  return refused(answer, "later", parseRetryAfter(answer.retryAfter, nowMs));
}

function secondsOf(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0
    ? Math.min(Math.ceil(value * 1_000), MAX_RETRY_AFTER_MS)
    : undefined;
}

function record(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}
