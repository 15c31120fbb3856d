import assert from "node:assert/strict";
import { lossPlot } from "../../lib/plots/embedding.ts";
import { renderSvg } from "../../lib/plots/render.ts";

Deno.test("lossPlot() draws a loss of zero by PCA on its logarithmic axis", async () => {
  const history = [1, 2, 3].map((epoch) => ({ epoch, train: 1 / epoch, validation: 1.1 / epoch }));
  assert.ok((await renderSvg(lossPlot(history, 2, 0))).includes("PCA, same dimensions"));
});
