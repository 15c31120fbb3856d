/**
 * The log of the service in SQLite: sessions and their events. A write is confirmed only when it is on disk. Writes that
 * arrive close together share one commit, because a commit waits for the disk.
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { InputError } from "../data/errors.ts";

/** An event of a session, as a row of the log. */
export interface LoggedEvent {
  session: string;
  /** What happened: `pick`, `skip`, `like`, `unlike`, `previous`, `forward`, `clear`, `undo` or `retune`. */
  type: string;
  /** Id of the track; null for events without one. */
  track_id: string | null;
  /** When, in ms since 1970. */
  at: number;
  /** Probability with which a pick was drawn; null for other events. */
  probability: number | null;
  /** The new options of a retune as JSON; null for other events. */
  detail: string | null;
}

/** A session, as a row of the log: when it began, in ms since 1970, and its options as JSON. */
export interface LoggedSession {
  id: string;
  listener: string;
  created: number;
  options: string;
}

/** Rows that wait for the next commit, and what to call after it. */
interface Write {
  statement: StatementSync;
  rows: readonly (LoggedSession | LoggedEvent)[];
  resolve: () => void;
  reject: (error: StoreError) => void;
}

const TABLES = `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;
  CREATE TABLE IF NOT EXISTS sessions (
    number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, listener TEXT NOT NULL, created REAL NOT NULL, options TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS sessions_of_listener ON sessions (listener);
  CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY, session TEXT NOT NULL, type TEXT NOT NULL, track_id TEXT, at REAL NOT NULL,
    probability REAL, detail TEXT);
  CREATE INDEX IF NOT EXISTS events_of_session ON events (session);`;
const SESSION = "id, listener, created, options";
const EVENT = "session, type, track_id, at, probability, detail";

/** The next commit waits four times as long as the last one took, so that the disk takes a fifth of the time at most. */
const WAIT_COMMITS = 4;
/** But never longer than this, in ms. A client who is alone does not wait at all. */
const WAIT_MOST_MS = 20;

/** The log cannot be written. Nothing of the failed write is in it. */
export class StoreError extends Error {}

/** The log of the service. */
export class Store {
  #database: DatabaseSync;
  #enterSession: StatementSync;
  #enterEvent: StatementSync;
  #findSession: StatementSync;
  #findSessions: StatementSync;
  #findEvents: StatementSync;
  #version: StatementSync;
  #seenVersion: unknown;
  #pending: Write[] = [];
  #waitMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Opens the log, or makes a new one.
   *
   * @param path The database file; `":memory:"` keeps nothing.
   * @throws {InputError} When the file cannot be opened and written, or is no log.
   */
  constructor(path: string) {
    try {
      this.#database = new DatabaseSync(path);
      this.#database.exec(TABLES);
    } catch (error) {
      throw new InputError(
        `${path}: cannot be used as the log of the service (${(error as Error).message}); ` +
          "give a file in a folder that can be written with --store",
      );
    }
    const prepare = (query: string) => this.#database.prepare(query);
    const enter = (table: string, columns: string) =>
      prepare(`INSERT INTO ${table} (${columns}) VALUES (${columns.replace(/\w+/g, ":$&")})`);
    this.#enterSession = enter("sessions", SESSION);
    this.#enterEvent = enter("events", EVENT);
    this.#findSession = prepare(`SELECT ${SESSION} FROM sessions WHERE id = ?`);
    this.#findSessions = prepare(`SELECT ${SESSION} FROM sessions WHERE listener = ? ORDER BY number`);
    this.#findEvents = prepare(`SELECT ${EVENT} FROM events WHERE session = ? ORDER BY number`);
    this.#version = prepare("PRAGMA data_version");
    this.#seenVersion = this.#version.get()!.data_version;
  }

  /** Logs a new session; resolves when it is on disk, rejects with {@linkcode StoreError}. */
  addSession(session: LoggedSession): Promise<void> {
    return this.#enter(this.#enterSession, [session]);
  }

  /** Logs events in their order; resolves when they are on disk, rejects with {@linkcode StoreError}. */
  addEvents(events: readonly LoggedEvent[]): Promise<void> {
    return this.#enter(this.#enterEvent, events);
  }

  /** The session with an id, or undefined. */
  session(id: string): LoggedSession | undefined {
    this.flush();
    return this.#findSession.get(id) as LoggedSession | undefined;
  }

  /** The sessions of a listener, the oldest first. */
  sessionsOf(listener: string): LoggedSession[] {
    this.flush();
    return this.#findSessions.all(listener) as unknown as LoggedSession[];
  }

  /** The events of a session in their order. */
  eventsOf(session: string): LoggedEvent[] {
    this.flush();
    return this.#findEvents.all(session) as unknown as LoggedEvent[];
  }

  /**
   * Tells whether another process has written to the log since the last call. What was read before may then be out of
   * date.
   */
  writtenElsewhere(): boolean {
    const { data_version } = this.#version.get()!;
    if (data_version === this.#seenVersion) return false;
    this.#seenVersion = data_version;
    return true;
  }

  /** Commits all writes that wait. */
  flush(): void {
    const writes = this.#pending;
    if (writes.length === 0) return;
    this.#pending = [];
    clearTimeout(this.#timer);
    const start = performance.now();
    try {
      this.#database.exec("BEGIN");
      for (const { statement, rows } of writes) for (const row of rows) statement.run({ ...row });
      this.#database.exec("COMMIT");
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      const failure = new StoreError(`the log cannot be written, nothing was entered: ${(error as Error).message}`);
      for (const { reject } of writes) reject(failure);
      return;
    }
    this.#waitMs = writes.length === 1 ? 0 : Math.min(WAIT_MOST_MS, WAIT_COMMITS * (performance.now() - start));
    for (const { resolve } of writes) resolve();
  }

  /** Commits all writes that wait and closes the file. */
  close(): void {
    this.flush();
    this.#database.close();
  }

  #enter(statement: StatementSync, rows: Write["rows"]): Promise<void> {
    if (this.#pending.length === 0) this.#timer = setTimeout(() => this.flush(), this.#waitMs);
    return new Promise((resolve, reject) => this.#pending.push({ statement, rows, resolve, reject }));
  }
}
