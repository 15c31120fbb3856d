/**
 * The log of the service: listeners, sessions and events in SQLite. An event is acknowledged after it is on disk;
 * events that come in together share one commit.
 *
 * @module
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { InputError } from "../data/errors.ts";

/** Something that happened in a session, as it is logged. */
export interface LoggedEvent {
  /** The session. */
  session: string;
  /** What happened: `pick`, `skip`, `like`, `unlike`, `previous`, `forward`, `clear`, `undo` or `retune`. */
  type: string;
  /** Id of the track; null where there is none. */
  track_id: string | null;
  /** When, in ms since 1970. */
  at: number;
  /** Probability of a pick; null where there is none. */
  probability: number | null;
  /** Further facts as JSON: the options of a retune. */
  detail: string | null;
}

/** A session, as it is logged. */
export interface LoggedSession {
  /** Its id. */
  id: string;
  /** The listener. */
  listener: string;
  /** When it began, in ms since 1970. */
  created: number;
  /** Its options as JSON. */
  options: string;
}

type Write = { statement: StatementSync; row: LoggedSession | LoggedEvent };

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

/**
 * Writes are gathered before they are committed together, for so many times as long as the last commit took: the disk
 * then costs at most a fifth of the time, however slow it is.
 */
const GATHER_COMMITS = 4;
/** And for at most so many milliseconds; a writer who is alone does not wait. */
const GATHER_MOST_MS = 20;

/** The log cannot be written: nothing of it was acknowledged. */
export class StoreError extends Error {}

/** A durable log. */
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
  #gatherMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waiting: { resolve: () => void; reject: (error: unknown) => void }[] = [];

  /**
   * Opens or makes the log.
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

  /**
   * Logs a new session.
   *
   * @param session The session.
   * @returns Settles when it is on disk.
   */
  addSession(session: LoggedSession): Promise<void> {
    return this.#enter(this.#enterSession, [session]);
  }

  /**
   * Logs events.
   *
   * @param events The events, in order.
   * @returns Settles when they are on disk.
   */
  addEvents(events: readonly LoggedEvent[]): Promise<void> {
    return this.#enter(this.#enterEvent, events);
  }

  /**
   * A session of the log.
   *
   * @param id Its id.
   * @returns The session, or undefined.
   */
  session(id: string): LoggedSession | undefined {
    this.flush();
    return this.#findSession.get(id) as LoggedSession | undefined;
  }

  /**
   * The sessions of a listener.
   *
   * @param listener The listener.
   * @returns The sessions in the order in which they began.
   */
  sessionsOf(listener: string): LoggedSession[] {
    this.flush();
    return this.#findSessions.all(listener) as unknown as LoggedSession[];
  }

  /**
   * The events of a session.
   *
   * @param session Its id.
   * @returns The events in order.
   */
  eventsOf(session: string): LoggedEvent[] {
    this.flush();
    return this.#findEvents.all(session) as unknown as LoggedEvent[];
  }

  /**
   * Tells once whether another process has written to the log since this was last asked: what was read of it before may
   * then be out of date.
   *
   * @returns True when it has.
   */
  writtenElsewhere(): boolean {
    const { data_version } = this.#version.get()!;
    if (data_version === this.#seenVersion) return false;
    this.#seenVersion = data_version;
    return true;
  }

  /** Commits what is pending now; who waits for it learns how it ended. */
  flush(): void {
    const writes = this.#pending;
    const waiting = this.#waiting;
    if (writes.length === 0) return;
    this.#pending = [];
    this.#waiting = [];
    clearTimeout(this.#timer);
    const start = performance.now();
    try {
      this.#database.exec("BEGIN");
      for (const { statement, row } of writes) statement.run({ ...row });
      this.#database.exec("COMMIT");
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      const failure = new StoreError(`the log cannot be written, nothing was entered: ${(error as Error).message}`);
      for (const { reject } of waiting) reject(failure);
      return;
    }
    this.#gatherMs = waiting.length === 1 ? 0 : Math.min(GATHER_MOST_MS, GATHER_COMMITS * (performance.now() - start));
    for (const { resolve } of waiting) resolve();
  }

  /** Commits what is pending and closes the file. */
  close(): void {
    this.flush();
    this.#database.close();
  }

  #enter(statement: StatementSync, rows: readonly Write["row"][]): Promise<void> {
    this.#pending.push(...rows.map((row) => ({ statement, row })));
    if (this.#waiting.length === 0) this.#timer = setTimeout(() => this.flush(), this.#gatherMs);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }
}
