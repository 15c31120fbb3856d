/** Public names of catalog/: the canonical track, its statistics, and finding a track. */
export { LIST_COLUMNS, NUMERIC_COLUMNS, TEXT_COLUMNS } from "./catalog.ts";
export type { Catalog, CatalogColumn, CodedLists, ListColumn, NumericColumn, TextColumn } from "./catalog.ts";
export {
  catalogStatistics,
  catalogTable,
  CORRELATED_FEATURES,
  countKeys,
  histograms,
  percent,
  powerLawExponent,
  rankCorrelations,
  SHOWN_FEATURES,
} from "./explore.ts";
export type { HistogramBar, KeyCount } from "./explore.ts";
export { findTrack, trackName } from "./find.ts";
export { type TrackReference } from "./match.ts";
export { type PlaylistStatistics, playlistStatistics } from "./playlist_statistics.ts";
export { REFERENCE_PLAYLISTS, REFERENCE_STATISTICS, type ReferenceStatistic } from "./reference.ts";
export { type CreditAccount } from "./sql_credits.ts";
export { type IngestAccount } from "./sql_ingest.ts";
export { type LeftOut } from "./sql_rows.ts";
