/**
 * Bytes as hex text. D1 carries a byte array as a JSON list of numbers, which costs six times
 * the CPU of a hex string with `unhex(?)` on the way in and `hex(column)` on the way out.
 */
export function toHexText(bytes: Uint8Array): string {
  return native(bytes).toHex();
}

/** @throws SyntaxError where the text is no hex */
export function fromHexText(text: string): Uint8Array {
  return (Uint8Array as unknown as HexConstructor).fromHex(text);
}

// ES2026 methods that workerd and node ≥ 25 have and TypeScript's ES2023 library does not declare.
interface HexBytes {
  toHex(): string;
}
interface HexConstructor {
  fromHex(text: string): Uint8Array;
}

function native(bytes: Uint8Array): HexBytes {
  return bytes as unknown as HexBytes;
}
