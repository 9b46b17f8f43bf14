import type { Context } from "hono";
import { checkMatcher, parseMatcher } from "../../alerting/matcher-text";
import type { V2Filter } from "../../alerting/v2-view";
import type { Matcher } from "../../core/matchers";
import { type Result, err, ok } from "../../core/result";
import type { AppEnv } from "../deps";

/** What the query of `/api/v2/alerts` and `/alerts/groups` asks for; an error is Alertmanager's text. */
export function readFilter(c: Context<AppEnv>): Result<V2Filter, string> {
  const matchers = readMatchers(c, "filter");
  if (!matchers.ok) return matchers;
  const receiverMatchers = readMatchers(c, "receiver_matchers");
  if (!receiverMatchers.ok) return receiverMatchers;
  const receiver = c.req.query("receiver") ?? "";
  const checked = checkMatcher({ type: "=~", name: "receiver", value: receiver });
  if (!checked.ok) return err(`failed to parse receiver param: ${checked.error}`);
  return ok({
    active: readBoolean(c, "active"),
    silenced: readBoolean(c, "silenced"),
    inhibited: readBoolean(c, "inhibited"),
    muted: readBoolean(c, "muted"),
    matchers: matchers.value,
    ...(receiver === "" ? {} : { receiver }),
    receiverMatchers: receiverMatchers.value,
  });
}

/** A parameter that may be repeated, one matcher each. */
export function readMatchers(c: Context<AppEnv>, name: string): Result<Matcher[], string> {
  const out: Matcher[] = [];
  for (const text of c.req.queries(name) ?? []) {
    const one = parseMatcher(text);
    if (!one.ok) return one;
    out.push(one.value);
  }
  return ok(out);
}

const TRUE = new Set(["true", "1", "yes", "ok", "y", "on", "selected", "checked", "t", "enabled"]);

/** As go-openapi reads one: true where it is absent or empty, and false for any word that it does not know. */
export function readBoolean(c: Context<AppEnv>, name: string): boolean {
  const text = c.req.query(name) ?? "";
  return text === "" || TRUE.has(text.toLowerCase());
}
