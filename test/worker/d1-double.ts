/** D1 bindings for tests, over the real one: one that counts rows, one that can be told to refuse. */
export interface CountingDb {
  readonly db: D1Database;
  readonly written: () => number;
}

export function countingDb(real: D1Database): CountingDb {
  let written = 0;
  const note = <T extends D1Result>(r: T): T => {
    written += r.meta.rows_written;
    return r;
  };
  const statement = (s: D1PreparedStatement): D1PreparedStatement =>
    new Proxy(s, {
      get(target, name) {
        if (name === "bind") return (...v: unknown[]) => statement(target.bind(...v));
        if (name === "run" || name === "all") return async () => note(await target.all());
        if (name === INNER) return target;
        return Reflect.get(target, name, target) as unknown;
      },
    });
  const db = new Proxy(real, {
    get(target, name) {
      if (name === "prepare") return (sql: string) => statement(target.prepare(sql));
      if (name === "batch")
        return async (list: D1PreparedStatement[]) => {
          const inner = list.map(
            (s) => (s as unknown as Record<symbol, D1PreparedStatement>)[INNER] ?? s,
          );
          return (await target.batch(inner)).map(note);
        };
      return Reflect.get(target, name, target) as unknown;
    },
  });
  return { db, written: () => written };
}

const INNER = Symbol("inner");

/** Every statement fails with what `failure` gives, as long as it gives something. */
export function refusingDb(real: D1Database, failure: () => Error | undefined): D1Database {
  const statement = (s: D1PreparedStatement): D1PreparedStatement =>
    new Proxy(s, {
      get(target, name) {
        if (name === "bind") return (...v: unknown[]) => statement(target.bind(...v));
        if (name === INNER) return target;
        if (name === "run" || name === "all" || name === "first" || name === "raw") {
          return async (...args: unknown[]) => {
            const e = failure();
            if (e !== undefined) throw e;
            // The method of a D1 statement, called as it was.
            return await (
              Reflect.get(target, name, target) as (...a: unknown[]) => Promise<unknown>
            ).apply(target, args);
          };
        }
        return Reflect.get(target, name, target) as unknown;
      },
    });
  return new Proxy(real, {
    get(target, name) {
      if (name === "prepare") return (sql: string) => statement(target.prepare(sql));
      if (name === "batch")
        return async (list: D1PreparedStatement[]) => {
          const e = failure();
          if (e !== undefined) throw e;
          return await target.batch(
            list.map((s) => (s as unknown as Record<symbol, D1PreparedStatement>)[INNER] ?? s),
          );
        };
      return Reflect.get(target, name, target) as unknown;
    },
  });
}
