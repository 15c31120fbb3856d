/** The terms of the hybrid: one for each kind of evidence that the data hold. */
import { codesOf } from "../catalog/catalog.ts";
import type { Collection } from "../score/collection.ts";
import { fitItemKnn, fitMarkov, fitPopularity } from "../sequence/baselines.ts";
import {
  affinityRecommender,
  catalogRows,
  eraRecommender,
  nameCodes,
  similarityRecommender,
  timeAwareRecommender,
} from "./content.ts";
import type { HybridTerm } from "./hybrid.ts";
import type { SequenceRecommender } from "../sequence/recommender.ts";
import type { SequenceSplit } from "../sequence/split.ts";
import type { TrackNames } from "../sequence/track_names.ts";

/**
 * The terms that the data allow, each a score of the whole vocabulary:
 *
 * | term | score | needs |
 * |---|---|---|
 * | sequence | standardised log-probability of the sequence model | `sequence` |
 * | markov, popularity | log-probability | |
 * | itemKnn, itemKnnRecent | log of the summed cosines of co-occurrence, all alike and with a half-life of 5 tracks | |
 * | sameArtist, artistBefore, sameAlbum | log of the share of the history that is by the track's artist (half-life 1 and 30 tracks) or on its album | `names` |
 * | similarity, taste | cosine of the embeddings to the last track and to the history (half-life 10) | `collection` |
 * | keyMatch, clusterDiversity | as in the utility of the shuffle | `collection` |
 * | genre, era | log of the share of the history of the track's genre, and from about its year | `collection` |
 *
 * A term that is the same for every track (when no track has an album, say) is left out, because its weight could not
 * be estimated.
 */
export function hybridTerms(
  split: SequenceSplit,
  { sequence, names, collection }: { sequence?: SequenceRecommender; names?: TrackNames; collection?: Collection } = {},
): HybridTerm[] {
  const tracks = split.trackIds.length;
  const terms: HybridTerm[] = [
    { name: "markov", model: fitMarkov(split.train, tracks) },
    { name: "popularity", model: fitPopularity(split.train, tracks) },
    { name: "itemKnn", model: fitItemKnn(split.train, tracks) },
    { name: "itemKnnRecent", model: fitItemKnn(split.train, tracks, { halfLife: 5, name: "item-kNN, recent" }) },
  ];
  if (sequence) terms.unshift({ name: "sequence", model: sequence, standardize: true });
  if (names) {
    const artists = nameCodes(split.trackIds, names, "artists");
    const albums = nameCodes(split.trackIds, names, "albums");
    if (repeats(artists)) {
      terms.push({ name: "sameArtist", model: affinityRecommender("sameArtist", artists, 1) });
      terms.push({ name: "artistBefore", model: affinityRecommender("artistBefore", artists, 30) });
    }
    if (repeats(albums)) terms.push({ name: "sameAlbum", model: affinityRecommender("sameAlbum", albums, 1) });
  }
  if (names && collection) terms.push(...catalogTerms(collection, catalogRows(split.trackIds, names, collection)));
  return terms;
}

function catalogTerms(collection: Collection, rows: Int32Array): HybridTerm[] {
  if (!rows.some((r) => r >= 0)) return [];
  const of = <T>(values: (r: number) => T, missing: T) => Array.from(rows, (r) => r < 0 ? missing : values(r));
  const scoreTerm = (name: "keyMatch" | "clusterDiversity"): HybridTerm => ({
    name,
    model: timeAwareRecommender(collection, rows, { weights: { [name]: 1 }, name, missing: 0 }),
  });
  const terms: HybridTerm[] = [
    { name: "similarity", model: similarityRecommender(collection, rows) },
    { name: "taste", model: similarityRecommender(collection, rows, { halfLife: 10, name: "taste" }) },
  ];
  if (new Set(of((r) => collection.keys[r], -1)).size > 1) terms.push(scoreTerm("keyMatch"));
  if (collection.clusterCount > 1) terms.push(scoreTerm("clusterDiversity"));
  const genres = collection.catalog.lists.subgenres ?? collection.catalog.lists.genres;
  const genreCodes = codesOf(of((r) => genres?.[r].join("|"), ""));
  if (new Set(genreCodes).size > (genreCodes.includes(-1) ? 2 : 1)) {
    terms.push({ name: "genre", model: affinityRecommender("genre", genreCodes, 10) });
  }
  const years = Float64Array.from(of((r) => collection.catalog.numbers.year?.[r] ?? NaN, NaN));
  if (new Set(years.filter(Number.isFinite)).size > 1) terms.push({ name: "era", model: eraRecommender(years) });
  return terms;
}

/** Whether at least two tracks share a code. */
function repeats(codes: Int32Array): boolean {
  const known = codes.filter((code) => code >= 0);
  return new Set(known).size < known.length;
}
