import type { Context } from "hono";
import type { ConfigRefusal } from "../../alerting/config-error";
import { type BodyError, bodyErrorMessage, bodyErrorStatus } from "../../ingest/body/errors";
import type { ErrorCode } from "../error-codes";
import { problem } from "../problem";

/** Why the ruler API did not do what it was asked. */
export type RulesRefusal =
  | { readonly reason: "body"; readonly error: BodyError }
  | { readonly reason: "malformed_text" }
  | { readonly reason: "refused"; readonly refusal: ConfigRefusal }
  | { readonly reason: "namespace_name"; readonly limit: number }
  | { readonly reason: "name_too_long"; readonly group: string; readonly limit: number }
  | { readonly reason: "group_too_large"; readonly group: string; readonly limit: number }
  | { readonly reason: "namespace_unknown"; readonly namespace: string }
  | { readonly reason: "group_unknown"; readonly namespace: string; readonly group: string }
  | { readonly reason: "unavailable"; readonly message: string };

export function rulesProblem(c: Context, r: RulesRefusal): Response {
  switch (r.reason) {
    case "body":
      return problem(c, {
        status: bodyErrorStatus(r.error),
        code: `body_${r.error.reason}`,
        detail: bodyErrorMessage(r.error),
        ...(r.error.reason === "too_large"
          ? {
              limit: {
                name: "rule_file_bytes",
                value: r.error.limitBytes,
                raise: "spread the groups over several namespaces",
              },
            }
          : {}),
      });
    case "malformed_text":
      return problem(c, {
        status: 400,
        code: "rules_malformed",
        detail: "the body is not UTF-8 text",
      });
    case "refused": {
      const { line, column, message, reason } = r.refusal;
      return problem(c, {
        status: 400,
        code: FILE_CODES[reason],
        detail: `${line}:${column}: ${message}; the rules in force have not changed`,
        where: `${line}:${column}`,
      });
    }
    case "namespace_name":
      return problem(c, {
        status: 400,
        code: "rules_namespace",
        detail: `a namespace's name has 1 to ${r.limit} characters`,
      });
    case "name_too_long":
      return problem(c, {
        status: 400,
        code: "rules_namespace",
        detail: `the names of the namespace and of group ${JSON.stringify(r.group)} take more than ${r.limit} characters together, percent-encoded`,
        limit: { name: "rule_group_name_chars", value: r.limit, raise: "use shorter names" },
      });
    case "group_too_large":
      return problem(c, {
        status: 413,
        code: "rules_group_too_large",
        detail: `group ${JSON.stringify(r.group)} takes more than ${r.limit} characters with its parsed form`,
        limit: { name: "rule_group_chars", value: r.limit, raise: "split the group" },
      });
    case "namespace_unknown":
      return problem(c, {
        status: 404,
        code: "rules_namespace_unknown",
        detail: `there are no rule groups in namespace ${JSON.stringify(r.namespace)}`,
      });
    case "group_unknown":
      return problem(c, {
        status: 404,
        code: "rules_group_unknown",
        detail: `there is no rule group ${JSON.stringify(r.group)} in namespace ${JSON.stringify(r.namespace)}`,
      });
    case "unavailable":
      c.header("retry-after", "5");
      return problem(c, {
        status: 503,
        code: "rules_unavailable",
        detail: `not everything could be applied: ${r.message}; send the same again`,
      });
  }
}

const FILE_CODES: Readonly<Record<ConfigRefusal["reason"], ErrorCode>> = {
  yaml_malformed: "rules_malformed",
  field_unknown: "rules_field_unknown",
  field_missing: "rules_field_missing",
  value_wrong: "rules_value_wrong",
  too_large: "rules_too_large",
  // The reader of YAML is shared; only Alertmanager's configuration has these.
  receiver_undefined: "rules_value_wrong",
  not_delivered: "rules_value_wrong",
  url_refused: "rules_value_wrong",
  secret_unknown: "rules_value_wrong",
  secret_unreadable: "rules_value_wrong",
};
