// `npm run token:first -- https://vedette.example.com`: makes a deployment's first admin token, once. Reads BOOTSTRAP_SECRET.
const [base] = process.argv.slice(2);
const secret = process.env.BOOTSTRAP_SECRET;
if (base === undefined || secret === undefined) {
  console.error("usage: BOOTSTRAP_SECRET=… npm run token:first -- https://vedette.example.com");
  process.exit(2);
}
const r = await fetch(`${base.replace(/\/+$/, "")}/config/v1/bootstrap`, {
  method: "POST",
  headers: { authorization: `Bearer ${secret}` },
});
const body = await r.json();
if (!r.ok) {
  console.error(`refused: ${body.detail}`);
  process.exit(1);
}
console.log(`The first admin token. It is shown once; keep it:\n\n  ${body.token}\n`);
