/** Which columns of a file of interactions are user, track and time: by the header, by what is in them, or as told. */
import { InputError } from "../data/errors.ts";
import { separatorOf } from "../data/separator.ts";
import { fieldsOf, type TextForm } from "../data/text_table.ts";

/** How a file of interactions is written. Columns count from 0; −1 where there is none. */
export interface InteractionForm extends TextForm {
  /** Who: a user, a playlist or a session. */
  user: number;
  /** What. */
  track: number;
  /** When; without it the order of the file is the order of time. */
  time: number;
  /** The tracks before `track` in one field, blanks between them, as RecBole's sequence files have them. */
  list: number;
  /** The names of the columns, or their numbers from 1. */
  names: string[];
}

/** What columns are called, without signs and in lower case, the most usual first. */
const NAMES = {
  user: "userid user uid username listenerid listener customerid memberid accountid visitorid reviewerid msno " +
    "playlistid pid sessionid session",
  track: "trackid track itemid item trackuri songid song mediaid movieid movie productid product articleid videoid " +
    "bookid isbn asin parentasin businessid gameid appid trackidclean artistid",
  time: "timestamp time datetime date ts unixtimestamp unixtime eventtime eventdate timems playedat listenedat " +
    "createdat unixreviewtime pos position sessionposition",
  list: "itemidlist trackidlist itemlist tracklist",
};
type Role = keyof typeof NAMES;
const ROLES = Object.fromEntries(
  Object.entries(NAMES).map(([role, names]) => [role, names.split(" ")]),
) as Record<Role, string[]>;

/** A name without signs and case, and without the type that RecBole adds (`user_id:token`). */
const plain = (name: string) =>
  name.trim().replace(/:(token|float)(_seq)?$/, "").toLowerCase().replace(/[^a-z0-9]/g, "");

const NUMBER = /^[+-]?\d+(\.\d+)?$/;
const ISO_TIME = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?$/;
/** A rating, a count or a category: nothing that tells tracks apart. */
const SMALL = /^-?\d{1,3}(\.\d+)?$|^[A-Za-z]?$/;

/** A rating of MovieLens. */
const STARS = /^[0-5](\.[05])?$/;

/** Seconds or milliseconds since 1970, from 1994 to 2096. */
function isUnixTime(text: string): boolean {
  const value = Number(text);
  return NUMBER.test(text) && (value > 7.5e8 && value < 4e9 || value > 7.5e11 && value < 4e12);
}

/**
 * Tells how a file of interactions is written. With a header, by the names of its columns. Without one, by what is in
 * the columns, where that leaves one reading: one column of times (dates, or seconds or milliseconds since 1970), user
 * and track before the others in this order, and beside them only ratings and categories; or MovieLens' four; or two
 * columns of whole numbers, user and track in order of time.
 *
 * @param lines The first lines of the file.
 * @throws {InputError} When the columns cannot be told, or the tracks look like times.
 */
export function interactionForm(lines: readonly string[], path: string, columns?: string): InteractionForm {
  const separator = separatorOf(lines.join("\n"), ["::", " "]);
  const rows = lines.filter((line) => line !== "")
    .map((line) => fieldsOf(line, separator).map((field) => field.trim()));
  const first = rows[0] ?? [];
  const column = (c: number) => rows.slice(1).map((row) => row[c] ?? "");
  const header = !first.some((field) => NUMBER.test(field) || ISO_TIME.test(field)) &&
    (first.some((name) => Object.values(ROLES).flat().includes(plain(name))) ||
      first.some((_, c) => rows.length > 1 && column(c).every((field) => NUMBER.test(field) || ISO_TIME.test(field))) ||
      columns === undefined);
  const names = first.map((name, c) => header ? name : String(c + 1));
  const found = columns === undefined
    ? header ? byNames(names) : byContent(rows, separator)
    : asTold(columns, names, path);
  if (found === undefined || found.user < 0 || found.track < 0 && found.list < 0) {
    throw new InputError(
      `${path}: expected columns user_id,track_id,timestamp but found '${(lines[0] ?? "").slice(0, 80)}'; say which ` +
        `they are, e.g. --columns ${names.slice(0, 3).join(",")} for user, track and time`,
    );
  }
  const values = (header ? column(found.track) : [first[found.track], ...column(found.track)]).filter(Boolean);
  const times = found.time < 0 ? [] : column(found.time).filter(Boolean);
  const looksLikeTimes = values.length > 0 &&
    (values.every((value) => ISO_TIME.test(value)) ||
      values.every(isUnixTime) && times.length > 0 && !times.some((time) => isUnixTime(time) || ISO_TIME.test(time)));
  if (looksLikeTimes) {
    throw new InputError(
      `${path}: expected tracks in column ${names[found.track]} but found times such as '${values[0]}'; say which ` +
        "columns are user, track and time with --columns",
    );
  }
  return { separator, header, ...found, names };
}

