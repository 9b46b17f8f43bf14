import type { Context, MiddlewareHandler } from "hono";
import type { Actor, Scope } from "../../core/auth";
import type { AppEnv } from "../deps";
import { type Problem, problem } from "../problem";
import { type AuthRefusal, authenticate } from "./authenticate";

/** How a family of routes says no: Vedette's own problem+json, or the dialect's body. */
export type RefusalRenderer = (c: Context<AppEnv>, refusal: Problem) => Response;

/**
 * Lets a request through that may do one of `wanted`; afterwards `c.get("actor")` is set.
 * 401 for no or an unknown token, 403 for the wrong scope, 503 where nothing can be known.
 */
export function requireScope(
  wanted: Scope | readonly Scope[],
  render: RefusalRenderer = problem,
): MiddlewareHandler<AppEnv> {
  const scopes = typeof wanted === "string" ? [wanted] : wanted;
  return async (c, next) => {
    const done = await authenticate(c.get("deps"), c.req.raw, scopes);
    if (!done.ok) {
      const p = refusalToProblem(done.error);
      const response = render(c, p);
      if (p.status === 401) response.headers.set("www-authenticate", 'Bearer realm="vedette"');
      return response;
    }
    c.set("actor", done.value satisfies Actor);
    return next();
  };
}

export function refusalToProblem(r: AuthRefusal): Problem {
  switch (r.reason) {
    case "missing":
      return {
        status: 401,
        code: "token_missing",
        detail: "this route needs a token: Authorization: Bearer <token>",
      };
    case "unknown_token":
      return {
        status: 401,
        code: "token_unknown",
        detail: "the token is not one of this deployment",
      };
    case "revoked":
      return { status: 401, code: "token_revoked", detail: "the token was revoked" };
    case "wrong_scope":
      return {
        status: 403,
        code: "scope_missing",
        detail: `this needs scope ${r.wanted.join(" or ")}; the token has ${r.has.join(", ")}`,
      };
    case "in_address":
      return {
        status: 403,
        code: "scope_missing",
        detail: "a token in the address may only write; send it as Authorization: Bearer <token>",
      };
    case "wrong_origin":
      return {
        status: 403,
        code: "origin_refused",
        detail: `the token may not be used from ${r.origin}`,
      };
    case "cross_site":
      return {
        status: 403,
        code: "cross_site",
        detail: "a session may only be used from Vedette's own pages",
      };
    case "state_unavailable":
      return {
        status: 503,
        code: "token_state_unavailable",
        detail: "the token store does not answer; try again",
      };
  }
}
