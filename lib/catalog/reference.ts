/**
 * What was measured on real catalogues and playlists, to set a catalogue beside. Aggregates only.
 *
 * Sources: TT = TidyTuesday 2020-01-21 spotify_songs.csv, 28,356 tracks (https://github.com/rfordatascience/tidytuesday);
 * 114k = the Kaggle data set of 114,000 tracks, a sample of 17,949; 1.2M = the Kaggle data set of 1,204,025 tracks, its
 * last 204,025; MPD = the first 1,000 playlists of the Million Playlist Dataset, and where followed is added those
 * 5,599 of it with ten followers or more of whose tracks the years could be looked up; Polimi = the 5,000 ordered
 * playlists of the Polimi 2018 recommender challenge.
 */

/** A statistic of a real catalogue. */
export interface ReferenceStatistic {
  /** Its name, as {@linkcode catalogStatistics} gives it. */
  name: string;
  /** The measured value. */
  real: number;
  /** Where it was measured. */
  source: string;
}

/** Statistics of catalogues. */
export const REFERENCE_STATISTICS: readonly ReferenceStatistic[] = ([
  ["artists with one track", 0.608, "TT"],
  ["artists with two tracks", 0.16, "TT"],
  ["artists with three to five tracks", 0.14, "TT"],
  ["artists with more than ten tracks", 0.0385, "TT"],
  ["exponent of tracks an artist", 2.12, "TT"],
  ["tracks an album", 1.62, "Polimi"],
  ["tracks with another take", 0.174, "TT"],
  ["tracks in several genres", 0.0595, "TT"],
  ["tracks in a major key", 0.566, "TT"],
  ["instrumentalness 0", 0.359, "TT"],
  ["popularity 0", 0.0923, "TT"],
  ["explicit tracks", 0.0845, "114k"],
  ["time signature 4", 0.886, "114k"],
  ["EDM from 120 to 130 BPM", 0.678, "TT"],
  ["EDM within 0.05 of a whole BPM", 0.715, "TT"],
  ["release dates that are only a year", 0.0584, "TT"],
  ["Fridays among release dates since 2015", 0.59, "1.2M"],
  ["variance of danceability between artists", 0.474, "TT"],
  ["variance of energy between artists", 0.488, "TT"],
  ["variance of loudness between artists", 0.525, "TT"],
  ["variance of liveness between artists", 0.0958, "TT"],
  ["variance of tempo between artists", 0.14, "TT"],
  ["energy × loudness within genres (ρ)", 0.64, "TT"],
  ["energy × acousticness within genres (ρ)", -0.422, "TT"],
  ["danceability × valence within genres (ρ)", 0.355, "TT"],
] as const).map(([name, real, source]) => ({ name, real, source }));

/** Statistics of playlists, by the names that {@linkcode playlistStatistics} gives. */
export const REFERENCE_PLAYLISTS: readonly ReferenceStatistic[] = ([
  ["mean length", 67.5, "MPD"],
  ["median length", 50, "MPD"],
  ["positions that repeat a track", 0.0165, "MPD"],
  ["playlists with a repeat", 0.38, "MPD"],
  ["neighbours of one artist", 0.209, "MPD"],
  ["pairs of one artist in a playlist", 0.0356, "MPD"],
  ["neighbours of one album", 0.132, "MPD"],
  ["different artists a position", 0.687, "MPD"],
  ["rank–frequency slope, ranks 10 to 100", 0.214, "MPD"],
  ["rank–frequency slope, ranks 100 to 5,000", 0.654, "MPD"],
  ["playlists that hold the commonest track", 0.071, "MPD"],
  ["years between neighbours", 3.8, "MPD, followed"],
  ["years between any two of a playlist", 5.27, "MPD, followed"],
] as const).map(([name, real, source]) => ({ name, real, source }));
