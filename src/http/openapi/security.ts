import { SESSION_COOKIE } from "../auth/session";
import type { JsonSchema, Operation } from "./model";

/** Where a token may stand (http/auth/authenticate.ts), by the name under which operations require it. */
export const SECURITY_SCHEMES: Readonly<Record<string, JsonSchema>> = {
  bearer: {
    type: "http",
    scheme: "bearer",
    description:
      "A token. Its scopes say what it may do: `ingest` sends data, `beacon` sends a page's events, `read` asks, `admin` configures and includes `ingest` and `read`. The role that an operation names is the scope it needs.",
  },
  basic: {
    type: "http",
    scheme: "basic",
    description:
      "The token as the password, any user name; or the token as the user name, no password.",
  },
  queryToken: {
    type: "apiKey",
    in: "query",
    name: "token",
    description: "The token in the address: for sending alone.",
  },
  beaconKey: {
    type: "apiKey",
    in: "query",
    name: "k",
    description: "The token in the address, as the page script sends it.",
  },
  session: {
    type: "apiKey",
    in: "cookie",
    name: SESSION_COOKIE,
    description:
      "The cookie that `POST /session` sets. Other methods than GET must come from Vedette's own origin.",
  },
  bootstrapSecret: {
    type: "http",
    scheme: "bearer",
    description: "The deployment's BOOTSTRAP_SECRET.",
  },
};

/** What an operation asks for: any one of the list is enough, none is needed where it is empty. */
export function securityOf(scope: Operation["scope"]): readonly JsonSchema[] {
  switch (scope) {
    case "none":
      return [];
    case "bootstrap":
      return [{ bootstrapSecret: [] }];
    case "ingest":
      return schemes(["bearer", "basic", "queryToken", "session"], scope);
    case "beacon":
      return schemes(["beaconKey", "queryToken", "bearer", "basic"], scope);
    case "read":
    case "admin":
      return schemes(["bearer", "basic", "session"], scope);
  }
}

function schemes(names: readonly string[], role: string): readonly JsonSchema[] {
  return names.map((name) => ({ [name]: [role] }));
}
