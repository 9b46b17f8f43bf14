import type { Context } from "hono";
import { withoutEmpty } from "../../alerting/alert-changes";
import { quoted } from "../../alerting/matcher-text";
import { configInForce } from "../../alerting/effective-config";
import { POST_LIMITS, charsOf } from "../../alerting/posted-limits";
import type { PostedAlert, StringMap } from "../../core/alerts";
import { type Result, err, ok } from "../../core/result";
import type { AppEnv } from "../deps";
import { decodeTexts, isRecord, readApiBody, required, unreadable, wrongType } from "./body";
import { isZeroTime, parseDateTime } from "./date-time";
import { type RequestError, TYPE_WRONG, done, malformed, refused } from "./respond";

/** Prometheus sends 64 to 256 alerts at once, which is far less. */
export const ALERTS_BODY_LIMIT = 4 * 1024 * 1024;

/** `POST /api/v2/alerts`. Of alerts that break a rule each is named; the others are taken all the same. */
export async function postAlerts(c: Context<AppEnv>): Promise<Response> {
  const body = await readApiBody(c, "alerts", ALERTS_BODY_LIMIT);
  if (!body.ok) return malformed(body.error);
  const decoded = decodeAlerts(body.value);
  if (!decoded.ok) return malformed(decoded.error);
  const deps = c.get("deps");
  const objects = deps.objects(c.get("actor").projectId);
  const now = deps.clock();
  const late = decoded.value.some((a) => a.endsAtMs === undefined && (a.startsAtMs ?? 0) > now);
  const timeoutMs = late ? (await configInForce(objects)).resolveTimeoutMs : 0;
  const good: PostedAlert[] = [];
  const wrong: string[] = [];
  for (const given of decoded.value) {
    const alert = withoutEmptyLabels(given);
    const problem = problemOf(alert, now + timeoutMs);
    if (problem === undefined) good.push(alert);
    else wrong.push(problem);
  }
  const over = good.length === 0 ? 0 : await objects.alertRouter().post(JSON.stringify(good));
  // An object of an earlier version gives nothing.
  if (over > 0)
    wrong.push(
      `exceeded maximum number of alerts: ${over} alerts have no room (limits: ${POST_LIMITS.alerts} alerts, ${POST_LIMITS.chars} characters)`,
    );
  return wrong.length === 0 ? done() : refused(400, wrong.join("; "));
}

/** The shape of postableAlerts; a time that is Go's zero is as good as absent. */
export function decodeAlerts(body: unknown): Result<PostedAlert[], RequestError> {
  if (body === null) return ok([]);
  if (!Array.isArray(body)) return wrongType("alerts", body, "value", "models.PostableAlerts");
  const out: PostedAlert[] = [];
  // Go decodes the whole of the body before it checks any of it.
  let invalid: RequestError | undefined;
  for (const [i, item] of body.entries()) {
    const one = decodeAlert(item, i);
    if (one.ok) out.push(one.value);
    else if (one.error.status === 400) return one;
    else invalid ??= one.error;
  }
  return invalid === undefined ? ok(out) : err(invalid);
}

function decodeAlert(item: unknown, index: number): Result<PostedAlert, RequestError> {
  if (!isRecord(item)) return wrongType("alerts", item, "value", "models.PostableAlert");
  const labels = decodeTexts("alerts", item["labels"], "Alert.labels");
  if (!labels.ok) return labels;
  const annotations = decodeTexts("alerts", item["annotations"], "Alert.annotations");
  if (!annotations.ok) return annotations;
  const startsAtMs = dateTime(item["startsAt"], "startsAt");
  if (!startsAtMs.ok) return startsAtMs;
  const endsAtMs = dateTime(item["endsAt"], "endsAt");
  if (!endsAtMs.ok) return endsAtMs;
  const url = item["generatorURL"] ?? "";
  if (typeof url !== "string")
    return wrongType("alerts", url, "struct field Alert.generatorURL", "string");
  if (labels.value === undefined) return err(required(`${index}.labels`));
  if (url !== "" && !isRequestUri(url))
    return err({
      status: 422,
      code: TYPE_WRONG,
      message: `${index}.generatorURL in body must be of type uri: ${quoted(url)}`,
    });
  // One that only says when it ends began then (api/v2/api.go).
  const beganMs = startsAtMs.value ?? endsAtMs.value;
  return ok({
    labels: labels.value,
    annotations: annotations.value ?? {},
    ...(beganMs === undefined ? {} : { startsAtMs: beganMs }),
    ...(endsAtMs.value === undefined ? {} : { endsAtMs: endsAtMs.value }),
    generatorUrl: url,
  });
}

function dateTime(value: unknown, field: string): Result<number | undefined, RequestError> {
  if (value === undefined || value === null) return ok(undefined);
  if (typeof value !== "string")
    return wrongType("alerts", value, `struct field ${field}`, "string");
  const ms = parseDateTime(value);
  if (ms === undefined)
    return err(unreadable("alerts", `${field} is no RFC 3339 time: ${quoted(value)}`));
  return ok(isZeroTime(ms) ? undefined : ms);
}

/** Go's url.ParseRequestURI, as far as it matters: an absolute address or a path. */
function isRequestUri(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 || unit === 0x7f) return false;
  }
  if (text.startsWith("/")) return true;
  return /^[a-z][a-z0-9+.-]*:/i.test(text) && URL.canParse(text);
}

function withoutEmptyLabels(alert: PostedAlert): PostedAlert {
  const labels = withoutEmpty(alert.labels);
  return labels === alert.labels ? alert : { ...alert, labels };
}

/** types.Alert.Validate, in its words. `endMs` is when one ends that does not say. */
function problemOf(alert: PostedAlert, endMs: number): string | undefined {
  const { startsAtMs, endsAtMs = endMs } = alert;
  if (startsAtMs !== undefined && endsAtMs < startsAtMs)
    return "start time must be before end time";
  if (Object.keys(alert.labels).length === 0) return "at least one label pair required";
  const label = wrongName(alert.labels);
  if (label !== undefined) return `invalid label set: ${label}`;
  const annotation = wrongName(alert.annotations);
  if (annotation !== undefined) return `invalid annotations: ${annotation}`;
  const chars = charsOf(alert);
  return chars <= POST_LIMITS.alertChars
    ? undefined
    : `the alert is too large: ${chars} characters of labels, annotations and generatorURL (limit: ${POST_LIMITS.alertChars})`;
}

/** Any UTF-8 text is a name since 0.27, but the empty one. */
function wrongName(map: StringMap): string | undefined {
  return Object.hasOwn(map, "") ? `invalid name ""` : undefined;
}
