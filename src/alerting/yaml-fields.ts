import {
  type Alias,
  type Document,
  type Node,
  type Scalar,
  type YAMLMap,
  LineCounter,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseDocument,
  visit,
} from "yaml";
import { parseDuration } from "../core/duration";
import { type ConfigRefusal, Refused } from "./config-error";
import { parseLoosely } from "./yaml-flow";

/** A YAML file being read: every refusal says where. */
export class YamlFile {
  readonly document: Document;
  private lines = new LineCounter();
  private aliases: ReadonlyMap<Alias, Node> | undefined;

  /**
   * `duplicates`: the same name twice in a mapping is left to the reader.
   * @throws Refused where it is not YAML
   */
  constructor(text: string, { duplicates = false }: { readonly duplicates?: boolean } = {}) {
    this.document = shallow(() => this.parse(text, !duplicates));
    const first = this.document.errors[0];
    if (first !== undefined) {
      const { line, col } = this.lines.linePos(first.pos[0]);
      throw new Refused({
        reason: "yaml_malformed",
        message: first.message,
        line,
        column: col,
      });
    }
    const control = NOT_YAML.exec(text);
    if (control !== null) {
      const { line, col } = this.lines.linePos(control.index);
      const message = "yaml: control characters are not allowed";
      throw new Refused({ reason: "yaml_malformed", message, line, column: col });
    }
    shallow(() => this.checkNodes(text));
  }

  /** The top-level mapping. */
  root(): Fields {
    return new Fields(this, this.document.contents, "");
  }

  refuse(node: unknown, reason: ConfigRefusal["reason"], message: string): never {
    throw new Refused({ reason, message, ...this.place(node) });
  }

  /** Where a node begins, from 1; the file's start for what is no node. */
  place(node: unknown): { readonly line: number; readonly column: number } {
    const at = isNode(node) ? node.range?.[0] : 0;
    const { line, col } = this.lines.linePos(at ?? 0);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  /**
   * What the parser lets pass: an alias for which nothing was named before it, and a quoted text that ends at a
   * smaller indentation with an escaped quote, which does not close it.
   */
  private checkNodes(text: string): void {
    const anchors = new Set<string>();
    visit(this.document, (_, node) => {
      if (isAlias(node)) {
        if (!anchors.has(node.source))
          this.refuse(node, "yaml_malformed", `yaml: unknown anchor '${node.source}' referenced`);
      } else if (isScalar(node) || isCollection(node)) {
        if (node.anchor !== undefined) anchors.add(node.anchor);
        if (isScalar(node) && !isClosed(node, text))
          this.refuse(node, "yaml_malformed", "yaml: a quoted text has no end");
      }
    });
  }

  private parse(text: string, uniqueKeys: boolean): Document {
    const { lines: lineCounter } = this;
    const document = parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys });
    if (document.errors.length === 0) return document;
    const loose = parseLoosely(text, uniqueKeys);
    if (loose.document?.errors.length !== 0) return document;
    this.lines = loose.lines;
    return loose.document;
  }

  /** The node an alias stands for. */
  resolve(node: unknown): Node | undefined {
    if (isAlias(node)) return (this.aliases ??= aliasesOf(this.document)).get(node);
    return isNode(node) ? node : undefined;
  }
}

/** What each alias stands for: the last anchor of its name before it. The library would look through the document for every one. */
function aliasesOf(document: Document): ReadonlyMap<Alias, Node> {
  const anchors = new Map<string, Node>();
  const out = new Map<Alias, Node>();
  visit(document, {
    Node(_, node) {
      if (!isAlias(node)) {
        if (node.anchor !== undefined) anchors.set(node.anchor, node);
        return;
      }
      const target = anchors.get(node.source);
      if (target !== undefined) out.set(node, target);
    },
  });
  return out;
}

/** One mapping whose fields are taken one by one; what is left at the end is unknown and refused. */
export class Fields {
  private readonly map: YAMLMap | undefined;
  private readonly left = new Map<string, { readonly key: unknown; readonly value: unknown }>();
  readonly node: unknown;

  constructor(
    readonly file: YamlFile,
    node: unknown,
    readonly path: string,
  ) {
    this.node = node;
    const resolved = file.resolve(node);
    if (resolved === undefined || isNull(resolved)) return;
    if (!isMap(resolved))
      file.refuse(node, "value_wrong", `${path === "" ? "the file" : path} must be a mapping`);
    this.map = resolved;
    for (const pair of resolved.items) {
      const name = isScalar(pair.key) ? String(pair.key.value) : "";
      this.left.set(name, { key: pair.key, value: pair.value });
    }
  }

  get empty(): boolean {
    return this.map === undefined || this.map.items.length === 0;
  }

  names(): string[] {
    return [...this.left.keys()];
  }

  at(name: string): string {
    return this.path === "" ? name : `${this.path}.${name}`;
  }

