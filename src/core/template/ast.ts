/** A template's tree: Go's text/template, without channels and iterators. Positions are offsets into the text. */
export type Node =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "action"; readonly pipe: Pipe }
  | {
      readonly kind: "if";
      readonly pipe: Pipe;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
    }
  | {
      readonly kind: "with";
      readonly pipe: Pipe;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
    }
  | {
      readonly kind: "range";
      readonly pipe: Pipe;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
    }
  | {
      readonly kind: "template";
      readonly name: string;
      readonly pipe: Pipe | undefined;
      readonly at: number;
    }
  | { readonly kind: "break" }
  | { readonly kind: "continue" };

/** `$x, $y := a | b c`: commands in turn, the value of each being the last argument of the next. */
export interface Pipe {
  readonly declare: readonly string[];
  /** `:=` makes a variable, `=` sets one. */
  readonly assign: boolean;
  readonly commands: readonly Command[];
  readonly at: number;
}

/** An operand and its arguments. */
export interface Command {
  readonly operands: readonly Operand[];
  readonly at: number;
}

export type Operand =
  | {
      readonly kind: "literal";
      readonly value: string | number | boolean | null;
      readonly at: number;
    }
  | { readonly kind: "dot"; readonly at: number }
  | { readonly kind: "field"; readonly path: readonly string[]; readonly at: number }
  | {
      readonly kind: "variable";
      readonly name: string;
      readonly path: readonly string[];
      readonly at: number;
    }
  | { readonly kind: "function"; readonly name: string; readonly at: number }
  | {
      readonly kind: "pipe";
      readonly pipe: Pipe;
      readonly path: readonly string[];
      readonly at: number;
    };

/** A parsed text: its own nodes, and the templates that it defines. */
export interface Template {
  readonly nodes: readonly Node[];
  readonly defines: ReadonlyMap<string, readonly Node[]>;
}
