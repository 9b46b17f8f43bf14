import type { Node, Template } from "./ast";
import { type Result, err, ok } from "../result";
import { type TemplateError, TemplateFailure, errorAt } from "./errors";
import { type Scope, type StepBudget, type TemplateFunction, evaluate } from "./evaluate";
import { alertmanagerFunctions } from "./alertmanager-functions";
import { GO_FUNCTIONS, PROMETHEUS_FUNCTIONS, TEXT_FUNCTIONS } from "./functions";
import { formatValue } from "./format";
import { escapeHtml } from "./html";
import { SafeText } from "./values";
import { GLOBALS, parse } from "./parser";

export type { Template } from "./ast";
export type { TemplateError } from "./errors";
export { type StepBudget, type TemplateFunction, TemplateProblem } from "./evaluate";
export { GoTime } from "./go-time";

/** Which functions a template may call: those of a rule's annotations, those of a receiver's fields, or Go's own alone. */
export type Dialect = "prometheus" | "alertmanager" | "go";

const FUNCTIONS: Readonly<Record<Dialect, Readonly<Record<string, TemplateFunction>>>> = {
  prometheus: {
    ...GO_FUNCTIONS,
    ...TEXT_FUNCTIONS,
    ...PROMETHEUS_FUNCTIONS,
    externalURL: () => "",
    pathPrefix: () => "",
  },
  alertmanager: { ...GO_FUNCTIONS, ...TEXT_FUNCTIONS, ...alertmanagerFunctions(undefined) },
  go: GO_FUNCTIONS,
};

/** What is escaped by the template itself is not escaped again. */
const HTML_FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  html: (...args) => new SafeText("html", escapeHtml(args.map(formatValue).join(""))),
};

/** A message may speak of thousands of alerts, each with its labels. */
const MESSAGE_STEPS = 2_000_000;

const MAX_TEXT = 256 * 1024;

/** Parses a Go template (https://pkg.go.dev/text/template). The error says where. */
export function parseTemplate(text: string, dialect: Dialect): Result<Template, TemplateError> {
  if (text.length > MAX_TEXT)
    return err(errorAt(text, `a template has at most ${MAX_TEXT} characters`, 0));
  return caught(text, () => parse(text, new Set(Object.keys(FUNCTIONS[dialect]))));
}

export interface RenderInput {
  readonly dot: unknown;
  /** `$labels`, `$value`, …: the names of {@link GLOBALS}. */
  readonly variables?: Readonly<Partial<Record<(typeof GLOBALS)[number], unknown>>>;
  /** Functions beside, or instead of, the dialect's. */
  readonly functions?: Readonly<Record<string, TemplateFunction>>;
  readonly defines?: ReadonlyMap<string, readonly Node[]>;
  /** Shared with other renderings, beside the bound that each has of its own. */
  readonly budget?: StepBudget;
  /** The text is HTML: what actions insert is escaped as html/template does. */
  readonly html?: boolean;
  /** What `now` gives; without it `now` and `since` fail by name. */
  readonly nowMs?: number;
}

/** Renders a parsed template. Steps and output are bounded: a template comes from outside. */
export function renderTemplate(
  text: string,
  template: Template,
  dialect: Dialect,
  input: RenderInput,
): Result<string, TemplateError> {
  const scope: Scope = {
    dot: input.dot,
    variables: input.variables ?? {},
    functions: {
      ...FUNCTIONS[dialect],
      ...(dialect === "alertmanager" && input.nowMs !== undefined
        ? alertmanagerFunctions(input.nowMs)
        : {}),
      ...(input.html === true ? HTML_FUNCTIONS : {}),
      ...input.functions,
    },
    ...(input.defines === undefined ? {} : { defines: input.defines }),
    ...(input.budget === undefined ? {} : { budget: input.budget }),
    ...(input.html === true ? { html: true } : {}),
    ...(dialect === "alertmanager" ? { maxSteps: MESSAGE_STEPS } : {}),
  };
  return caught(text, () => evaluate(template, scope));
}

/** Parses and renders in one. */
export function expandTemplate(
  text: string,
  dialect: Dialect,
  input: RenderInput,
): Result<string, TemplateError> {
  if (!text.includes("{{")) return ok(text);
  const parsed = parseTemplate(text, dialect);
  return parsed.ok ? renderTemplate(text, parsed.value, dialect, input) : parsed;
}

function caught<T>(text: string, run: () => T): Result<T, TemplateError> {
  try {
    return ok(run());
  } catch (e) {
    if (e instanceof TemplateFailure) return err(errorAt(text, e.message, e.offset));
    // Templates that call each other from deep within branches take the stack.
    if (e instanceof RangeError) return err(errorAt(text, `too much at once: ${e.message}`, 0));
    throw e;
  }
}
