/**
 * Base64 in either alphabet, with or without padding; undefined where it is neither.
 * Clients disagree on which they use, and the two cannot be mistaken for one another.
 */
export function fromBase64(text: string): Uint8Array | undefined {
  // Four characters hold three bytes, so that padding is two at most.
  const bare = text
    .replace(/={1,2}$/, "")
    .replaceAll("-", "+")
    .replaceAll("_", "/");
  if (bare.length % 4 === 1 || !/^[A-Za-z0-9+/]*$/.test(bare)) return undefined;
  const binary = atob(bare);
  return Uint8Array.from(binary, (c) => c.charCodeAt(0));
}

export function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const b of bytes) binary += String.fromCharCode(b);
  return btoa(binary);
}
