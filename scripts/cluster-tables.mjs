// drizzle-kit cannot write WITHOUT ROWID. A table whose primary key is named `clustered_…` in the
// schema gets it here: its rows live in the key's own tree, so that an insert costs one row written,
// not two (https://www.sqlite.org/withoutrowid.html). Run after drizzle-kit generate.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const dir = join(import.meta.dirname, "..", "migrations");
for (const file of readdirSync(dir).filter((f) => f.endsWith(".sql"))) {
  const snapshot = JSON.parse(
    readFileSync(join(dir, "meta", `${file.slice(0, 4)}_snapshot.json`), "utf8"),
  );
  const clustered = Object.values(snapshot.tables)
    .filter((t) =>
      Object.keys(t.compositePrimaryKeys).some((name) => name.startsWith("clustered_")),
    )
    .map((t) => t.name);
  let sql = readFileSync(join(dir, file), "utf8");
  for (const name of clustered) {
    sql = sql.replace(
      new RegExp(`(CREATE TABLE \`${name}\` \\([^;]*\\n\\))(?= *;)`),
      "$1 WITHOUT ROWID",
    );
  }
  writeFileSync(join(dir, file), sql);
}
