import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { HandAnswer, ShownAlert } from "../../alerting/by-hand";
import type { LinkAction, LinkClaims } from "../../core/signed-link";
import type { AppEnv } from "../deps";
import type { Problem } from "../problem";

/** Alerts that a page lists. */
const MAX_SHOWN = 50;

const TITLE: Readonly<Record<LinkAction, string>> = {
  acknowledge: "Acknowledge",
  silence: "Silence",
  resolve: "Resolve",
};

/** What the link would do, with a button that does it. */
export function actionPage(
  claims: LinkClaims,
  answer: HandAnswer,
  hours: readonly number[],
  nonce: string,
): string {
  const n = answer.alerts.length;
  if (n === 0)
    return page(TITLE[claims.action], nonce, [
      element("p", "None of the alerts of this message fires any more. There is nothing to do."),
    ]);
  return page(TITLE[claims.action], nonce, [
    element("p", WHAT[claims.action](n, answer)),
    list(answer.alerts),
    claims.action === "silence"
      ? hours.map((h) => button(`?hours=${h}`, `Silence for ${h} h`)).join("")
      : button("", `${TITLE[claims.action]} ${count(n)}`),
  ]);
}

const WHAT: Readonly<Record<LinkAction, (n: number, answer: HandAnswer) => string>> = {
  acknowledge: (n, a) =>
    `The button takes ${count(n)} in hand${a.incidents.length > 0 ? " and stops the escalation of the incident" : ""}.`,
  silence: (n, a) =>
    `A button holds back every message about ${labelsText(a)}: ${count(n)} now, and those that join.`,
  resolve: (n, a) =>
    `The button ends ${count(n)}${a.incidents.length > 0 ? " and the incident" : ""} until the source has resolved them and they fire anew.`,
};

/** What was done. */
export function donePage(
  claims: LinkClaims,
  answer: HandAnswer,
  unreached: readonly string[],
  nonce: string,
): string {
  return page("Done", nonce, [
    element("p", doneText(answer)),
    ...(unreached.length === 0
      ? []
      : [
          element(
            "p",
            `The incident ${unreached.join(", ")} could not be reached; press the link once more.`,
          ),
        ]),
    list(answer.alerts),
    element("p", `The history names "link of ${claims.receiver}".`),
  ]);
}

function doneText({ outcome }: HandAnswer): string {
  switch (outcome.did) {
    case "acknowledged":
      return `${count(outcome.alerts)} acknowledged.`;
    case "resolved":
      return `${count(outcome.alerts)} resolved by hand.`;
    case "silenced":
      return `Silenced until ${new Date(outcome.silence.endsAtMs).toISOString()}.`;
    case "nothing":
    case "refused":
      return "Nothing was done.";
  }
}

export function refusalPage(p: Problem, nonce: string): string {
  return page("This link does nothing", nonce, [
    element("p", p.detail),
    element("p", `Code: ${p.code}`),
  ]);
}

/** The page with headers that let nothing else run or leak: the address is a permission. */
export function htmlAnswer(
  c: Context<AppEnv>,
  status: ContentfulStatusCode,
  make: (nonce: string) => string,
): Response {
  const nonce = c.get("deps").newId();
  return c.body(make(nonce), status, {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": `default-src 'none'; style-src 'nonce-${nonce}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-robots-tag": "noindex, nofollow",
  });
}

function page(title: string, nonce: string, parts: readonly string[]): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(title)} · Vedette</title><style nonce="${text(nonce)}">${STYLE}</style></head>
<body><main><h1>${text(title)}</h1>${parts.join("\n")}</main></body></html>`;
}

const STYLE = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:0}main{max-width:40rem;margin:2rem auto;padding:0 1rem}
ul{padding-left:1.2rem}code{font-size:.85em;overflow-wrap:anywhere}form{display:inline-block;margin:.5rem .5rem 0 0}
button{font:inherit;padding:.6rem 1.1rem;border:1px solid;border-radius:.4rem;cursor:pointer}`;

function button(query: string, label: string): string {
  // Without a path the form goes to the page's own address.
  return `<form method="post" action="${text(query)}"><button type="submit">${text(label)}</button></form>`;
}

function list(alerts: readonly ShownAlert[]): string {
  const rows = alerts.slice(0, MAX_SHOWN).map((a) => {
    const labels = Object.entries(a.labels)
      .filter(([k]) => k !== "alertname")
      .map(([k, v]) => `${k}="${v}"`)
      .join(" ");
    const since = new Date(a.startsAtMs).toISOString();
    const taken = a.acknowledgedBy === undefined ? "" : `, acknowledged by ${a.acknowledgedBy}`;
    return `<li><strong>${text(a.name || "alert")}</strong> ${text(a.summary)}<br><code>${text(labels)}</code><br><small>since ${text(since + taken)}</small></li>`;
  });
  const more = alerts.length - rows.length;
  if (more > 0) rows.push(element("li", `and ${more} more`));
  return `<ul>${rows.join("")}</ul>`;
}

function labelsText(answer: HandAnswer): string {
  const labels = Object.entries(answer.groupLabels).map(([k, v]) => `${k}="${v}"`);
  return labels.length === 0 ? "what these alerts have in common" : labels.join(", ");
}

const count = (n: number): string => (n === 1 ? "1 alert" : `${n} alerts`);

const element = (tag: "p" | "li", content: string): string => `<${tag}>${text(content)}</${tag}>`;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Whatever a string has, it is shown as text. */
function text(content: string): string {
  return content.replaceAll(/[&<>"']/g, (ch) => ENTITIES[ch] ?? "");
}
