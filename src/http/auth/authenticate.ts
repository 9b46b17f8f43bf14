import { type Actor, type Scope, type TokenState, mayDo } from "../../core/auth";
import { type Result, err, ok } from "../../core/result";
import type { Deps } from "../deps";
import { ACCESS_HEADER, verifyAccess } from "./access";
import { LOCAL_TOKENS, type LocalToken } from "./local-tokens";
import { readSession, SESSION_COOKIE } from "./session";
import { verifyToken } from "./token";

export type AuthRefusal =
  | { readonly reason: "missing" }
  | { readonly reason: "unknown_token" }
  | { readonly reason: "revoked" }
  | {
      readonly reason: "wrong_scope";
      readonly wanted: readonly Scope[];
      readonly has: readonly Scope[];
    }
  /** The scope would do, but in an address a token may only write. */
  | { readonly reason: "in_address" }
  /** A beacon token from a page that its allow-list does not name (http/events/beacon.ts). */
  | { readonly reason: "wrong_origin"; readonly origin: string }
  | { readonly reason: "cross_site" }
  | { readonly reason: "state_unavailable" };

export interface Credentials {
  readonly token: string;
  readonly via: Actor["via"];
}

/** Where a token may stand in a request, in order of preference (design, section 6). */
export function findCredentials(request: Request): Credentials | undefined {
  const header = request.headers.get("authorization");
  if (header !== null) {
    const [scheme = "", rest = ""] = header.split(/\s+/, 2);
    if (/^bearer$/i.test(scheme)) return { token: rest, via: "bearer" };
    // InfluxDB's clients write "Token T".
    if (/^token$/i.test(scheme)) return { token: rest, via: "bearer" };
    if (/^basic$/i.test(scheme)) return { token: basicPassword(rest), via: "basic" };
    return { token: "", via: "bearer" };
  }
  const url = new URL(request.url);
  const query = url.searchParams.get("token") ?? url.searchParams.get("k");
  if (query !== null) return { token: query, via: "query" };
  const cookie = cookieOf(request, SESSION_COOKIE);
  if (cookie !== undefined) return { token: cookie, via: "session" };
  const access = request.headers.get(ACCESS_HEADER);
  if (access !== null) return { token: access, via: "access" };
  return undefined;
}

/** Who asks, or a named refusal. `wanted`: any one of these scopes is enough. */
export async function authenticate(
  deps: Deps,
  request: Request,
  wanted: readonly Scope[],
): Promise<Result<Actor, AuthRefusal>> {
  const credentials = findCredentials(request);
  if (credentials === undefined) return err({ reason: "missing" });
  const found = await identify(deps, credentials, wanted);
  if (!found.ok) return found;
  const actor = found.value;
  // A token in an address may leak through logs and referrers, so it may only write.
  const usable =
    actor.via === "query" ? wanted.filter((s) => s === "ingest" || s === "beacon") : wanted;
  if (!usable.some((s) => mayDo(actor.scopes, s))) {
    const otherwise = wanted.some((s) => mayDo(actor.scopes, s));
    return err(
      otherwise ? { reason: "in_address" } : { reason: "wrong_scope", wanted, has: actor.scopes },
    );
  }
  const ridesAlong = actor.via === "session" || actor.via === "access";
  if (ridesAlong && !sameOrigin(request)) return err({ reason: "cross_site" });
  return ok(actor);
}

async function identify(
  deps: Deps,
  { token, via }: Credentials,
  wanted: readonly Scope[],
): Promise<Result<Actor, AuthRefusal>> {
  if (via === "access") return identifyByAccess(deps, token);
  const raw =
    via === "session" ? await readSession(deps.config.tokenSecret, token, deps.clock()) : token;
  if (raw === undefined) return err({ reason: "unknown_token" });
  const local = localToken(deps, raw);
  if (local !== undefined)
    return ok({
      projectId: "default",
      tokenId: local.name,
      name: local.name,
      scopes: local.scopes,
      origins: [],
      via,
    });
  const verified = await verifyToken(deps.config.tokenSecret, raw);
  if (!verified.ok) return err({ reason: "unknown_token" });
  const { projectId, id, scopes } = verified.value;
  const state = await deps.tokens.state(projectId, id);
  return admit(state, { projectId, id, scopes, via }, wanted);
}

/** Without ACCESS_TEAM the header is anybody's claim and counts for nothing. */
async function identifyByAccess(deps: Deps, token: string): Promise<Result<Actor, AuthRefusal>> {
  const { access } = deps.config;
  if (access === undefined) return err({ reason: "missing" });
  const who = await verifyAccess(access, token);
  if (who.ok) {
    const name = who.value;
    return ok({
      projectId: "default",
      tokenId: `access:${name}`,
      name,
      scopes: [access.scope],
      origins: [],
      via: "access",
    });
  }
  return err(
    who.error.reason === "keys_unavailable"
      ? { reason: "state_unavailable" }
      : { reason: "unknown_token" },
  );
}

function admit(
  state: TokenState,
  claims: {
    readonly projectId: string;
    readonly id: string;
    readonly scopes: readonly Scope[];
    readonly via: Actor["via"];
  },
  wanted: readonly Scope[],
): Result<Actor, AuthRefusal> {
  const { projectId, id, scopes, via } = claims;
  switch (state.state) {
    case "active":
      return ok({
        projectId,
        tokenId: id,
        name: state.record.name,
        scopes,
        origins: state.record.origins,
        via,
      });
    case "revoked":
      return err({ reason: "revoked" });
    case "unknown_id":
      return err({ reason: "unknown_token" });
    case "unavailable":
      // The signature holds and writing is all it may do: ingest survives a D1 outage even in a new isolate.
      if (wanted.every((s) => s === "ingest"))
        return ok({
          projectId,
          tokenId: id,
          name: id,
          // An admin's token may write as well.
          scopes: mayDo(scopes, "ingest") ? ["ingest"] : [],
          origins: [],
          via,
        });
      return err({ reason: "state_unavailable" });
  }
}

/** Documented for everyone, so there is nothing that a comparison could give away. */
function localToken(deps: Deps, token: string): LocalToken | undefined {
  return deps.config.local ? LOCAL_TOKENS.find((known) => known.token === token) : undefined;
}

/** A cookie rides along by itself, so an unsafe request must come from our own page. */
function sameOrigin(request: Request): boolean {
  if (request.method === "GET" || request.method === "HEAD") return true;
  const origin = request.headers.get("origin");
  return origin !== null && origin === new URL(request.url).origin;
}

function basicPassword(base64: string): string {
  try {
    const text = atob(base64);
    const colon = text.indexOf(":");
    const password = colon < 0 ? "" : text.slice(colon + 1);
    // Segment's clients put the key into the user name and leave the password empty.
    return password === "" ? text.slice(0, colon < 0 ? text.length : colon) : password;
  } catch {
    return "";
  }
}

function cookieOf(request: Request, name: string): string | undefined {
  for (const part of (request.headers.get("cookie") ?? "").split(";")) {
    const eq = part.indexOf("=");
    if (eq > 0 && part.slice(0, eq).trim() === name) return part.slice(eq + 1).trim();
  }
  return undefined;
}
