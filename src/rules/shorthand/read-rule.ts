import { type Node, isMap, isScalar } from "yaml";
import type { Fields } from "../../alerting/yaml-fields";
import { renderDuration } from "../../core/duration";
import { checkTemplate, readAnnotations, readLabels } from "../rule-file";
import { innerPosition } from "../yaml-position";
import { actionsOf, cooldownOf, durationOf, textOf } from "./fields";
import type { ShorthandRule } from "./model";
import type { Naming } from "./naming";
import { suggestion } from "./suggestion";
import { watchedOf } from "./watched";

/** What the file says for all of its rules. */
export interface Shared {
  readonly source: string;
  readonly naming: Naming;
  readonly windowMs: number;
  readonly notes: string[];
}

const TEXTS = ["summary", "description", "runbook_url"];
const FIELDS =
  `name id severity actions labels annotations cooldown condition metric operator threshold trend window by event logs
  fewer_than at_most more_than at_least in absent_for from_start duration for keep_firing_for`
    .split(/\s+/)
    .concat(TEXTS);

/** One entry of `alerts:` or `rules:`; `key` is its name where they are a mapping. @throws Refused */
export function readRule(f: Fields, key: string | undefined, shared: Shared): ShorthandRule {
  const unknown = f.names().find((n) => !FIELDS.includes(n));
  if (unknown !== undefined) {
    const node = f.node as Node; // a mapping: it has a field
    f.file.refuse(
      keyNode(node, unknown),
      "field_unknown",
      `unknown field: ${f.at(unknown)}${suggestion(unknown, FIELDS)}`,
    );
  }
  const at = innerPosition(shared.source, f.node as Node, { line: 1, column: 1 }); // resolved by entries()
  const id = f.text("id") ?? key;
  const name = f.text("name") ?? id;
  if (name === undefined || name === "") return f.missing("name");
  const watched = watchedOf(f, { ...shared, name, id });
  const severity = textOf(f, "severity");
  if (severity !== undefined) checkTemplate(f, 'label "severity"', severity.text, severity.node);
  const actions = actionsOf(f);
  const cooldown = cooldownOf(f);
  // Once for each way of writing it.
  if (cooldown?.note !== undefined && !shared.notes.some((n) => n.endsWith(cooldown.note ?? "")))
    shared.notes.push(`${at.line}:${at.column}: ${cooldown.note}`);
  const forMs = durationOf(f, "duration", "for")?.ms ?? 0;
  const keepFiringForMs = durationOf(f, "keep_firing_for")?.ms ?? 0;
  const labels = {
    ...(severity === undefined ? {} : { severity: severity.text }),
    ...(id === undefined || id === name ? {} : { rule: literal(id) }),
    ...(actions.length === 0 ? {} : { actions: actions.join(",") }),
    ...Object.fromEntries(Object.entries(watched.labels).map(([k, v]) => [k, literal(v)])),
    ...readLabels(f, "alerting"),
  };
  const held = forMs === 0 ? "" : ` for ${renderDuration(forMs)}`;
  const annotations = {
    summary: `${literal(`${name}: `)}${watched.value}${literal(` (${watched.condition}${held})`)}`,
    ...Object.fromEntries(
      TEXTS.flatMap((n) => {
        const given = textOf(f, n);
        if (given === undefined) return [];
        checkTemplate(f, n, given.text, given.node);
        return [[n, given.text] as const];
      }),
    ),
    ...readAnnotations(f),
  };
  f.end();
  const { condition, expr, metrics } = watched;
  const cooldownMs = cooldown?.ms ?? 0;
  return {
    name,
    condition,
    line: at.line,
    column: at.column,
    expr,
    metrics,
    forMs,
    keepFiringForMs,
    cooldownMs,
    labels,
    annotations,
  };
}

function keyNode(node: Node, name: string): unknown {
  if (!isMap(node)) return node;
  return node.items.find((p) => isScalar(p.key) && String(p.key.value) === name)?.key ?? node;
}

/** A text that a template shows as it is. */
export function literal(text: string): string {
  return text.includes("{{") ? `{{ ${JSON.stringify(text)} }}` : text;
}
