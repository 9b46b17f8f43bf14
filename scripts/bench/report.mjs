// Measured figures beside their targets.

export class Report {
  rows = [];

  /** A figure that must be at most (or, with `atLeast`, at least) its target; without a target it is only told. */
  add({ what, value, unit = "", atMost, atLeast, note = "", holds, target: told }) {
    const held =
      holds ??
      ((atMost === undefined || value <= atMost) && (atLeast === undefined || value >= atLeast));
    const target =
      told ?? (atMost !== undefined ? `≤ ${atMost}` : atLeast !== undefined ? `≥ ${atLeast}` : "");
    const row = { what, value: `${format(value)}${unit}`, target, note, held };
    this.rows.push(row);
    console.log(line(row));
  }

  get allHold() {
    return this.rows.every((r) => r.held);
  }

  print() {
    const told = this.rows.filter((r) => r.target !== "");
    console.log("\nTargets");
    for (const row of told) console.log(line(row));
    console.log(`${told.filter((r) => r.held).length} of ${told.length} targets hold`);
  }
}

export function median(xs) {
  return [...xs].sort((a, b) => a - b)[xs.length >> 1];
}

export function geometricMean(xs) {
  return Math.exp(xs.reduce((sum, x) => sum + Math.log(x), 0) / xs.length);
}

function line({ what, value, target, note, held }) {
  const verdict = target === "" ? "" : held ? "holds " : "MISSED";
  return `  ${verdict.padEnd(7)}${value.padStart(10)} ${target.padEnd(16)} ${what}${note === "" ? "" : ` (${note})`}`;
}

function format(x) {
  return Number.isInteger(x)
    ? String(x)
    : x >= 100
      ? x.toFixed(0)
      : x >= 10
        ? x.toFixed(1)
        : x.toFixed(2);
}
