import type { StringMap } from "../core/alerts";
import { type Labels, METRIC_NAME, labelsToRecord } from "../core/labels";
import { type StepBudget, type Template, parseTemplate, renderTemplate } from "../core/template";
import { stringMap } from "../core/template/values";
import type { RuleSettings } from "./evaluate";
import type { Rule } from "./model";
import type { Candidate } from "./state";
import type { TemplateQueries } from "./template-queries";

/** `alertname`: the label that every alert of a rule has. */
const ALERT_NAME = "alertname";

/** Steps that all templates of one rule may take in one evaluation: about a third of a second. */
const MAX_STEPS = 2_000_000;
/** Characters of one label's or annotation's text. */
const MAX_TEXT = 16_384;
/** Characters of all of one alert's: its row, and each message of it, ends at 2 MB. */
const MAX_TEXTS = 131_072;

interface Text {
  readonly name: string;
  readonly text: string;
  /** Undefined where the text has no template. */
  readonly template: Template | undefined;
}

/** A rule's labels and annotations, parsed once for all its series. */
export interface RuleTemplates {
  readonly alertname: string;
  readonly labels: readonly Text[];
  readonly annotations: readonly Text[];
  /** One of them may call `query` or `now`, which the labels and the value do not settle. */
  readonly queries: boolean;
}

export function compileTemplates(rule: Rule): RuleTemplates {
  // A recording rule's labels are taken as they are.
  if (rule.kind === "recording")
    return { alertname: rule.name, labels: [], annotations: [], queries: false };
  const labels = compile(rule.labels);
  const annotations = compile(rule.annotations);
  return {
    alertname: rule.name,
    labels,
    annotations,
    queries: [...labels, ...annotations].some(
      (t) => t.template !== undefined && CALLS.test(t.text),
    ),
  };
}

/** `query` or `now` between braces: more than what calls them, never less. */
const CALLS = /\{\{(?:(?!\}\}).)*\b(?:query|now)\b/s;

/** What the templates of one evaluation share. */
export function newStepBudget(): StepBudget {
  return { steps: MAX_STEPS };
}

export interface Expansion {
  readonly settings: RuleSettings;
  /** Shared by all series of a rule. */
  readonly budget: StepBudget;
  readonly queries: TemplateQueries;
  /** The evaluation's time. */
  readonly atMs: number;
}

/**
 * Labels and annotations of one series of a rule's expression. A template that fails gives
 * its error as the text, as in Prometheus: the alert goes out all the same.
 */
export function expandRule(
  templates: RuleTemplates,
  labels: Labels,
  value: number,
  { settings, budget, queries, atMs }: Expansion,
): Candidate {
  const own = labelsToRecord(labels);
  const { externalUrl } = settings;
  const shown = stringMap(own);
  const externalLabels = stringMap(settings.externalLabels);
  const input = {
    dot: { Labels: shown, Value: value, ExternalURL: externalUrl, ExternalLabels: externalLabels },
    variables: {
      $labels: shown,
      $value: value,
      $externalURL: externalUrl,
      $externalLabels: externalLabels,
    },
    functions: {
      externalURL: () => externalUrl,
      pathPrefix: () => pathOf(externalUrl),
      query: (expr: unknown) => queries.answer(expr),
      now: () => atMs / 1000,
    },
    budget,
  };
  let left = MAX_TEXTS;
  const expand = (t: Text): string => {
    const text = expandOne(t);
    if (text.length > left)
      return `<error expanding template: the alert's texts are longer than ${MAX_TEXTS} characters>`;
    left -= text.length;
    return text;
  };
  const expandOne = ({ text, template }: Text): string => {
    if (template === undefined) return text;
    const done = renderTemplate(text, template, "prometheus", input);
    if (!done.ok) {
      const { line, column, message } = done.error;
      return `<error expanding template: ${line}:${column}: ${message}>`;
    }
    // A slice may have cut a surrogate pair in two.
    return done.value.length <= MAX_TEXT
      ? done.value.toWellFormed()
      : `<error expanding template: the text is longer than ${MAX_TEXT} characters>`;
  };
  // A Map, as a label `__proto__` could not be assigned.
  const out = new Map(Object.entries(own));
  out.delete(METRIC_NAME);
  for (const t of templates.labels) out.set(t.name, expand(t));
  out.set(ALERT_NAME, templates.alertname);
  const annotations = Object.fromEntries(
    templates.annotations.map((t) => [t.name, expand(t)] as const),
  );
  return { labels: withoutEmpty(out), annotations, value };
}

function compile(texts: StringMap): Text[] {
  return Object.entries(texts).map(([name, text]) => {
    if (!text.includes("{{")) return { name, text, template: undefined };
    const parsed = parseTemplate(text, "prometheus");
    if (!parsed.ok) throw new Error(`a stored template does not parse: ${parsed.error.message}`);
    return { name, text, template: parsed.value };
  });
}

function pathOf(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname.replace(/\/$/, "") : "";
}

/** An empty label is an absent one. */
function withoutEmpty(labels: ReadonlyMap<string, string>): StringMap {
  return Object.fromEntries([...labels].filter(([, v]) => v !== ""));
}
