import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// Whoever builds (a test runner sets "test"), the app is React's production build: same input, same files.
process.env["NODE_ENV"] = "production";

export default defineConfig({
  root: here("."),
  base: "/",
  plugins: [react()],
  build: {
    outDir: here("../../dist/app"),
    emptyOutDir: true,
    target: "es2023",
    // What knows light-dark() by itself.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    chunkSizeWarningLimit: 700,
    sourcemap: false,
    reportCompressedSize: false,
    // No inline script or data: URL: the Content-Security-Policy allows neither scripts nor fonts in the page.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
