import { type Node, Scalar, type YAMLMap, isAlias, isMap, isScalar, isSeq } from "yaml";
import { type ConfigRefusal, Refused } from "./config-error";
import type { YamlFile } from "./yaml-fields";

/**
 * Reads YAML into typed values the way Go's yaml.v2 reads it into Alertmanager's structs in strict mode: what does not
 * fit a field's type is collected and told with the line, a rule that a value breaks ends the reading at once.
 */
export interface Kind<T> {
  /** The Go type as error messages call it. */
  readonly go: string;
  /** A field that Alertmanager does not know, taken outside strict mode alone. */
  readonly lenient?: true;
  /** The value; undefined where the type did not fit, which the decoder has noted. */
  read(d: Decoder, node: Node): T | undefined;
}

export type Struct<F extends Record<string, Kind<unknown>>> = {
  readonly [K in keyof F]?: F[K] extends Kind<infer T> ? T : never;
};

/** A text with what `${NAME}` stands for in it. */
export type FillText = (text: string, node: Node) => string;

export interface DecodeOptions {
  readonly strict: boolean;
  /** Called for the texts of `global` and `receivers`. */
  readonly fill: FillText;
}

/** Bounds what aliases and merge keys unfold to. */
const MAX_VALUES = 200_000;
const MAX_DEPTH = 1_200;
const MAX_MERGES = 100;

export class Decoder {
  /** yaml.v2's `TypeError`s so far. */
  readonly typeErrors: { readonly message: string; readonly refusal: Refused }[] = [];
  readonly places = new WeakMap<object, Place>();
  /** Nodes whose text has secrets in the place of `${NAME}`: no error may repeat it. */
  readonly filled = new WeakSet<object>();
  filling = false;
  private values = 0;
  private depth = 0;

  constructor(
    readonly file: YamlFile,
    readonly options: DecodeOptions,
  ) {}

  /** Reads the whole document; undefined where it is empty. @throws Refused */
  document<T>(kind: Kind<T>): T | undefined {
    const node = this.file.resolve(this.file.document.contents);
    if (node === undefined || isNullNode(node)) return undefined;
    const value = kind.read(this, node);
    const first = this.typeErrors[0];
    if (first === undefined) return value;
    const lines = this.typeErrors.slice(0, MAX_TYPE_ERRORS).map((e) => `\n  ${e.message}`);
    throw new Refused({
      ...first.refusal.refusal,
      message: `yaml: unmarshal errors:${lines.join("")}`,
    });
  }

  /** A value of `kind`, undefined for null and for what does not fit. */
  value<T>(kind: Kind<T>, node: unknown): T | undefined {
    const resolved = this.file.resolve(node);
    if (resolved === undefined || isNullNode(resolved)) return undefined;
    this.count(resolved, this.depth > MAX_DEPTH);
    this.depth++;
    const value = kind.read(this, resolved);
    this.depth--;
    return value;
  }

  /** One value more, or one too many. @throws Refused */
  count(node: unknown, tooDeep: boolean): void {
    if (++this.values > MAX_VALUES || tooDeep)
      this.file.refuse(node, "too_large", "the file unfolds to too many values");
  }

  /** A rule that the file breaks. */
  fail(at: unknown, message: string, reason: ConfigRefusal["reason"] = "value_wrong"): never {
    return this.file.refuse(at, reason, this.isFilled(at) ? SECRET_WRONG : message);
  }

  isFilled(node: unknown): boolean {
    return typeof node === "object" && node !== null && this.filled.has(node);
  }

  /** Where a struct, or one of its fields, stands in the file. */
  at(value: object, field?: string): Node | undefined {
    const place = this.places.get(value);
    return (field === undefined ? undefined : place?.fields.get(field)) ?? place?.node;
  }

  /** Whether a field stands in the file with nothing for its value, which overrides a default in Go. */
  isNull(value: object, field: string): boolean {
    const node = this.places.get(value)?.fields.get(field);
    return node !== undefined && isNullNode(node);
  }

  wrongType(node: Node, kind: string): undefined {
    const [tag, text] = describe(node);
    const shown = text.length > 10 ? `${text.slice(0, 7)}...` : text;
    const value = tag === "!!seq" || tag === "!!map" ? "" : ` \`${shown}\``;
    this.note(node, "value_wrong", `cannot unmarshal ${tag}${value} into ${kind}`);
  }

  note(node: unknown, reason: ConfigRefusal["reason"], message: string): void {
    const last = this.typeErrors[MAX_TYPE_ERRORS];
    // More of them are counted, and nobody is told.
    if (last !== undefined) {
      this.typeErrors.push(last);
      return;
    }
    const at = this.file.place(node);
    const full = `line ${at.line}: ${message}`;
    this.typeErrors.push({
      message: full,
      refusal: new Refused({ reason, message: full, ...at }),
    });
  }
}

const MAX_TYPE_ERRORS = 20;
const SECRET_WRONG = "with the secrets that ${NAME} stands for here, the value does not fit";

interface Place {
  readonly node: Node;
  readonly fields: Map<string, Node>;
}

/** A struct with named fields; `check` runs where every field fits its type. */
export function struct<F extends Record<string, Kind<unknown>>>(
  go: string,
  fields: F,
  check?: (value: Struct<F>, d: Decoder) => void,
): Kind<Struct<F>> & { readonly fields: F } {
  return {
    go,
    fields,
    read(d, node) {
      if (!isMap(node)) return d.wrongType(node, go);
      const before = d.typeErrors.length;
      const value: Record<string, unknown> = {};
      const place: Place = { node, fields: new Map() };
      d.places.set(value, place);
      readFields(d, node, go, fields, value, place, new Set());
      const out = value as Struct<F>; // readFields writes the kinds' own types under their names
      if (d.typeErrors.length === before) check?.(out, d);
      return out;
    },
  };
}

