import { expect, it } from "vitest";
import { type SealKey, deriveSealKey, isSealed, makeSealer } from "../../src/core/seal";

const counting = (count: number): Uint8Array => Uint8Array.from({ length: count }, (_, i) => i);

async function sealerOf(project: string, ...secrets: readonly [string, ...string[]]) {
  const [first, ...rest] = secrets;
  const keys: readonly [SealKey, ...SealKey[]] = [
    await deriveSealKey(first),
    ...(await Promise.all(rest.map(deriveSealKey))),
  ];
  return makeSealer(project, async () => keys, counting);
}

/** Made by openssl (node:crypto) after docs/formats/sealed.md, not by the code under test: they must open for ever. */
const OLD = {
  secret: "a secret of some length",
  text: 'pässword\n"1"',
  sealed: "sealed:v1:bd1f82b9:AAECAwQFBgcICQoLrRy4FzP6qz4XLwB-1VKOXKbhi-gAE6PuBg4NxW8",
};

it("opens what the first version sealed, and seals it to the same bytes", async () => {
  const sealer = await sealerOf("default", OLD.secret);
  expect(await sealer.open("config", OLD.sealed)).toEqual({ ok: true, value: OLD.text });
  expect(await sealer.seal("config", OLD.text)).toBe(OLD.sealed);
});

it("opens for the same project and purpose alone", async () => {
  const sealer = await sealerOf("default", "key one, long enough");
  const sealed = await sealer.seal("secret", "hunter2");
  expect(sealed).not.toContain("hunter2");
  expect(isSealed(sealed)).toBe(true);
  expect(await sealer.open("secret", sealed)).toEqual({ ok: true, value: "hunter2" });
  const broken = { ok: false, error: { reason: "broken" } };
  expect(await sealer.open("config", sealed)).toEqual(broken);
  const other = await sealerOf("other", "key one, long enough");
  expect(await other.open("secret", sealed)).toEqual(broken);
  for (const wrong of [
    "",
    "sealed:v1:",
    sealed.slice(0, -2),
    `${sealed}A`,
    `${sealed}=`,
    sealed.replace(/.$/, "-"),
  ])
    if (wrong !== sealed) expect(await sealer.open("secret", wrong)).toEqual(broken);
});

it("opens with a previous key, seals with the present one, and names a key that it has not", async () => {
  const before = await (await sealerOf("p", "the old key, long")).seal("secret", "x");
  const rotated = await sealerOf("p", "the new key, long", "the old key, long");
  expect(await rotated.open("secret", before)).toEqual({ ok: true, value: "x" });
  expect(await rotated.isCurrent(before)).toBe(false);
  expect(await rotated.isCurrent(await rotated.seal("secret", "x"))).toBe(true);
  const after = await rotated.seal("secret", "x");
  expect(after.slice(0, 18)).not.toBe(before.slice(0, 18));
  const alone = await sealerOf("p", "the new key, long");
  expect(await alone.open("secret", after)).toEqual({ ok: true, value: "x" });
  expect(await alone.open("secret", before)).toEqual({
    ok: false,
    error: { reason: "key_unknown", keyId: before.split(":")[2] },
  });
});

it("carries any text, also a long one", async () => {
  const sealer = await sealerOf("p", "a key of some length");
  for (const text of ["", "\u0000", "\ufeffbom", "☃".repeat(100_000)])
    expect(await sealer.open("config", await sealer.seal("config", text))).toEqual({
      ok: true,
      value: text,
    });
});
