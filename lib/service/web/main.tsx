/** The web app: search, Smart Shuffle, why this song, sliders, map, timeline, comparison, export. */
import { type ComponentProps, render } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { api, type Comparison, type Pick, type Preview, type SessionBody, type Term, type Track } from "./api.ts";
import { Compare } from "./compare.tsx";
import { Sliders, type Tune } from "./sliders.tsx";
import { Likely } from "./likely.tsx";
import { Queue } from "./queue.tsx";
import { SearchBox } from "./search.tsx";
import { SongMap } from "./map.tsx";
import { Timeline } from "./timeline.tsx";

const BATCH = 10;
/** Where the browser keeps the listener, so that later visits continue the same history. */
const LISTENER = "segue-listener";
/** Where the tab keeps what a reloaded page continues with. */
const VISIT = "segue-visit";
const FORMATS = ["m3u8", "jspf", "csv", "json"] as const;

interface Visit {
  /** Id of the session. */
  id: string;
  /** Why the tracks were picked, by step. */
  reasons: [number, Pick["why"]][];
  liked: string[];
  tune: Tune;
}

interface Props {
  terms: readonly Term[];
  defaults: Tune;
  /** The session that continues after the page was reloaded. */
  before: SessionBody | undefined;
  visit: Visit | undefined;
}

