import type { Context } from "hono";
import { checkMatcher, quoted } from "../../alerting/matcher-text";
import type { Silence } from "../../alerting/model";
import { type SilenceInput, type SilenceRefusal, MAX_SILENCES } from "../../alerting/silence-input";
import { type SilenceView, ordinarySilence } from "../../alerting/silences";
import type { Matcher, MatchType } from "../../core/matchers";
import { type Result, err, ok } from "../../core/result";
import type { AppEnv } from "../deps";
import { decodeTexts, isRecord, readApiBody, required, unreadable, wrongType } from "./body";
import { parseDateTime } from "./date-time";
import { readBoolean, readMatchers } from "./filter";
import {
  type RequestError,
  TOO_FEW_ITEMS,
  TYPE_WRONG,
  answer,
  done,
  malformed,
  refused,
} from "./respond";

export const SILENCE_BODY_LIMIT = 64 * 1024;

/** `GET /api/v2/silences`: those that hold first, the next to end before the others. */
export async function listSilences(c: Context<AppEnv>): Promise<Response> {
  const matchers = readMatchers(c, "filter");
  if (!matchers.ok) return refused(400, matchers.error);
  const shown = { active: true, expired: true, pending: true };
  for (const state of ["active", "expired", "pending"] as const)
    shown[state] = readBoolean(c, state);
  const wanted = (s: SilenceView): boolean =>
    shown[s.state] &&
    matchers.value.every((w) =>
      s.matchers.some((m) => m.type === w.type && m.name === w.name && m.value === w.value),
    );
  const all = await allSilences(c);
  return answer(all.filter(wanted).sort(inOrder).map(gettable));
}

export async function getSilence(c: Context<AppEnv>): Promise<Response> {
  const id = readId(c);
  if (!id.ok) return malformed(id.error);
  const found = (await allSilences(c)).find((s) => s.id === id.value);
  return found === undefined ? notFound() : answer(gettable(found));
}

/** `DELETE`: it ends now. One that has ended stays as it is. */
export async function deleteSilence(c: Context<AppEnv>): Promise<Response> {
  const id = readId(c);
  if (!id.ok) return malformed(id.error);
  if (await routerOf(c).expireSilence(id.value)) return done();
  const known = (await allSilences(c)).some((s) => s.id === id.value);
  return known ? done() : notFound();
}

/** `POST /api/v2/silences`: makes one, or changes the one whose id is given. */
export async function postSilence(c: Context<AppEnv>): Promise<Response> {
  const body = await readApiBody(c, "silence", SILENCE_BODY_LIMIT);
  if (!body.ok) return malformed(body.error);
  const decoded = decodeSilence(body.value);
  if (!decoded.ok) return malformed(decoded.error);
  const input = decoded.value;
  if (input.startsAtMs >= input.endsAtMs)
    return refused(400, "Failed to create silence: start time must be before end time");
  if (input.endsAtMs < c.get("deps").clock())
    return refused(400, "Failed to create silence: end time can't be in the past");
  for (const [i, m] of input.matchers.entries()) {
    const problem = matcherProblem(m);
    if (problem !== undefined)
      return refused(400, `invalid silence: invalid label matcher ${i}: ${problem}`);
  }
  // JSON of Result<Silence, SilenceRefusal>, as AlertRouterRpc.putSilence says.
  const made = JSON.parse(await routerOf(c).putSilence(JSON.stringify(input))) as Result<
    Silence,
    SilenceRefusal
  >;
  return made.ok ? answer({ silenceID: made.value.id }) : refusal(made.error);
}

const routerOf = (c: Context<AppEnv>) =>
  c.get("deps").objects(c.get("actor").projectId).alertRouter();

async function allSilences(c: Context<AppEnv>): Promise<SilenceView[]> {
  // As AlertRouterRpc.silences gives them.
  const views = JSON.parse(await routerOf(c).silences()) as SilenceView[];
  return views.map(ordinarySilence);
}

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

function readId(c: Context<AppEnv>): Result<string, RequestError> {
  const id = c.req.param("id") ?? "";
  if (UUID.test(id)) return ok(id);
  const message = `silenceID in path must be of type uuid: ${quoted(id)}`;
  return err({ status: 422, code: TYPE_WRONG, message });
}

/** Alertmanager says no more than the status. */
function notFound(): Response {
  return new Response(null, { status: 404, headers: { "cache-control": "no-store" } });
}

function refusal(r: SilenceRefusal): Response {
  switch (r.reason) {
    case "no_matchers":
      return refused(400, "invalid silence: at least one matcher required");
    case "matches_everything":
      return refused(400, "invalid silence: at least one matcher must not match the empty string");
    case "ends_before_it_starts":
      return refused(400, "Failed to create silence: start time must be before end time");
    case "ended_already":
      return refused(400, "Failed to create silence: end time can't be in the past");
    case "unknown_id":
      return refused(404, "silence not found");
    case "no_times":
    case "interval_wrong":
    case "over_midnight":
    case "last_before_first":
    case "never_occurs":
      // Of schedules alone, which this API cannot ask for.
      return refused(400, `invalid silence: ${r.reason}`);
    case "too_many":
      return refused(
        400,
        `exceeded maximum number of silences: ${r.limit} (limit: ${MAX_SILENCES})`,
      );
  }
}

const ORDER = { active: 0, pending: 1, expired: 2 } as const;

