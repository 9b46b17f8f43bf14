import { expect, it } from "vitest";
import { checkOutgoingUrl } from "../../src/core/outgoing-url";

function reason(url: string, local = false): string {
  const r = checkOutgoingUrl(url, local);
  return r.ok ? "ok" : r.error.reason;
}

it.each([
  "https://example.com/hook?x=1",
  "http://example.com:8080/",
  "https://8.8.8.8/",
  "https://172.32.0.1/",
  "https://100.128.0.1/",
  "https://[2606:4700:4700::1111]/",
  "https://[::ffff:8.8.8.8]/",
  "https://[64:ff9b::808:808]/",
  "https://internal.example.com/",
])("allows %s", (url) => {
  expect(reason(url)).toBe("ok");
});

it.each([
  "http://127.0.0.1/",
  "http://127.1/",
  "http://2130706433/",
  "http://0x7f000001/",
  "http://0177.0.0.1/",
  "http://0x7f.1/",
  "http://0/",
  "http://10.1.2.3/",
  "http://172.16.0.1/",
  "http://172.31.255.255/",
  "http://192.168.1.1/",
  "http://169.254.169.254/latest/meta-data",
  "http://100.64.0.1/",
  "http://198.18.0.1/",
  "http://224.0.0.1/",
  "http://255.255.255.255/",
  "http://127.0.0.1./",
  "http://①②⑦.0.0.1/",
  "http://[::]/",
  "http://[::1]/",
  "http://[fc00::1]/",
  "http://[fd12:3456::1]/",
  "http://[fe80::1]/",
  "http://[ff02::1]/",
  "http://[::ffff:127.0.0.1]/",
  "http://[::ffff:a9fe:a9fe]/",
  "http://[::127.0.0.1]/",
  "http://[64:ff9b::7f00:1]/",
  "http://[2002:7f00:1::]/",
  "http://[2001:db8::1]/",
  "http://[2001::1]/",
])("refuses the private address %s outside local mode", (url) => {
  expect(reason(url)).toBe("private_address");
  expect(reason(url, true)).toBe("ok");
});

it.each([
  "http://localhost/",
  "http://LOCALHOST:8787/",
  "http://localhost./",
  "http://localhost../",
  "http://metadata.google.internal.../",
  "http://a.localhost/",
  "http://metadata.google.internal/",
  "http://db.internal./",
  "http://printer.local/",
  "http://router.lan/",
  "http://vault/",
])("refuses the private name %s outside local mode", (url) => {
  expect(reason(url)).toBe("private_name");
  expect(reason(url, true)).toBe("ok");
});

it("wants http or https, and no credentials in the address, everywhere", () => {
  expect(reason("ftp://example.com/", true)).toBe("scheme");
  expect(reason("file:///etc/passwd", true)).toBe("scheme");
  expect(reason("javascript:alert(1)", true)).toBe("scheme");
  expect(reason("https://user:pw@example.com/", true)).toBe("credentials");
  expect(reason("example.com", true)).toBe("not_a_url");
});

it.each([
  "http://127.0.0.1../",
  "http://169.254.169.254.../latest/meta-data",
  "http://10.0.0.1..:80/",
])("takes dots at the end of %s for no other host", (url) => {
  expect(reason(url)).toBe("private_address");
});