function App({ terms, defaults, before, visit }: Props) {
  const [session, setSession] = useState(before);
  const [reasons, setReasons] = useState(new Map(visit?.reasons));
  const [liked, setLiked] = useState(visit?.liked ?? []);
  const [tune, setTune] = useState(visit?.tune ?? defaults);
  const [preview, setPreview] = useState<Preview>();
  const [comparison, setComparison] = useState<Comparison>();
  const [status, setStatus] = useState({ text: "", failed: false });
  const [busy, setBusy] = useState(false);
  const tuned = useRef(tune);
  const chosen = session?.picks[0]?.track;
  const current = session?.picks.find((pick) => pick.step === session.current);
  const upNext = current && session?.picks[current.step + 1];
  const likesIt = liked.includes(current?.track.track_id ?? "");

  const tell = (error: unknown) =>
    setStatus({ text: error instanceof Error ? error.message : String(error), failed: true });

  /** Does some work while all buttons wait, then shows a message: what was done, or what went wrong. */
  const attempt = useCallback(async (what: string, work: () => Promise<void>) => {
    setBusy(true);
    await work().then(() => setStatus({ text: what, failed: false }), tell);
    setBusy(false);
  }, []);

  /** Picks tracks until a batch follows the track that plays, and some more when asked to. */
  const fill = async (id: string, more: number = 0) => {
    const before = await api.session(id);
    const ahead = before.picks.length - 1 - (before.current ?? 0);
    const wanted = Math.max(BATCH - ahead, 0) + more;
    if (wanted > 0) {
      const { picks } = await api.ahead(id, wanted);
      setReasons((known) => new Map([...known, ...picks.map((pick) => [pick.step, pick.why] as const)]));
    }
    setSession(await api.session(id));
  };

  const shuffleFrom = (track: Track | undefined) =>
    attempt(track ? `Smart Shuffle from ${track.title}` : "Smart Shuffle", async () => {
      const begun = await api.begin({
        listener: localStorage.getItem(LISTENER) ?? undefined,
        seeds: track && [track.track_id],
        seed: Math.floor(Date.now() / 1000) % 2 ** 31,
        ...tune,
      });
      localStorage.setItem(LISTENER, begun.listener);
      setReasons(new Map());
      setComparison(undefined);
      await fill(begun.id);
    });

  const act = (what: string, work: (id: string) => Promise<unknown>) =>
    session && attempt(what, async () => {
      await work(session.id);
      await fill(session.id);
    });

  const skip = () =>
    current && act(`Skipped ${current.track.title}`, async (id) => {
      await api.feedback(id, "skip", current.track.track_id);
      await api.next(id);
    });

  const like = (track: Track) =>
    act(`${likesIt ? "No longer liked" : "Liked"}: ${track.title}`, async (id) => {
      await api.feedback(id, likesIt ? "unlike" : "like", track.track_id);
      setLiked(likesIt ? liked.filter((one) => one !== track.track_id) : [...liked, track.track_id]);
    });

  const save = (format: string) =>
    session &&
    attempt(`Saved segue.${format}`, async () => saveAs(await api.file(session.id, format), `segue.${format}`));

  const compare = () =>
    session && attempt("Vanilla shuffle and Segue, side by side", async () => {
      setComparison(await api.compare(session.picks[0].track.track_id, tune));
    });

  // A slider that moves changes the tracks in the queue and the probabilities shown.
  useEffect(() => {
    if (!session || tune === tuned.current) return;
    const timer = setTimeout(() => {
      tuned.current = tune;
      act("The queue follows the sliders", (id) => api.retune(id, tune));
    }, 150);
    return () => clearTimeout(timer);
  }, [tune]);
  useEffect(() => {
    if (!session) return;
    const visit: Visit = { id: session.id, reasons: [...reasons], liked, tune };
    try {
      sessionStorage.setItem(VISIT, JSON.stringify(visit));
    } catch {
      // The storage of the browser is full: a reloaded page then starts without a session.
    }
  }, [session, reasons, liked, tune]);
  useEffect(() => {
    if (session) api.preview(session.id, {}).then(setPreview, tell);
  }, [session]);

  /** A button that waits while a request is under way. */
  const button = (label: string, onClick: () => void, more: ComponentProps<"button"> = {}) => (
    <button key={label} type="button" disabled={busy} onClick={onClick} {...more}>{label}</button>
  );

  return (
    <>
      <a class="skip-link" href="#queue">To the queue</a>
      <header>
        <h1>Segue</h1>
        <SearchBox onChoose={shuffleFrom} />
        {button("Smart Shuffle", () => shuffleFrom(chosen), { class: session && "primary" })}
      </header>
      <p class={status.failed ? "status failed" : "status"} role="status" aria-live="polite">{status.text}</p>
      {session && current
        ? (
          <main aria-busy={busy}>
            <section class="panel wide now" aria-label="Now playing">
              <div>
                <p class="eyebrow">Now playing, {current.step + 1} of {session.picks.length}</p>
                <h2>{current.track.title}</h2>
                <p>{current.track.artists.join(", ")}{current.track.year ? ` · ${current.track.year}` : ""}</p>
                <div class="buttons">
                  {button(
                    "Previous",
                    () => act(`Back to ${session.picks[current.step - 1].track.title}`, api.previous),
                    { disabled: busy || current.step === 0 },
                  )}
                  {button("Next", () => act(`Now playing ${upNext?.track.title ?? "the next track"}`, api.next), {
                    class: "primary",
                  })}
                  {button("Skip", skip)}
                  {button(likesIt ? "♥ Liked" : "♡ Like", () => like(current.track), { "aria-pressed": likesIt })}
                  {button("Undo", () => act("Took it back", api.undo))}
                </div>
              </div>
              {upNext && (
                <div class="up-next">
                  <p class="eyebrow">Up next</p>
                  <p>{upNext.track.title}</p>
                  <small>{upNext.track.artists.join(", ")}</small>
                </div>
              )}
            </section>
            <Queue
              terms={terms}
              session={session}
              reasons={reasons}
              busy={busy}
              onMore={() => act("More tracks are in the queue", (id) => fill(id, BATCH))}
            />
            <section class="panel" aria-labelledby="tune-title">
              <h2 id="tune-title">What may come next</h2>
              <Likely preview={preview} next={upNext} />
              <Sliders terms={terms} tune={tune} defaults={defaults} onChange={setTune} />
            </section>
            <SongMap session={session} />
            <Timeline session={session} />
            <section class="panel wide" aria-labelledby="more-title">
              <h2 id="more-title">Keep it, compare it</h2>
              <div class="buttons">
                {FORMATS.map((format) => button(`Export ${format.toUpperCase()}`, () => save(format)))}
                {button("Compare with vanilla shuffle", compare)}
              </div>
              {comparison && <Compare comparison={comparison} />}
            </section>
          </main>
        )
        : (
          <main class="empty">
            <h2>A shuffle that remembers</h2>
            <p>
              Search for a track to start from, or let Segue choose one. Each next track is drawn by how it sounds, what
              you heard lately, the key, the artist and the style, and every pick says why.
            </p>
            {button("Choose a track for me", () => shuffleFrom(undefined), { class: "primary" })}
          </main>
        )}
    </>
  );
}

function saveAs(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

const root = document.getElementById("app")!;
try {
  const { terms, weights } = await api.settings();
  const visit: Visit | undefined = JSON.parse(sessionStorage.getItem(VISIT) ?? "null") ?? undefined;
  // The service may no longer know the session: the page then starts without one.
  const before = visit && await api.session(visit.id).catch(() => undefined);
  const defaults = { weights, temperature: 1, discover: 0.5 };
  render(<App terms={terms} defaults={defaults} before={before} visit={before && visit} />, root);
} catch (error) {
  root.textContent = `Segue cannot start: ${error instanceof Error ? error.message : error}`;
}