/** api/v2 SortSilences: active, pending, expired; the next to end, the next to start, the last that ended first. */
function inOrder(a: SilenceView, b: SilenceView): number {
  if (a.state !== b.state) return ORDER[a.state] - ORDER[b.state];
  if (a.state === "pending") return a.startsAtMs - b.startsAtMs;
  return a.state === "active" ? a.endsAtMs - b.endsAtMs : b.endsAtMs - a.endsAtMs;
}

function gettable(s: SilenceView): object {
  const iso = (ms: number): string => new Date(ms).toISOString();
  return {
    id: s.id,
    status: { state: s.state },
    updatedAt: iso(s.updatedAtMs),
    comment: s.comment,
    createdBy: s.createdBy,
    endsAt: iso(s.endsAtMs),
    matchers: s.matchers.map((m) => ({
      isEqual: m.type === "=" || m.type === "=~",
      isRegex: m.type === "=~" || m.type === "!~",
      name: m.name,
      value: m.value,
    })),
    startsAt: iso(s.startsAtMs),
    annotations: s.annotations ?? {},
  };
}

/** The shape of postableSilence. */
export function decodeSilence(
  body: unknown,
): Result<SilenceInput & { startsAtMs: number; endsAtMs: number }, RequestError> {
  if (body !== null && !isRecord(body))
    return wrongType("silence", body, "value", "models.PostableSilence");
  const given = body ?? {};
  const texts: Record<string, string | undefined> = {};
  for (const name of ["id", "comment", "createdBy", "startsAt", "endsAt"]) {
    const value = given[name];
    if (value !== undefined && value !== null && typeof value !== "string")
      return wrongType("silence", value, `struct field ${name}`, "string");
    texts[name] = value ?? undefined;
  }
  const times: Record<string, number | undefined> = {};
  for (const name of ["startsAt", "endsAt"]) {
    const text = texts[name];
    const ms = text === undefined ? undefined : parseDateTime(text);
    if (text !== undefined && ms === undefined)
      return err(unreadable("silence", `${name} is no RFC 3339 time: ${quoted(text)}`));
    times[name] = ms;
  }
  const annotations = decodeTexts("silence", given["annotations"], "annotations");
  if (!annotations.ok) return annotations;
  const matchers = decodeMatchers(given["matchers"]);
  if (!matchers.ok && matchers.error.status === 400) return matchers;
  for (const name of ["comment", "createdBy"])
    if (texts[name] === undefined) return err(required(name));
  if (times["endsAt"] === undefined) return err(required("endsAt"));
  if (!matchers.ok) return matchers;
  if (times["startsAt"] === undefined) return err(required("startsAt"));
  return ok({
    ...(texts["id"] === undefined || texts["id"] === "" ? {} : { id: texts["id"] }),
    matchers: matchers.value,
    startsAtMs: times["startsAt"],
    endsAtMs: times["endsAt"],
    createdBy: texts["createdBy"] ?? "",
    comment: texts["comment"] ?? "",
    annotations: annotations.value,
  });
}

function decodeMatchers(value: unknown): Result<Matcher[], RequestError> {
  if (value === undefined || value === null) return err(required("matchers"));
  if (!Array.isArray(value))
    return wrongType("silence", value, "struct field matchers", "models.Matchers");
  const out: Matcher[] = [];
  let invalid: RequestError | undefined;
  for (const [i, item] of value.entries()) {
    const one = decodeMatcher(item, i);
    if (one.ok) out.push(one.value);
    else if (one.error.status === 400) return one;
    else invalid ??= one.error;
  }
  if (invalid !== undefined) return err(invalid);
  if (value.length > 0) return ok(out);
  const message = "matchers in body should have at least 1 items";
  return err({ status: 422, code: TOO_FEW_ITEMS, message });
}

function decodeMatcher(item: unknown, index: number): Result<Matcher, RequestError> {
  if (!isRecord(item)) return wrongType("silence", item, "struct field matchers", "models.Matcher");
  const { name = null, value = null, isRegex = null, isEqual = null } = item;
  for (const [field, text] of Object.entries({ name, value }))
    if (text !== null && typeof text !== "string")
      return wrongType("silence", text, `struct field Matcher.matchers.${field}`, "string");
  for (const [field, flag] of Object.entries({ isRegex, isEqual }))
    if (flag !== null && typeof flag !== "boolean")
      return wrongType("silence", flag, `struct field Matcher.matchers.${field}`, "bool");
  if (typeof isRegex !== "boolean") return err(required(`matchers.${index}.isRegex`));
  if (typeof name !== "string") return err(required(`matchers.${index}.name`));
  if (typeof value !== "string") return err(required(`matchers.${index}.value`));
  return ok({ type: typeOf(isRegex, isEqual !== false), name, value });
}

function typeOf(isRegex: boolean, isEqual: boolean): MatchType {
  if (isRegex) return isEqual ? "=~" : "!~";
  return isEqual ? "=" : "!=";
}

function matcherProblem(m: Matcher): string | undefined {
  if (m.name === "") return `invalid label name ""`;
  const checked = checkMatcher(m);
  if (checked.ok) return undefined;
  // It is tried by itself there, not anchored.
  const why = checked.error.replace(`^(?:${m.value})$`, () => m.value);
  return `invalid regular expression ${quoted(m.value)}: ${why}`;
}