type Places = Record<Role, number>;

function byNames(names: readonly string[]): Places {
  const known = names.map(plain);
  return placesOf((role) => ROLES[role].map((name) => known.indexOf(name)).find((place) => place >= 0) ?? -1);
}

function placesOf(place: (role: Role) => number): Places {
  return { user: place("user"), track: place("track"), time: place("time"), list: place("list") };
}

/** The columns of a file without a header; nothing where more than one reading is possible. */
function byContent(rows: readonly (readonly string[])[], separator: string): Places | undefined {
  const width = rows[0].length;
  const whole = rows.filter((row) => row.length === width);
  const places = rows[0].map((_, c) => c);
  const all = (c: number, test: (text: string) => boolean) => whole.every((row) => test(row[c]));
  const isMovieLens = ["::", "\t"].includes(separator) && width === 4 && all(2, (text) => STARS.test(text)) &&
    all(3, (text) => NUMBER.test(text));
  if (isMovieLens) return { user: 0, track: 1, time: 3, list: -1 };
  const dates = places.filter((c) => all(c, (text) => ISO_TIME.test(text)));
  const times = dates.length > 0 ? dates : places.filter((c) => all(c, isUnixTime));
  const [user, track, ...others] = places.filter((c) => c !== times[0]);
  const areIds = track !== undefined &&
    [user, track].every((c) => all(c, (text) => text !== "" && !/^-?\d+\.\d+$/.test(text)));
  if (!areIds || times.length > 1 || !others.every((c) => all(c, (text) => SMALL.test(text)))) return undefined;
  const inOrder = width === 2 && all(user, (text) => /^\d+$/.test(text)) && all(track, (text) => /^\d+$/.test(text));
  return times.length === 1 || inOrder ? { user, track, time: times[0] ?? -1, list: -1 } : undefined;
}

/** The columns as `--columns` names them. */
function asTold(told: string, names: readonly string[], path: string): Places {
  const parts = told.split(",").map((part) => part.trim());
  const known = names.map(plain);
  const places = parts.map((part) =>
    names.indexOf(part) >= 0 ? names.indexOf(part) : /^\d+$/.test(part) ? Number(part) - 1 : known.indexOf(plain(part))
  );
  if ([2, 3].includes(parts.length) && places.every((place) => place >= 0 && place < names.length)) {
    return { user: places[0], track: places[1], time: places[2] ?? -1, list: -1 };
  }
  const roleOf = (part: string) => (Object.keys(ROLES) as Role[]).find((role) => ROLES[role].includes(plain(part)));
  const roles = parts.map(roleOf);
  const used = roles.filter((_, p) => parts[p] !== "-");
  if (parts.length <= names.length && !used.includes(undefined) && new Set(used).size === used.length) {
    return placesOf((role) => roles.indexOf(role));
  }
  throw new InputError(
    `${path}: expected --columns to name or number the columns of user, track and time, such as 1,3,2, or to say what ` +
      `each column is, such as user,timestamp,track,-, but found '${told}' for the columns ${names.join(", ")}`,
  );
}
