import { LoginBody } from "../../session";
import { TokenBody } from "../../tokens";
import {
  boolean,
  dateTime,
  described,
  empty,
  json,
  jsonBody,
  list,
  nullable,
  oneOf,
  record,
  ref,
  string,
} from "../json-schema";
import type { Family } from "../model";
import { JSON_PROBLEMS, together } from "../shared-problems";

const made = json("The token, shown this once.", {
  allOf: [ref("Token"), record({ token: string })],
});

export const accessFamily: Family = {
  tag: "Access",
  description: "Tokens, and the session of the web app.",
  dialect: "vedette",
  operations: [
    {
      method: "get",
      path: "/config/v1/tokens",
      id: "listTokens",
      summary: "List tokens",
      scope: "admin",
      answers: {
        200: json("The tokens, without their text.", record({ tokens: list(ref("Token")) })),
      },
    },
    {
      method: "post",
      path: "/config/v1/tokens",
      id: "makeToken",
      summary: "Make a token",
      scope: "admin",
      body: jsonBody(TokenBody, "What it is called, what it may do, and from where."),
      answers: { 201: made },
      problems: together(JSON_PROBLEMS, { 400: ["beacon_scope_alone"] }),
    },
    {
      method: "delete",
      path: "/config/v1/tokens/{id}",
      id: "revokeToken",
      summary: "Revoke a token, everywhere within 60 s",
      scope: "admin",
      answers: { 204: empty("It is revoked.") },
      problems: { 404: ["token_unknown"] },
    },
    {
      method: "post",
      path: "/config/v1/bootstrap",
      id: "makeFirstToken",
      summary: "Make the deployment's first admin token",
      scope: "bootstrap",
      answers: { 201: made },
      problems: {
        401: ["bootstrap_refused"],
        404: ["bootstrap_off"],
        409: ["bootstrap_done"],
      },
    },
    {
      method: "post",
      path: "/session",
      id: "openSession",
      summary: "Turn a token into a session cookie",
      scope: "none",
      body: jsonBody(LoginBody, "A token with scope `read` or `admin`."),
      answers: { 200: json("Who is logged in; Set-Cookie has the session.", ref("Session")) },
      problems: together(JSON_PROBLEMS, {
        401: ["token_unknown", "token_revoked"],
        403: ["scope_missing"],
        415: ["content_type"],
        503: ["token_state_unavailable"],
      }),
    },
    {
      method: "get",
      path: "/session",
      id: "getSession",
      summary: "Who is logged in",
      scope: "read",
      answers: { 200: json("Who asks.", ref("Session")) },
    },
    {
      method: "delete",
      path: "/session",
      id: "closeSession",
      summary: "Forget the session cookie",
      scope: "none",
      answers: { 204: empty("The cookie is gone.") },
    },
  ],
  schemas: {
    Token: record({
      id: string,
      name: string,
      scopes: list(oneOf(["ingest", "beacon", "read", "admin"])),
      origins: described(list(string), "Where a beacon token may be used; empty: anywhere."),
      created_at: dateTime,
      created_by: string,
      revoked_at: nullable(dateTime),
    }),
    Session: record({ project: string, name: string, scopes: list(string), admin: boolean }),
  },
};
