import type { StringMap } from "../core/alerts";
import { labelsOf } from "../core/labels";

const encoder = new TextEncoder();

/**
 * The fingerprint of a label set as Prometheus and Alertmanager print it: FNV-1a 64 over
 * name 0xff value 0xff of each label in order of name, 16 hex digits
 * (github.com/prometheus/common/model/signature.go).
 */
export function fingerprint(labels: StringMap): string {
  const hash = new Fnv64();
  const sorted = labelsOf(labels);
  for (const part of sorted) {
    hash.add(part);
    hash.addByte(0xff);
  }
  return hash.hex();
}

/** FNV-1a 64 of a string's UTF-8 bytes, 16 hex digits. */
export function fnv64(text: string): string {
  const hash = new Fnv64();
  hash.add(text);
  return hash.hex();
}

/** FNV-1a 64 in four 16-bit limbs: a BigInt per byte would cost 50 times as much. */
class Fnv64 {
  // The offset basis 0xcbf29ce484222325, lowest limb first.
  private a = 0x2325;
  private b = 0x8422;
  private c = 0x9ce4;
  private d = 0xcbf2;

  add(text: string): void {
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) {
        // The rest in UTF-8; most labels never come here.
        for (const byte of encoder.encode(text.slice(i))) this.addByte(byte);
        return;
      }
      this.addByte(unit);
    }
  }

  addByte(byte: number): void {
    const a = this.a ^ byte;
    const { b, c, d } = this;
    // Times the prime 0x100000001b3: each limb × 0x1b3, plus the two lowest limbs × 0x100, two limbs up.
    const p0 = a * 0x1b3;
    const p1 = b * 0x1b3 + (p0 >>> 16);
    const p2 = c * 0x1b3 + a * 0x100 + (p1 >>> 16);
    const p3 = d * 0x1b3 + b * 0x100 + (p2 >>> 16);
    this.a = p0 & 0xffff;
    this.b = p1 & 0xffff;
    this.c = p2 & 0xffff;
    this.d = p3 & 0xffff;
  }

  hex(): string {
    return [this.d, this.c, this.b, this.a].map((x) => x.toString(16).padStart(4, "0")).join("");
  }
}