  /** The node of a field, undefined where it is absent or null. */
  take(name: string): Node | undefined {
    const found = this.left.get(name);
    this.left.delete(name);
    const node = this.file.resolve(found?.value);
    return node === undefined || isNull(node) ? undefined : node;
  }

  text(name: string): string | undefined {
    const node = this.take(name);
    if (node === undefined) return undefined;
    return this.scalarText(node, this.at(name));
  }

  requiredText(name: string): string {
    const value = this.text(name);
    if (value === undefined || value === "") return this.missing(name);
    return value;
  }

  flag(name: string, otherwise: boolean): boolean {
    const node = this.take(name);
    if (node === undefined) return otherwise;
    if (isScalar(node) && typeof node.value === "boolean") return node.value;
    return this.file.refuse(node, "value_wrong", `${this.at(name)} must be true or false`);
  }

  wholeNumber(name: string, otherwise: number): number {
    const node = this.take(name);
    if (node === undefined) return otherwise;
    const value = isScalar(node) ? node.value : undefined;
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
    return this.file.refuse(
      node,
      "value_wrong",
      `${this.at(name)} must be a whole number, 0 or more`,
    );
  }

  /** Milliseconds. */
  duration(name: string): { readonly ms: number; readonly node: Node } | undefined {
    const node = this.take(name);
    if (node === undefined) return undefined;
    const parsed = parseDuration(this.scalarText(node, this.at(name)));
    if (!parsed.ok)
      return this.file.refuse(node, "value_wrong", `${this.at(name)}: ${parsed.error}`);
    return { ms: parsed.value, node };
  }

  list(name: string): readonly { readonly node: Node; readonly path: string }[] {
    const node = this.take(name);
    if (node === undefined) return [];
    if (!isSeq(node))
      return this.file.refuse(node, "value_wrong", `${this.at(name)} must be a list`);
    return node.items.map((item, i) => {
      const resolved = this.file.resolve(item);
      if (resolved === undefined)
        return this.file.refuse(node, "value_wrong", `${this.at(name)}[${i}] is empty`);
      return { node: resolved, path: `${this.at(name)}[${i}]` };
    });
  }

  texts(name: string): { readonly text: string; readonly node: Node }[] {
    return this.list(name).map(({ node, path }) => ({ text: this.scalarText(node, path), node }));
  }

  fields(name: string): Fields | undefined {
    const node = this.take(name);
    return node === undefined ? undefined : new Fields(this.file, node, this.at(name));
  }

  /** A mapping of texts, in the order of the file. */
  textMap(name: string): [string, string, Node][] {
    const inner = this.fields(name);
    if (inner === undefined) return [];
    return inner.names().map((n) => {
      const node = inner.take(n);
      return [
        n,
        node === undefined ? "" : this.scalarText(node, inner.at(n)),
        node ?? inner.nodeOf(),
      ];
    });
  }

  scalarText(node: Node, path: string): string {
    if (!isScalar(node)) return this.file.refuse(node, "value_wrong", `${path} must be a text`);
    if (typeof node.value === "string") {
      if (!node.value.isWellFormed())
        return this.file.refuse(node, "value_wrong", `${path} holds half of a surrogate pair`);
      return node.value;
    }
    return node.source ?? String(node.value);
  }

  missing(name: string): never {
    return this.file.refuse(this.node, "field_missing", `missing: ${this.at(name)}`);
  }

  /** @throws Refused for the first field nobody took */
  end(): void {
    for (const [name, { key }] of this.left)
      this.file.refuse(key, "field_unknown", `unknown field: ${this.at(name)}`);
  }

  private nodeOf(): Node {
    return this.map as Node; // names() of an absent mapping is empty, so that nobody asks
  }
}

/** The parser and whoever visits its nodes descend once per level. @throws Refused where that is too often */
function shallow<T>(run: () => T): T {
  try {
    return run();
  } catch (e) {
    if (!(e instanceof RangeError)) throw e;
    const message = "nested too deeply";
    throw new Refused({ reason: "yaml_malformed", message, line: 1, column: 1 });
  }
}

/** What no YAML 1.1 stream holds. */
// eslint-disable-next-line no-control-regex -- these are what is looked for
const NOT_YAML = /[^\t\n\r\u0020-\u007e\u0085\u00a0-\ufffd]/;

function isClosed(node: Scalar, text: string): boolean {
  const source = text.slice(node.range?.[0], node.range?.[1]);
  if (node.type === "QUOTE_DOUBLE") return (/\\*"$/.exec(source)?.[0].length ?? 0) % 2 === 1;
  return node.type !== "QUOTE_SINGLE" || (/'+$/.exec(source.slice(1))?.[0].length ?? 0) % 2 === 1;
}

function isNull(node: Node): boolean {
  return isScalar(node) && node.value === null;
}
