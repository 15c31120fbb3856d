import { useEffect, useRef, useState } from "preact/hooks";
import type { Pick, SessionBody, Term, Why } from "./api.ts";

/** The longest bar stands for the largest contribution, but at least for this one, so that small ones look small. */
const LEAST_SCALE = 0.25;

interface Props {
  terms: readonly Term[];
  session: SessionBody;
  reasons: Map<number, Pick["why"]>;
  busy: boolean;
  onMore: () => void;
}

/** The tracks of the session; each opens to say why it was chosen. */
export function Queue({ terms, session, reasons, busy, onMore }: Props) {
  const [open, setOpen] = useState<number>();
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    const playing = list.current?.querySelector<HTMLElement>('[aria-current="true"]');
    if (playing) list.current!.scrollTop = playing.offsetTop - list.current!.offsetTop - playing.offsetHeight;
  }, [session.id, session.current]);
  return (
    <section class="panel" id="queue" tabIndex={-1} aria-labelledby="queue-title">
      <h2 id="queue-title">Queue</h2>
      <ol class="queue" ref={list}>
        {session.picks.map((pick) => {
          const why = reasons.get(pick.step);
          const shown = open === pick.step;
          return (
            <li key={pick.step} aria-current={pick.step === session.current ? "true" : undefined}>
              <div class="row">
                <div>
                  <span class="title">{pick.track.title}</span>
                  <small>
                    {pick.track.artists.join(", ")} · {pick.track.key} · {pick.track.tempo?.toFixed(0) ?? "?"} BPM
                  </small>
                </div>
                {why
                  ? (
                    <button
                      type="button"
                      class="why"
                      aria-expanded={shown}
                      aria-controls={`why-${pick.step}`}
                      aria-label={`Why ${pick.track.title}`}
                      onClick={() => setOpen(shown ? undefined : pick.step)}
                    >
                      Why?
                    </button>
                  )
                  : <small>{pick.step === 0 ? "start" : ""}</small>}
              </div>
              {why && (
                <div id={`why-${pick.step}`} class="reasons" hidden={!shown}>
                  <Reasons terms={terms} why={why} probability={pick.probability} relaxed={pick.relaxed} />
                </div>
              )}
            </li>
          );
        })}
      </ol>
      <button type="button" disabled={busy} onClick={onMore}>More tracks</button>
    </section>
  );
}

/** A bar to the right is a reason for the track, compared with the mean candidate; a bar to the left is one against it. */
function Reasons(
  { terms, why, probability, relaxed }: {
    terms: readonly Term[];
    why: Why;
    probability: number | null;
    relaxed: string[];
  },
) {
  const largest = Math.max(...why.contributions.map(({ contribution }) => Math.abs(contribution)), LEAST_SCALE);
  return (
    <>
      <p>{capitalized(why.sentence)}.</p>
      <ul class="bars">
        {why.contributions.filter(({ weight }) => weight !== 0).map(({ feature, contribution }) => (
          <li key={feature}>
            <span>{terms.find(({ name }) => name === feature)?.label ?? feature}</span>
            <span class="track" aria-hidden="true">
              <span
                class={contribution < 0 ? "bar against" : "bar for"}
                style={{ width: `${50 * Math.abs(contribution) / largest}%` }}
              />
            </span>
            <span class="number">{signed(contribution)}</span>
          </li>
        ))}
      </ul>
      <p class="fine">
        {ordinal(why.rank)}{" "}
        most likely candidate{probability === null ? "" : `, drawn with a chance of ${percent(probability)}`}. The bars
        compare it with the average candidate and add up to {signed(why.utility_difference)}.
        {relaxed.length ? ` Relaxed for it: ${relaxed.join(", ")}.` : ""}
      </p>
    </>
  );
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}

function signed(value: number): string {
  if (Math.abs(value) < 0.005) return "0";
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
}

/** "The 2nd", "The 3rd"; only "The" for rank 1: "The most likely candidate". */
function ordinal(rank: number): string {
  if (rank === 1) return "The";
  const ending = rank % 100 >= 11 && rank % 100 <= 13 ? "th" : ["th", "st", "nd", "rd"][rank % 10] ?? "th";
  return `The ${rank}${ending}`;
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
