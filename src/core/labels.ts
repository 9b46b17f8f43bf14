/**
 * A label set: name and value strings in turn, sorted by name, no name twice,
 * no empty value. The metric name is the label `__name__`.
 * A flat array keeps 200,000 series cheap: one object a series, no pair objects.
 */
export type Labels = readonly string[];

export const METRIC_NAME = "__name__";
export const EMPTY_LABELS: Labels = Object.freeze([]) as Labels;

/** Compares as Prometheus does: by UTF-8 bytes, which for well-formed strings is code-point order. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    // Surrogates (above the BMP) sort after every other unit in UTF-8.
    const xs = x >= 0xd800 && x <= 0xdfff;
    const ys = y >= 0xd800 && y <= 0xdfff;
    if (xs !== ys) return xs ? 1 : -1;
    return x - y;
  }
  return a.length - b.length;
}

/** Sorted label set from a record; empty values are dropped, as an empty label is an absent one. */
export function labelsOf(record: Readonly<Record<string, string>>): Labels {
  const names = Object.keys(record)
    .filter((n) => record[n] !== "")
    .sort(compareStrings);
  const out: string[] = [];
  for (const n of names) out.push(n, record[n] ?? "");
  return out;
}

/** Sorted label set from name/value pairs in any order; of a name given twice the last wins. */
export function labelsFromPairs(pairs: Iterable<readonly [string, string]>): Labels {
  return labelsOf(Object.fromEntries(pairs));
}

export function labelsToRecord(labels: Labels): Record<string, string> {
  const out: Record<string, string> = {};
  for (let i = 0; i < labels.length; i += 2) {
    const name = labels[i] as string;
    // Assigning to it would set the prototype, or nothing at all.
    if (name === "__proto__") return Object.fromEntries(labelPairs(labels));
    out[name] = labels[i + 1] as string;
  }
  return out;
}

function labelPairs(labels: Labels): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i < labels.length; i += 2)
    pairs.push([labels[i] as string, labels[i + 1] as string]);
  return pairs;
}

/** The value of `name`, or "" where the label is absent (PromQL treats both alike). */
export function labelValue(labels: Labels, name: string): string {
  for (let i = 0; i < labels.length; i += 2) if (labels[i] === name) return labels[i + 1] as string;
  return "";
}

export function metricName(labels: Labels): string {
  return labelValue(labels, METRIC_NAME);
}

/** Label set without the given names. */
export function withoutLabels(labels: Labels, names: ReadonlySet<string>): Labels {
  const out: string[] = [];
  for (let i = 0; i < labels.length; i += 2) {
    if (!names.has(labels[i] as string)) out.push(labels[i] as string, labels[i + 1] as string);
  }
  return out;
}

/** Label set with only the given names. */
export function onlyLabels(labels: Labels, names: ReadonlySet<string>): Labels {
  const out: string[] = [];
  for (let i = 0; i < labels.length; i += 2) {
    if (names.has(labels[i] as string)) out.push(labels[i] as string, labels[i + 1] as string);
  }
  return out;
}

/** Label set with `name` set to `value`, or removed where the value is empty. Keeps the order. */
export function withLabel(labels: Labels, name: string, value: string): Labels {
  const out: string[] = [];
  let placed = value === "";
  for (let i = 0; i < labels.length; i += 2) {
    const n = labels[i] as string;
    if (n === name) continue;
    if (!placed && compareStrings(name, n) < 0) {
      out.push(name, value);
      placed = true;
    }
    out.push(n, labels[i + 1] as string);
  }
  if (!placed) out.push(name, value);
  return out;
}

/** A lone surrogate: no decoded UTF-8 holds one, so that no label value can pretend to be two. */
const SEPARATOR = "\ud800";

/** A string that is equal for equal label sets and different for others; fit for a Map key. */
export function labelsKey(labels: Labels): string {
  return labels.join(SEPARATOR);
}

/** Compares as Prometheus sorts results: name, then value, pair by pair. */
export function compareLabels(a: Labels, b: Labels): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    const c = compareStrings(a[i] as string, b[i] as string);
    if (c !== 0) return c;
  }
  return a.length - b.length;
}

/** `name{a="b"}` as Prometheus prints it. */
export function renderLabels(labels: Labels): string {
  const parts: string[] = [];
  for (let i = 0; i < labels.length; i += 2) {
    if (labels[i] === METRIC_NAME) continue;
    const name = labels[i] as string;
    const shown = LEGACY_NAME.test(name) ? name : JSON.stringify(name);
    parts.push(`${shown}=${JSON.stringify(labels[i + 1])}`);
  }
  const name = metricName(labels);
  if (name !== "" && !LEGACY_METRIC.test(name)) parts.unshift(JSON.stringify(name));
  const head = LEGACY_METRIC.test(name) ? name : "";
  return parts.length === 0 && head !== "" ? head : `${head}{${parts.join(", ")}}`;
}

const LEGACY_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const LEGACY_METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
