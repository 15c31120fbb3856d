import assert from "node:assert/strict";
import type { HistogramBar } from "../../lib/catalog/explore.ts";
import type { IngestAccount } from "../../lib/catalog/sql_ingest.ts";
import {
  distributionsPlot,
  keyModePlot,
  rankFrequencyPlot,
  rowAccountPlot,
  sideBySidePlot,
  tempoPlot,
  tracksPerArtistPlot,
  trendsPlot,
} from "../../lib/plots/catalog.ts";
import { renderSvg } from "../../lib/plots/render.ts";
import { type Spec, themed } from "../../lib/plots/theme.ts";

const bars = (feature: string, logarithmic: boolean): HistogramBar[] =>
  ["pop", "rock"].flatMap((group) =>
    [1, 2, 3].map((x) => ({ feature, group, x, from: x - 0.5, to: x + 0.5, logarithmic, share: x / 6 }))
  );
const account = { rowsIn: 1234, out: 1000, merged: 200, rejected: 34, notSampled: 0 } as IngestAccount;

const FIGURES: Record<string, { spec: Spec; says: string[] }> = {
  rowAccountPlot: {
    spec: rowAccountPlot(account),
    says: ["What became of 1,234 rows", "became a track", "1,000", "34"],
  },
  distributionsPlot: {
    spec: distributionsPlot([...bars("loudness", false), ...bars("speechiness", true)]),
    says: ["loudness (dB)", "speechiness", "pop", "rock", "share of tracks"],
  },
  keyModePlot: {
    spec: keyModePlot([{ key: 6, name: "F#", mode: 1, count: 3, share: 0.75 }, {
      key: 0,
      name: "C",
      mode: 0,
      count: 1,
      share: 0.25,
    }]),
    says: ["F#", "C", "major", "minor", "share of tracks"],
  },
  tempoPlot: { spec: tempoPlot(bars("tempo", false)), says: ["tempo (BPM)", "pop", "rock"] },
  trendsPlot: {
    spec: trendsPlot([1990, 2000].map((year) => ({
      year,
      feature: "duration_ms",
      low: 120_000,
      middle: 180_000,
      high: 240_000,
    }))),
    says: ["duration (minutes)", "year of release", "2000"],
  },
  tracksPerArtistPlot: {
    spec: tracksPerArtistPlot([1, 1, 1, 2, 2, 3, 9], 2.1),
    says: ["tracks of the artist (log)", "artists (log)"],
  },
  rankFrequencyPlot: { spec: rankFrequencyPlot([9, 5, 2, 1, 1]), says: ["rank of the track (log)", "positions (log)"] },
  sideBySidePlot: {
    spec: sideBySidePlot([
      { statistic: "in a major key", here: 0.5, real: 0.6 },
      { statistic: "mean length", here: 60, real: 67 },
    ]),
    says: ["in a major key", "this catalogue", "real catalogues"],
  },
};

for (const [name, { spec, says }] of Object.entries(FIGURES)) {
  Deno.test(`${name}() renders and says what it shows`, async () => {
    const svg = await renderSvg(themed(spec));
    const text = [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, words]) => words.replaceAll("&amp;", "&"));
    for (const words of says) assert.ok(text.includes(words), `${words} is not among: ${text.join(" | ")}`);
    assert.ok(JSON.stringify(spec).length < 300_000);
  });
}

Deno.test("sideBySidePlot() leaves out what is not a share", async () => {
  assert.ok(!(await renderSvg(themed(FIGURES.sideBySidePlot.spec))).includes("mean length"));
});
