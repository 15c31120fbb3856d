import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { graphStage } from "../../lib/graph/graph_stage.ts";
import { matrix } from "../../lib/math/matrix.ts";
import { writeNpy } from "../../lib/data/npy.ts";
import { writeParquet } from "../../lib/data/parquet.ts";
import { segue } from "./segue.ts";

Deno.test("segue path walks between titles and names what it does not know", async () => {
  const folder = mkdtempSync(join(tmpdir(), "segue-path-"));
  try {
    // Twelve tracks round a circle, 10 degrees apart.
    const angles = Array.from({ length: 12 }, (_, i) => i * Math.PI / 18);
    writeNpy(
      join(folder, "X_pca.npy"),
      matrix(12, 2, Float32Array.from(angles.flatMap((a) => [Math.cos(a), Math.sin(a)]))),
    );
    await writeParquet(join(folder, "tracks.parquet"), [
      { name: "track_id", type: "text", values: angles.map((_, i) => `id${i}`) },
      { name: "title", type: "text", values: angles.map((_, i) => `Song number ${i + 1}`) },
      { name: "artists", type: "texts", values: angles.map((_, i) => [`Band ${i}`]) },
    ]);
    await graphStage(folder, { k: 3 });
    const walk = ["path", "--data", folder, "--from", "id0", "--to"];
    const found = segue(...walk, "song number 7", "-n", "6", "--json");
    assert.equal(found.status, 0, found.stderr);
    const report = JSON.parse(found.stdout);
    assert.deepEqual(
      report.tracks.map((t: { track_id: string }) => t.track_id),
      [0, 1, 2, 3, 4, 5, 6].map((i) => `id${i}`),
    );
    assert.equal(report.along_graph, true);
    for (
      const [args, message] of [
        [
          [...walk, "Sung nomber 7"],
          /No track has the id or title 'Sung nomber 7'; closest are Song number 7 by Band 6/,
        ],
        [[...walk, "Song number 1"], /two different tracks/],
        [[...walk, "song number 7", "-n", "12"], /Expected -n to be an integer in \[1, 11\] but found 12/],
      ] as [string[], RegExp][]
    ) {
      const { status, stderr } = segue(...args);
      assert.equal(status, 2, stderr);
      assert.match(stderr, message);
      assert.equal(stderr.trim().split("\n").length, 1, stderr);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
