import type { Node } from "yaml";
import { type ConfigRefusal, Refused } from "../alerting/config-error";
import { COOLDOWN_ANNOTATION, FLAP_ANNOTATION, checkFlap, parseFlap } from "../alerting/damping";
import { Fields, YamlFile } from "../alerting/yaml-fields";
import type { FlapSettings, StringMap } from "../core/alerts";
import { parseDuration, renderDuration } from "../core/duration";
import { labelsOf } from "../core/labels";
import { type Result, err, ok } from "../core/result";
import { parseTemplate } from "../core/template";
import { parseExpr, renderParseError, typeOf } from "../promql";
import { DEFAULT_INTERVAL_MS, type Rule } from "./model";
import { innerPosition } from "./yaml-position";

export type { ConfigRefusal } from "../alerting/config-error";

/** A group as its file has it, not yet given to a namespace. */
export interface ParsedGroup {
  readonly name: string;
  readonly intervalMs: number;
  readonly limit: number;
  readonly queryOffsetMs?: number;
  readonly rules: readonly Rule[];
  /** The node it was read from, for its own YAML. */
  readonly node: unknown;
}

export interface ParsedFile {
  readonly file: YamlFile;
  readonly groups: readonly ParsedGroup[];
  /** `line:column: …`: what works, and is likely not meant. */
  readonly warnings: readonly string[];
  /** `line:column: …`: what works here and Prometheus refuses. */
  readonly extensions: readonly string[];
  /** The text that the groups were compiled from, where they were not written as Prometheus' own. */
  readonly source?: string;
  /** Of rules whose metrics' names were worked out: which. */
  readonly reads?: readonly RuleReads[];
}

/** Metrics that a rule was found to read, any of which may be there, and where the rule stands. */
export interface RuleReads {
  readonly rule: string;
  readonly line: number;
  readonly column: number;
  readonly metrics: readonly string[];
}

const MIN_INTERVAL_MS = 1_000;
const MAX_INTERVAL_MS = 24 * 3_600_000;
const MAX_GROUPS = 200;
/** Of a file: aliases make a small file say much. */
const MAX_RULES = 5_000;
const MAX_NAME = 200;

export interface ReadOptions {
  /** Fields that nobody knows are passed over instead of refused. */
  readonly ignoreUnknownFields?: boolean;
}

/** A whole Prometheus rule file: `groups:`. The refusal says line and column. */
export function parseRuleFile(
  text: string,
  options: ReadOptions = {},
): Result<ParsedFile, ConfigRefusal> {
  return caught(() => {
    const file = new YamlFile(text);
    const root = file.root();
    // An empty body must not be taken for the wish to have no rules.
    if (!root.names().includes("groups"))
      file.refuse(
        root.node,
        root.empty ? "field_missing" : "field_unknown",
        "a rule file begins with groups:",
      );
    const budget = { ...newBudget(), ignoreUnknownFields: options.ignoreUnknownFields === true };
    const names = new Set<string>();
    const list = root.list("groups");
    const over = list[MAX_GROUPS];
    if (over !== undefined)
      file.refuse(over.node, "too_large", `more than ${MAX_GROUPS} groups in one file`);
    const groups = list.map(({ node, path }) => {
      const group = readGroup(new Fields(file, node, path), text, budget);
      if (names.has(group.name))
        file.refuse(
          node,
          "value_wrong",
          `groupname: ${JSON.stringify(group.name)} is repeated in the same file`,
        );
      names.add(group.name);
      return group;
    });
    end(root, budget);
    return { file, groups, warnings: budget.warnings, extensions: budget.extensions };
  });
}

/** One group: `name:`, `rules:`, …, as the ruler API takes it. */
export function parseGroup(text: string): Result<ParsedFile, ConfigRefusal> {
  return caught(() => {
    const file = new YamlFile(text);
    const budget = newBudget();
    const groups = [readGroup(file.root(), text, budget)];
    return { file, groups, warnings: budget.warnings, extensions: budget.extensions };
  });
}

interface Budget {
  rules: number;
  readonly ignoreUnknownFields: boolean;
  readonly warnings: string[];
  readonly extensions: string[];
}

function newBudget(): Budget {
  return { rules: MAX_RULES, ignoreUnknownFields: false, warnings: [], extensions: [] };
}

/** A reader that throws what it refuses, as a result. */
export function caught<T>(read: () => T): Result<T, ConfigRefusal> {
  try {
    return ok(read());
  } catch (e) {
    if (e instanceof Refused) return err(e.refusal);
    throw e;
  }
}

