/** `segue path`: a smooth walk from one track to another. */
import { join } from "node:path";
import { listsOf, readCatalog, textsOf } from "../catalog/catalog.ts";
import { findTrack } from "../catalog/find.ts";
import { embeddingFile } from "../data/folder.ts";
import { expectInteger, InputError } from "../data/errors.ts";
import { readGraph } from "../graph/graph.ts";
import { smoothPath } from "../graph/path.ts";
import { readNpyMatrix } from "../data/npy.ts";
import { DATA, defineCommand, number, required, textTable } from "./shared.ts";

export default defineCommand({
  name: "path",
  description: "Walk from one track to another in a number of steps, the largest step as small as can be.",
  example: "path --data data/work/small --from 'first title' --to 'second title' -n 12",
  options: {
    data: DATA,
    from: required("<track>", "id, title, start of a title, or 'title - artist'"),
    to: required("<track>", "the same for the last track"),
    steps: number("<number>", "number of steps; the walk has one track more (default: 12)", { from: 1, short: "-n" }),
  },
  run: async ({ data, from, to, ...given }) => {
    const catalog = await readCatalog(join(data, "tracks.parquet"), ["track_id", "title", "artists", "popularity"]);
    const [a, b] = [findTrack(catalog, from), findTrack(catalog, to)];
    if (a === b) throw new InputError(`Expected two different tracks but --from and --to both mean '${from}'`);
    const { steps = Math.min(12, catalog.length - 1) } = given;
    expectInteger("-n", steps, 1, catalog.length - 1);
    const graph = readGraph(data);
    const walk = smoothPath(graph, readNpyMatrix(join(data, embeddingFile(data))), a, b, steps);
    const [ids, titles, artists] = [
      textsOf(catalog, "track_id"),
      textsOf(catalog, "title"),
      listsOf(catalog, "artists"),
    ];
    const tracks = Array.from(walk.tracks, (track, i) => ({
      track_id: ids[track],
      title: titles[track],
      artists: artists[track],
      similarity: i === 0 ? null : Number(walk.similarities[i - 1].toFixed(6)),
    }));
    const table = textTable([
      ["step", "title", "artists", "similarity", "track_id"],
      ...tracks.map((track, i) => [
        i,
        track.title ?? "",
        track.artists.join(", "),
        track.similarity?.toFixed(3) ?? "",
        track.track_id ?? "",
      ]),
    ]);
    const along = walk.alongGraph ? "along the graph" : "the graph joins these tracks less smoothly, so off its edges";
    return {
      json: { steps, largest_step: Number(walk.largestStep.toFixed(6)), along_graph: walk.alongGraph, tracks },
      text: `${table}\nlargest step ${walk.largestStep.toFixed(3)} (1 − cosine), ${along}`,
    };
  },
});
