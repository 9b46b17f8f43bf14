import type { Context } from "hono";
import type { Actor } from "../../core/auth";
import { type Result, err, ok } from "../../core/result";
import { clientKind } from "../../events/user-agent";
import { BEACON_LIMITS, parseBeacon } from "../../ingest/beacon/parse";
import { checkMediaType } from "../../ingest/body/content";
import { parseJson } from "../../ingest/body/json";
import { refusalToProblem } from "../auth/require";
import { readBody } from "../body";
import type { AppEnv } from "../deps";
import { bodyProblem } from "../ingest-metrics/problems";
import { problem } from "../problem";
import { refusalProblem } from "../store-refusal";
import { BEACON_SCRIPT } from "./beacon-script";
import { requestClient } from "./client";
import { storeEvents } from "./store-events";

/** Why a beacon is answered 204 and nothing of it is kept. */
type Silence = "do_not_track" | "global_privacy_control" | "bot";

/**
 * `POST /e?k=KEY`, as navigator.sendBeacon sends it. The answer has no body. A visitor who asks not to be
 * tracked is not, and robots are no visitors. Events that are wrong are left out.
 */
export async function beacon(c: Context<AppEnv>): Promise<Response> {
  const allowed = allowOrigin(c);
  if (!allowed.ok) return allowed.error;
  const deps = c.get("deps");
  const actor = c.get("actor");
  const client = requestClient(c.req.raw);
  if (silenceOf(c.req.raw) !== undefined) return c.body(null, 204);
  const media = checkMediaType(c.req.header("content-type"), [
    "text/plain",
    "application/json",
    "",
  ]);
  if (!media.ok) return bodyProblem(c, media.error);
  const body = await readBody(c.req.raw, {
    limitBytes: BEACON_LIMITS.bodyBytes,
    encodings: ["identity"],
  });
  if (!body.ok) return bodyProblem(c, body.error);
  const json = parseJson(body.value);
  if (!json.ok) return bodyProblem(c, json.error);
  const parsed = parseBeacon(json.value, deps.clock());
  if (!parsed.ok) {
    const { code, message } = parsed.error;
    return problem(c, { status: code === "too_many_events" ? 413 : 400, code, detail: message });
  }
  const stored = await storeEvents(deps, actor, deps.newId(), client, parsed.value.drafts);
  return stored.ok ? c.body(null, 204) : refusalProblem(c, stored.error);
}

/** `OPTIONS /e`: only for pages that send JSON by their own fetch; the script's beacons need no preflight. */
export function beaconPreflight(c: Context<AppEnv>): Response {
  const allowed = allowOrigin(c);
  if (!allowed.ok) return allowed.error;
  c.header("access-control-allow-methods", "POST");
  c.header("access-control-allow-headers", "content-type");
  c.header("access-control-max-age", "86400");
  return c.body(null, 204);
}

/** A day fresh; a page never waits for a newer one. */
const SCRIPT_CACHE = "public, max-age=86400, stale-while-revalidate=604800";

/** `GET /b.js`: any site may load it, also one that isolates itself (COEP) or checks integrity. */
export function beaconScript(c: Context<AppEnv>): Response {
  return c.body(BEACON_SCRIPT, 200, {
    "content-type": "text/javascript; charset=utf-8",
    "cache-control": SCRIPT_CACHE,
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
  });
}

/** Sets the CORS headers, or refuses an origin that the token is not for. */
function allowOrigin(c: Context<AppEnv>): Result<void, Response> {
  const origin = c.req.header("origin");
  c.header("vary", "Origin");
  if (!mayUse(c.get("actor"), origin))
    return err(
      problem(
        c,
        refusalToProblem({
          reason: "wrong_origin",
          origin: origin ?? "a request without an origin",
        }),
      ),
    );
  if (origin !== undefined) {
    c.header("access-control-allow-origin", origin);
    // sendBeacon always sends credentials along; nothing here reads them.
    c.header("access-control-allow-credentials", "true");
  }
  return ok(undefined);
}

function mayUse(actor: Actor, origin: string | undefined): boolean {
  return actor.origins.length === 0 || (origin !== undefined && actor.origins.includes(origin));
}

function silenceOf(request: Request): Silence | undefined {
  if (request.headers.get("dnt") === "1") return "do_not_track";
  if (request.headers.get("sec-gpc") === "1") return "global_privacy_control";
  if (clientKind(request.headers.get("user-agent") ?? "").device === "bot") return "bot";
  return undefined;
}
