/** Values with what Go knows of their type and JavaScript does not: structs, string maps, marked texts. */

const TYPE = Symbol("type");

interface GoType {
  readonly kind: "struct" | "strings";
  readonly name: string;
  /** Names in JSON, where they are not those of the fields. */
  readonly json: Readonly<Record<string, string>>;
  /** Go's String() where it has one. */
  readonly show: (() => string) | undefined;
}

type Method = (...args: readonly unknown[]) => unknown;

/** A struct: a field that it has not is an error, and it prints as `{a b}`. */
export function struct(
  name: string,
  fields: Readonly<Record<string, unknown>>,
  json: Readonly<Record<string, string>> = {},
): Readonly<Record<string, unknown>> {
  return typed({ ...fields }, { kind: "struct", name, json, show: undefined });
}

/** A map[string]string with methods: a key that it has not is "". Printed as Go prints maps where there is no `show`. */
export function stringMap(
  map: Readonly<Record<string, string>>,
  methods: Readonly<Record<string, Method>> = {},
  show?: () => string,
): Readonly<Record<string, string>> {
  return typed(withMethods({ ...map }, methods), { kind: "strings", name: "KV", json: {}, show });
}

/** A list with methods, and where Go's type has one, its own printed form. */
export function list(
  items: readonly unknown[],
  methods: Readonly<Record<string, Method>>,
  show?: () => string,
): readonly unknown[] {
  const made = withMethods([...items], methods);
  return show === undefined ? made : typed(made, { kind: "struct", name: "list", json: {}, show });
}

export function typeOf(v: object): GoType | undefined {
  return (v as { readonly [TYPE]?: GoType })[TYPE]; // put there by `typed` alone
}

/** A text of which a template said that it is HTML, or an address, already: html/template writes it as it is. */
export class SafeText {
  constructor(
    readonly kind: "html" | "url",
    readonly text: string,
  ) {}
}

/** Methods are not counted among a map's entries. */
function withMethods<T extends object>(value: T, methods: Readonly<Record<string, Method>>): T {
  for (const [name, method] of Object.entries(methods))
    Object.defineProperty(value, name, { value: method, enumerable: false });
  return value;
}

function typed<T extends object>(value: T, type: GoType): T {
  Object.defineProperty(value, TYPE, { value: type, enumerable: false });
  return value;
}