function readGroup(f: Fields, text: string, budget: Budget): ParsedGroup {
  const name = f.text("name") ?? "";
  if (name === "") f.file.refuse(f.node, "field_missing", "Groupname must not be empty");
  if (name.length > MAX_NAME)
    f.file.refuse(f.node, "too_large", `a group's name has at most ${MAX_NAME} characters`);
  const interval = f.duration("interval");
  const intervalMs = interval?.ms ?? DEFAULT_INTERVAL_MS;
  if (interval !== undefined && (intervalMs < MIN_INTERVAL_MS || intervalMs > MAX_INTERVAL_MS))
    f.file.refuse(interval.node, "value_wrong", "interval must be from 1s to 1d");
  const limit = f.wholeNumber("limit", 0);
  const queryOffsetMs = f.duration("query_offset")?.ms;
  const groupLabels = readLabels(f, "alerting");
  const seen = new Set<string>();
  const rules = f.list("rules").map(({ node, path }) => {
    if (--budget.rules < 0)
      f.file.refuse(node, "too_large", `more than ${MAX_RULES} rules in one file`);
    const rule = readRule(new Fields(f.file, node, path), text, groupLabels, budget);
    // Prometheus runs both, and its promtool warns.
    const identity = JSON.stringify([rule.kind, rule.name, labelsOf(rule.labels)]);
    if (seen.has(identity)) {
      const { line, column } = innerPosition(text, node, { line: 1, column: 1 });
      budget.warnings.push(
        `${line}:${column}: a rule ${rule.name} with the same labels stands above it`,
      );
    }
    seen.add(identity);
    return rule;
  });
  end(f, budget);
  return {
    name,
    intervalMs,
    limit,
    ...(queryOffsetMs === undefined ? {} : { queryOffsetMs }),
    rules,
    node: f.node,
  };
}

function readRule(f: Fields, text: string, groupLabels: StringMap, budget: Budget): Rule {
  const record = f.take("record");
  const alert = f.take("alert");
  if (record !== undefined && alert !== undefined)
    f.file.refuse(record, "value_wrong", "only one of 'record' and 'alert' must be set");
  const named = record ?? alert;
  if (named === undefined)
    return f.file.refuse(f.node, "field_missing", "one of 'record' or 'alert' must be set");
  const kind = record === undefined ? "alerting" : "recording";
  const name = f.scalarText(named, f.at(record === undefined ? "alert" : "record"));
  if (name === "") f.file.refuse(named, "field_missing", "one of 'record' or 'alert' must be set");
  const expr = readExpr(f, text, name);
  if (kind === "recording") return readRecording(f, named, { name, expr }, groupLabels, budget);
  const labels = { ...groupLabels, ...readLabels(f, "alerting") };
  const rule = {
    kind,
    name,
    expr,
    labels,
    annotations: readAnnotations(f),
    forMs: f.duration("for")?.ms ?? 0,
    keepFiringForMs: f.duration("keep_firing_for")?.ms ?? 0,
  } as const;
  const cooldown = f.duration("cooldown");
  if (cooldown !== undefined) {
    const { line, column } = innerPosition(text, cooldown.node, { line: 1, column: 1 });
    budget.extensions.push(
      `${line}:${column}: cooldown is Vedette's own; Prometheus takes the annotation ${COOLDOWN_ANNOTATION}: ${renderDuration(cooldown.ms)}`,
    );
  }
  const cooldownMs = cooldown?.ms ?? annotatedCooldown(rule.annotations);
  const flap = readFlap(f, text, budget) ?? annotatedFlap(rule.annotations);
  end(f, budget);
  return { ...rule, cooldownMs, ...(flap === undefined ? {} : { flap }) };
}

function readRecording(
  f: Fields,
  named: Node,
  { name, expr }: { readonly name: string; readonly expr: string },
  groupLabels: StringMap,
  budget: Budget,
): Rule {
  // Any UTF-8 names a metric since Prometheus 3; braces are an expression in the wrong field.
  if (/[{}]/.test(name))
    f.file.refuse(
      named,
      "value_wrong",
      `braces present in the recording rule name; should it be in expr?: ${name}`,
    );
  for (const field of ["annotations", "for", "keep_firing_for", "cooldown", "flap"]) {
    const node = f.take(field);
    if (node !== undefined)
      f.file.refuse(node, "value_wrong", `invalid field '${field}' in recording rule`);
  }
  const labels = { ...groupLabels, ...readLabels(f, "recording") };
  end(f, budget);
  return { kind: "recording", name, expr, labels };
}

function end(f: Fields, budget: Budget): void {
  if (!budget.ignoreUnknownFields) f.end();
}

