import { Composer, type Document, Lexer, LineCounter, Parser } from "yaml";

/**
 * Reads a file by YAML 1.1's rule, which Alertmanager's parser keeps: within quotes and brackets indentation does not
 * count. YAML 1.2, and so the `yaml` package, wants such lines further in than what they belong to.
 * `document` is undefined where there is more than one.
 */
export function parseLoosely(
  text: string,
  uniqueKeys: boolean,
): { readonly document: Document | undefined; readonly lines: LineCounter } {
  const lines = new LineCounter();
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  function* tokens() {
    for (const lexeme of looseLexer().lex(text)) yield* parser.next(lexeme);
    yield* parser.end();
  }
  const options = { lineCounter: lines, prettyErrors: false, uniqueKeys };
  const [document, more] = new Composer(options).compose(tokens(), true, text.length);
  return { document: more === undefined ? document : undefined, lines };
}

/** What the lexer of yaml 2.9 keeps to itself: the least indentation that the next line may have, among others. */
interface LexerInside {
  indentNext: number;
  readonly flowLevel: number;
  parseQuotedScalar(): Generator<string, unknown>;
}

function looseLexer(): Lexer {
  const lexer = new Lexer();
  // Private in its types only; the package's version is pinned, and the tests fail where it changes.
  const inside = lexer as unknown as LexerInside;
  let least = inside.indentNext;
  let quoted = false;
  Object.defineProperty(inside, "indentNext", {
    get: () => (quoted || inside.flowLevel > 0 ? 0 : least),
    set: (value: number) => {
      least = value;
    },
  });
  const quotedScalar = inside.parseQuotedScalar;
  inside.parseQuotedScalar = function* () {
    quoted = true;
    const next = yield* quotedScalar.call(inside);
    quoted = false;
    return next;
  };
  return lexer;
}
