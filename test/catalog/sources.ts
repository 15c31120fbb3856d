/** Small catalogues in the public forms, and the running of ingest over them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Catalog, readCatalog } from "../../lib/catalog/catalog.ts";
import { type IngestAccount, ingestFiles, type IngestOptions } from "../../lib/catalog/sql_ingest.ts";

/** What ingesting some files gave. */
export interface Ingested {
  account: IngestAccount;
  catalog: Catalog;
  /** The lines of rejects.csv without its header. */
  rejects: string[];
}

/** A Spotify-like id. */
export const id = (i: number): string => i.toString(36).padStart(22, "0");

/** Header of each form, as the public files have it. */
export const HEADERS = {
  tidytuesday: "track_id,track_name,track_artist,track_popularity,track_album_id,track_album_name," +
    "track_album_release_date,playlist_name,playlist_id,playlist_genre,playlist_subgenre,danceability,energy,key," +
    "loudness,mode,speechiness,acousticness,instrumentalness,liveness,valence,tempo,duration_ms",
  "114k": ",track_id,artists,album_name,track_name,popularity,duration_ms,explicit,danceability,energy,key,loudness," +
    "mode,speechiness,acousticness,instrumentalness,liveness,valence,tempo,time_signature,track_genre",
  "1.2M": "id,name,album,album_id,artists,artist_ids,track_number,disc_number,explicit,danceability,energy,key," +
    "loudness,mode,speechiness,acousticness,instrumentalness,liveness,valence,tempo,duration_ms,time_signature,year," +
    "release_date",
  "586k": "id,name,popularity,duration_ms,explicit,artists,id_artists,release_date,danceability,energy,key,loudness," +
    "mode,speechiness,acousticness,instrumentalness,liveness,valence,tempo,time_signature",
  "170k": "valence,year,acousticness,artists,danceability,duration_ms,energy,explicit,id,instrumentalness,key," +
    "liveness,loudness,mode,name,popularity,release_date,speechiness,tempo",
} as const;

/** Values of one row, by source column. */
export type Row = Record<string, string | number>;

const COMMON: Row = {
  danceability: 0.5,
  energy: 0.25,
  key: 7,
  loudness: -5.5,
  mode: 1,
  speechiness: 0.04,
  acousticness: 0.125,
  instrumentalness: 0,
  liveness: 0.1,
  valence: 0.75,
  tempo: 120.5,
  duration_ms: 200000,
};

/** A good row of each form, told apart by a number. */
export function goodRow(form: keyof typeof HEADERS, i: number): Row {
  const row: Record<keyof typeof HEADERS, Row> = {
    tidytuesday: {
      track_id: id(i),
      track_name: `Song ${i}`,
      track_artist: "A & B",
      track_popularity: 40,
      track_album_id: id(900 + i),
      track_album_name: "Album",
      track_album_release_date: "2019-06-14",
      playlist_name: "P",
      playlist_id: "p1",
      playlist_genre: "pop",
      playlist_subgenre: "dance pop",
    },
    "114k": {
      "": i,
      track_id: id(i),
      artists: "A;B",
      album_name: "Album",
      track_name: `Song ${i}`,
      popularity: 40,
      explicit: "False",
      time_signature: 4,
      track_genre: "rock",
    },
    "1.2M": {
      id: id(i),
      name: `Song ${i}`,
      album: "Album",
      album_id: id(900 + i),
      artists: `['A', "B's"]`,
      artist_ids: `['${id(1)}', '${id(2)}']`,
      track_number: 1,
      disc_number: 1,
      explicit: "True",
      time_signature: "4.0",
      year: 1999,
      release_date: "1999-11-02",
    },
    "586k": {
      id: id(i),
      name: `Song ${i}`,
      popularity: 40,
      explicit: 1,
      artists: "['A', 'B']",
      id_artists: `['${id(1)}', '${id(2)}']`,
      release_date: "1922-02",
      time_signature: 3,
    },
    "170k": {
      id: id(i),
      name: `Song ${i}`,
      popularity: 40,
      explicit: 0,
      artists: "['A']",
      year: 1921,
      release_date: "1921",
    },
  };
  return { ...COMMON, ...row[form] };
}

/** A CSV file of a form. */
export function csv(form: keyof typeof HEADERS, rows: readonly Row[]): string {
  const header = HEADERS[form];
  const field = (value: string | number) =>
    /[",\n\r]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value);
  const lines = rows.map((row) => header.split(",").map((name) => field(row[name])).join(","));
  return [header, ...lines].join("\n") + "\n";
}

/** Writes files into a fresh folder, ingests them, and reads back what came of it. */
export async function ingest(
  files: Record<string, string | Uint8Array>,
  options: Omit<IngestOptions, "files"> = {},
): Promise<Ingested> {
  const folder = mkdtempSync(join(tmpdir(), "segue-ingest-"));
  try {
    const paths = Object.entries(files).map(([name, content]) => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    });
    const account = await ingestFiles(join(folder, "out"), { ...options, files: paths });
    const catalog = await readCatalog(join(folder, "out", "tracks.parquet"));
    const rejects = readFileSync(join(folder, "out", "rejects.csv"), "utf8").trimEnd().split("\n").slice(1);
    return { account, catalog, rejects };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