function readFields(
  d: Decoder,
  node: YAMLMap,
  go: string,
  fields: Record<string, Kind<unknown>>,
  value: Record<string, unknown>,
  place: Place,
  merging: Set<YAMLMap>,
): void {
  const seen = new Set<string>();
  for (const { key, value: item } of node.items) {
    if (isMerge(key)) {
      for (const merged of mergedMaps(d, item)) {
        if (merging.has(merged)) d.fail(item, "an anchor merges itself");
        d.count(item, merging.size >= MAX_MERGES);
        readFields(d, merged, go, fields, value, place, new Set([...merging, merged]));
      }
      continue;
    }
    const name = keyText(d, key);
    const kind = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (kind === undefined || (kind.lenient === true && d.options.strict)) {
      d.note(key, "field_unknown", `field ${name} not found in type ${go}`);
      continue;
    }
    if (seen.has(name)) {
      d.note(key, "value_wrong", `field ${name} already set in type ${go}`);
      continue;
    }
    seen.add(name);
    const read = d.value(kind, item);
    if (read === undefined) delete value[name];
    else value[name] = read;
    const at = d.file.resolve(item);
    if (at !== undefined) place.fields.set(name, at);
  }
}

function mergedMaps(d: Decoder, item: unknown): YAMLMap[] {
  const node = d.file.resolve(item);
  if (isMap(node)) return [node];
  if (!isSeq(node))
    return d.fail(item, "yaml: map merge requires map or sequence of maps as the value");
  // Of a list the first counts, so that it is read last.
  return node.items
    .map((i) => {
      const map = d.file.resolve(i);
      return isMap(map)
        ? map
        : d.fail(i, "yaml: map merge requires map or sequence of maps as the value");
    })
    .reverse();
}

/** A list; entries that are null are undefined. */
export function list<T>(of: Kind<T>, go = `[]${of.go}`): Kind<readonly (T | undefined)[]> {
  return {
    go,
    read(d, node) {
      if (!isSeq(node)) return d.wrongType(node, go);
      const value = node.items.map((item) => d.value(of, item));
      const fields = new Map<string, Node>();
      node.items.forEach((item, i) => {
        const at = d.file.resolve(item);
        if (at !== undefined) fields.set(String(i), at);
      });
      d.places.set(value, { node, fields });
      return value;
    },
  };
}

/** A mapping from names, in the file's order; null values are undefined. */
export function mapOf<T>(
  of: Kind<T>,
  check?: (value: ReadonlyMap<string, T | undefined>, d: Decoder) => void,
  go = `map[string]${of.go}`,
): Kind<ReadonlyMap<string, T | undefined>> {
  return {
    go,
    read(d, node) {
      if (!isMap(node)) return d.wrongType(node, go);
      const before = d.typeErrors.length;
      const value = new Map<string, T | undefined>();
      const place: Place = { node, fields: new Map() };
      readEntries(d, node, of, value, place, new Set([node]));
      d.places.set(value, place);
      if (d.typeErrors.length === before) check?.(value, d);
      return value;
    },
  };
}

function readEntries<T>(
  d: Decoder,
  node: YAMLMap,
  of: Kind<T>,
  value: Map<string, T | undefined>,
  place: Place,
  merging: ReadonlySet<YAMLMap>,
): void {
  for (const { key, value: item } of node.items) {
    if (isMerge(key)) {
      for (const merged of mergedMaps(d, item)) {
        if (merging.has(merged)) d.fail(item, "an anchor merges itself");
        readEntries(d, merged, of, value, place, new Set([...merging, merged]));
      }
      continue;
    }
    const name = keyText(d, key);
    // Names of a mapping that was merged before count as well.
    if (value.has(name))
      d.note(key, "value_wrong", `key ${JSON.stringify(name)} already set in map`);
    value.set(name, d.value(of, item));
    place.fields.set(name, d.file.resolve(item) ?? node);
  }
}

/** A name as it is written; null is none. */
function keyText(d: Decoder, key: unknown): string {
  const node = d.file.resolve(key);
  if (!isScalar(node) || node.value === null) return "";
  return typeof node.value === "string" ? node.value : (node.source ?? String(node.value));
}

/** YAML 1.1's merge key, unless it is quoted. */
function isMerge(key: unknown): boolean {
  return isScalar(key) && key.value === "<<" && key.type === Scalar.PLAIN;
}

/** Reads lazily, for types that hold themselves. */
export function lazy<T>(go: string, of: () => Kind<T>): Kind<T> {
  return { go, read: (d, node) => of().read(d, node) };
}

/** A part of the file in which `${NAME}` may stand for secrets. */
export function filled<T>(of: Kind<T>): Kind<T> {
  return {
    ...of,
    read(d, node) {
      d.filling = true;
      const value = of.read(d, node);
      d.filling = false;
      return value;
    },
  };
}

/** A field of the same kind that Alertmanager does not know. */
export function lenient<T>(of: Kind<T>): Kind<T> {
  return { ...of, lenient: true };
}

function isNullNode(node: Node): boolean {
  return isScalar(node) && node.value === null;
}

/** YAML's tag and text of a value that does not fit. */
function describe(node: Node): [tag: string, text: string] {
  if (isMap(node)) return ["!!map", ""];
  if (isSeq(node) || isAlias(node) || !isScalar(node)) return ["!!seq", ""];
  const { value } = node;
  const text = node.source ?? String(value);
  if (typeof value === "boolean") return ["!!bool", text];
  if (typeof value === "number") return [Number.isInteger(value) ? "!!int" : "!!float", text];
  return ["!!str", typeof value === "string" ? value : text];
}
