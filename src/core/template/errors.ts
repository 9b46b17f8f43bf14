/** What is wrong with a template, and where: offset into its text, with line and column from 1. */
export interface TemplateError {
  readonly message: string;
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

/** Carries an error out of the parser or the evaluator; index.ts turns it into a Result. */
export class TemplateFailure extends Error {
  override readonly name = "TemplateFailure";
  constructor(
    message: string,
    readonly offset: number,
  ) {
    super(message);
  }
}

export function errorAt(text: string, message: string, offset: number): TemplateError {
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  return { message, offset, line, column: offset - before.lastIndexOf("\n") };
}
