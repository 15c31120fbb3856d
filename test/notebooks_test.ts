import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

interface Output {
  data?: Record<string, unknown>;
  metadata?: Record<string, { width?: number }>;
}

Deno.test("every notebook runs in Jupyter on a small world and shows its figures", () => {
  const folder = mkdtempSync(join(tmpdir(), "segue-report-"));
  try {
    const smaller = ["listeners=36", "variantListeners=12", "worlds=20", "users=100", "umapSample=800"].flatMap((
      setting,
    ) => ["--set", setting]);
    const where = ["--reports", join(folder, "reports"), "--data", join(folder, "data")];
    const ran = report("--tracks", "1000", ...smaller, ...where);
    assert.equal(ran.status, 0, ran.stderr);
    const executed = readdirSync(join(folder, "reports/notebooks")).sort();
    assert.deepEqual(executed, readdirSync(join(ROOT, "notebooks")).filter((name) => name.endsWith(".ipynb")).sort());
    for (const name of executed) {
      const { cells } = JSON.parse(readFileSync(join(folder, "reports/notebooks", name), "utf8"));
      const outputs: Output[] = cells.flatMap((cell: { outputs?: Output[] }) => cell.outputs ?? []);
      const figures = outputs.filter((output) => output.data?.["application/vnd.vegalite.v5+json"]);
      assert.ok(figures.length >= 2, `${name} shows ${figures.length} figures`);
      for (const { data, metadata } of figures) {
        const png = Buffer.from([data!["image/png"]].flat().join(""), "base64");
        assert.ok(png.length > 2000, name);
        assert.equal(metadata!["image/png"]?.width, Math.round(png.readUInt32BE(16) / 2), name);
        assert.ok(!("text/html" in data!), name);
      }
      const saved = readdirSync(join(folder, "reports/figures")).filter((file) => file.startsWith(name.slice(0, 3)));
      assert.equal(saved.filter((file) => file.endsWith(".svg")).length, figures.length, name);
    }
    assert.ok(existsSync(join(folder, "reports/index.html")));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

Deno.test("report refuses a missing catalogue and a notebook that does not exist", () => {
  const missing = report("--catalog", "none.csv");
  assert.deepEqual([missing.status, /none\.csv: no such file/.test(missing.stderr)], [2, true]);
  const unknown = report("--only", "77");
  assert.deepEqual([unknown.status, /--only to name notebooks among 01.* but found 77/.test(unknown.stderr)], [
    2,
    true,
  ]);
  const setting = report("--set", "listeners");
  assert.deepEqual([setting.status, /--set listeners: expected name=value/.test(setting.stderr)], [2, true]);
});

function report(...args: string[]) {
  return spawnSync(process.execPath, ["run", "-A", join(ROOT, "lib/jupyter/report.ts"), ...args], {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
    cwd: ROOT,
  });
}