function readExpr(f: Fields, text: string, rule: string): string {
  const node = f.take("expr");
  const expr = node === undefined ? "" : f.scalarText(node, f.at("expr"));
  if (node === undefined || expr.trim() === "")
    return f.file.refuse(node ?? f.node, "field_missing", "field 'expr' must be set in rule");
  const parsed = parseExpr(expr);
  if (!parsed.ok) {
    const at = innerPosition(text, node, parsed.error);
    throw new Refused({
      reason: "value_wrong",
      message: `rule ${JSON.stringify(rule)}: could not parse expression: ${renderParseError(parsed.error)}`,
      ...at,
    });
  }
  const type = typeOf(parsed.value);
  if (type !== "vector" && type !== "scalar")
    f.file.refuse(
      node,
      "value_wrong",
      `rule ${JSON.stringify(rule)}: the expression gives a ${type}, not an instant vector or scalar`,
    );
  return expr;
}

/** Takes `labels:`. @throws Refused */
export function readLabels(f: Fields, kind: Rule["kind"]): StringMap {
  // Pairs, as a label `__proto__` could not be assigned.
  const out: [string, string][] = [];
  for (const [name, value, node] of f.textMap("labels")) {
    // Any UTF-8, as a series' labels have.
    if (name === "" || !name.isWellFormed() || name === "__name__")
      f.file.refuse(node, "value_wrong", `invalid label name: ${name}`);
    if (kind === "alerting") checkTemplate(f, `label ${JSON.stringify(name)}`, value, node);
    out.push([name, value]);
  }
  return Object.fromEntries(out);
}

/** Takes `annotations:`. @throws Refused */
export function readAnnotations(f: Fields): StringMap {
  const out: [string, string][] = [];
  for (const [name, value, node] of f.textMap("annotations")) {
    if (name === "" || !name.isWellFormed())
      f.file.refuse(node, "value_wrong", `invalid annotation name: ${name}`);
    checkTemplate(f, `annotation ${JSON.stringify(name)}`, value, node);
    if (name === COOLDOWN_ANNOTATION && !parseDuration(value).ok)
      f.file.refuse(
        node,
        "value_wrong",
        `${COOLDOWN_ANNOTATION}: not a valid duration: ${JSON.stringify(value)}`,
      );
    const flap = name === FLAP_ANNOTATION ? parseFlap(value) : undefined;
    if (flap?.ok === false) f.file.refuse(node, "value_wrong", `${FLAP_ANNOTATION}: ${flap.error}`);
    out.push([name, value]);
  }
  return Object.fromEntries(out);
}

/** `flap: {changes: 4, within: 10m, calm: 10m}`; without `calm` it is as long as `within`. */
function readFlap(f: Fields, text: string, budget: Budget): FlapSettings | undefined {
  const node = f.take("flap");
  if (node === undefined) return undefined;
  const fields = new Fields(f.file, node, f.at("flap"));
  const changes = fields.wholeNumber("changes", 0);
  const within = fields.duration("within");
  if (within === undefined)
    return f.file.refuse(node, "field_missing", `missing: ${fields.at("within")}`);
  const calmMs = fields.duration("calm")?.ms ?? within.ms;
  end(fields, budget);
  const checked = checkFlap({ changes, withinMs: within.ms, calmMs });
  if (!checked.ok) return f.file.refuse(node, "value_wrong", `${f.at("flap")}: ${checked.error}`);
  const { line, column } = innerPosition(text, node, { line: 1, column: 1 });
  budget.extensions.push(
    `${line}:${column}: flap is Vedette's own; Prometheus takes the annotation ${FLAP_ANNOTATION}: ${changes} in ${renderDuration(within.ms)}, calm ${renderDuration(calmMs)}`,
  );
  return checked.value;
}

function annotatedFlap(annotations: StringMap): FlapSettings | undefined {
  const text = annotations[FLAP_ANNOTATION];
  const parsed = text === undefined ? undefined : parseFlap(text);
  return parsed?.ok === true ? parsed.value : undefined;
}

function annotatedCooldown(annotations: StringMap): number {
  const parsed = parseDuration(annotations[COOLDOWN_ANNOTATION] ?? "0");
  return parsed.ok ? parsed.value : 0;
}

/** @throws Refused where a template does not parse */
export function checkTemplate(f: Fields, what: string, value: string, node: Node): void {
  const parsed = parseTemplate(value, "prometheus");
  if (parsed.ok) return;
  const { line, column, message } = parsed.error;
  f.file.refuse(node, "value_wrong", `${what}: template: ${line}:${column}: ${message}`);
}
