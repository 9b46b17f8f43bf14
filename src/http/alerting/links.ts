import { type Context, Hono } from "hono";
import type { HandAction, HandAnswer, HandRequest } from "../../alerting/by-hand";
import { type LinkClaims, readLink } from "../../core/signed-link";
import type { AppEnv, Deps } from "../deps";
import { type Problem, problem } from "../problem";
import { actionPage, donePage, htmlAnswer, refusalPage } from "./link-page";

const HOUR_MS = 3_600_000;
/** How long a link may silence, in hours. */
export const SILENCE_HOURS = [1, 4, 24] as const;

/**
 * `/a/<token>`: what a link in a message leads to. GET only shows, because mail scanners and previews open
 * every link; POST acts. The signature is the permission: whoever has the message may act on its alerts.
 */
export function linkRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();

  app.get("/a/:token", async (c) => {
    const claims = await claimsOf(c);
    if ("problem" in claims) return refuse(c, claims.problem);
    const answer = await ask(c.get("deps"), claims, { do: "look" });
    return htmlAnswer(c, 200, (nonce) => actionPage(claims, answer, SILENCE_HOURS, nonce));
  });

  app.post("/a/:token", async (c) => {
    const claims = await claimsOf(c);
    if ("problem" in claims) return refuse(c, claims.problem);
    const action = actionOf(c, claims);
    if ("problem" in action) return refuse(c, action.problem);
    const answer = await ask(c.get("deps"), claims, action);
    if (answer.outcome.did === "nothing" || answer.outcome.did === "refused")
      return refuse(c, notDone(answer.outcome.reason));
    const told = await tellIncidents(c.get("deps"), claims, answer);
    return htmlAnswer(c, 200, (nonce) => donePage(claims, answer, told, nonce));
  });

  return app;
}

/** Who acts: nobody has logged in, so that it is the message that is named. */
const actorOf = (claims: LinkClaims): string => `link of ${claims.receiver}`;

async function ask(deps: Deps, claims: LinkClaims, action: HandAction): Promise<HandAnswer> {
  const { receiver, group, groupLabels, fingerprints } = claims;
  const request: HandRequest = {
    to: { receiver, group, fingerprints, ...(groupLabels === undefined ? {} : { groupLabels }) },
    action,
    by: actorOf(claims),
  };
  const router = deps.objects(claims.projectId).alertRouter();
  return JSON.parse(await router.byHand(JSON.stringify(request))) as HandAnswer;
}

/** The incident that stands for the group follows what was done; one that cannot be reached is named. */
async function tellIncidents(
  deps: Deps,
  claims: LinkClaims,
  answer: HandAnswer,
): Promise<readonly string[]> {
  if (claims.action === "silence") return [];
  const command = JSON.stringify(
    claims.action === "resolve"
      ? { do: "resolve", note: "by a link in a message" }
      : { do: "acknowledge" },
  );
  const told = await Promise.all(
    answer.incidents.map(async (id) => {
      try {
        // A refusal says that somebody was quicker: what was wanted is so.
        await deps.objects(claims.projectId).incident(id).command(command, actorOf(claims));
        return [];
      } catch (e) {
        console.warn("link: an incident was not told", id, e);
        return [id];
      }
    }),
  );
  return told.flat();
}

type Refused = { readonly problem: Problem };

async function claimsOf(c: Context<AppEnv>): Promise<LinkClaims | Refused> {
  const deps = c.get("deps");
  const read = await readLink(deps.config.tokenSecret, c.req.param("token") ?? "", deps.clock());
  if (!read.ok) return { problem: refusal(read.error) };
  // While D1 cannot say which projects there are, the signature is enough.
  const projects = await deps.projectIds().catch(() => undefined);
  if (projects !== undefined && !projects.includes(read.value.projectId))
    return {
      problem: {
        status: 404,
        code: "link_project_unknown",
        detail: "the link belongs to a project that this deployment does not have",
      },
    };
  return read.value;
}

function refusal(
  r: Extract<Awaited<ReturnType<typeof readLink>>, { readonly ok: false }>["error"],
): Problem {
  switch (r.reason) {
    case "malformed":
      return { status: 400, code: "link_malformed", detail: "the link was not copied whole" };
    case "bad_signature":
      return {
        status: 403,
        code: "link_forged",
        detail: "this deployment did not sign the link, or has a new TOKEN_SECRET",
      };
    case "expired":
      return {
        status: 410,
        code: "link_expired",
        detail: `the link was good until ${new Date(r.expiredAtS * 1_000).toISOString()}`,
      };
  }
}

function actionOf(c: Context<AppEnv>, claims: LinkClaims): HandAction | Refused {
  if (claims.action !== "silence") return { do: claims.action };
  const hours = SILENCE_HOURS.find((h) => String(h) === c.req.query("hours"));
  if (hours !== undefined) return { do: "silence", forMs: hours * HOUR_MS };
  return {
    problem: {
      status: 400,
      code: "parameter_malformed",
      detail: `hours is one of ${SILENCE_HOURS.join(", ")}`,
      where: "hours",
    },
  };
}

function notDone(reason: string): Problem {
  switch (reason) {
    case "nothing_fires":
      return {
        status: 409,
        code: "link_nothing_fires",
        detail: "none of the alerts fires any more",
      };
    case "too_many":
      return {
        status: 429,
        code: "silences_too_many",
        detail: "the project has as many silences as it may have",
      };
    default:
      return {
        status: 409,
        code: "link_nothing_to_match",
        detail:
          "the alerts have no label in common, so that a silence of them would hold everything",
      };
  }
}

/** A page for browsers, problem+json for programs. */
function refuse(c: Context<AppEnv>, p: Problem): Response {
  if (!(c.req.header("accept") ?? "").includes("text/html")) {
    c.header("cache-control", "no-store");
    return problem(c, p);
  }
  return htmlAnswer(c, p.status, (nonce) => refusalPage(p, nonce));
}
