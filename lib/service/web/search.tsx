import { useEffect, useId, useRef, useState } from "preact/hooks";
import { api, type Track } from "./api.ts";

/** A combobox over titles and artists: type, choose with the arrow keys, start with Enter. */
export function SearchBox({ onChoose }: { onChoose: (track: Track) => void }) {
  const [text, setText] = useState("");
  /** What a search found; undefined while the list is closed. */
  const [found, setFound] = useState<{ tracks: Track[]; hint?: string }>();
  const [active, setActive] = useState(0);
  const list = useId();
  const typed = useRef(false);
  const close = () => setFound(undefined);

  useEffect(() => {
    if (!typed.current || !text.trim()) return close();
    const abort = new AbortController();
    const timer = setTimeout(async () => {
      const found = await api.search(text, abort.signal).then(
        ({ tracks, corrected }) => ({
          tracks,
          hint: tracks.length === 0 ? "Nothing found" : corrected ? `Showing results for “${corrected}”` : undefined,
        }),
        (error) => ({ tracks: [], hint: error instanceof Error ? error.message : String(error) }),
      );
      if (abort.signal.aborted) return;
      setFound(found);
      setActive(0);
    }, 80);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [text]);

  const choose = (track: Track) => {
    typed.current = false;
    setText(track.title);
    close();
    onChoose(track);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const tracks = found?.tracks ?? [];
    if (event.key === "ArrowDown" && found) setActive((active + 1) % tracks.length);
    else if (event.key === "ArrowUp" && found) setActive((active + tracks.length - 1) % tracks.length);
    else if (event.key === "Enter" && tracks[active]) choose(tracks[active]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  };

  return (
    <div class="search">
      <label for={`${list}-input`} class="visually-hidden">Search titles and artists</label>
      <input
        id={`${list}-input`}
        type="search"
        placeholder="Search titles and artists"
        autocomplete="off"
        role="combobox"
        list={undefined}
        aria-expanded={found !== undefined}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={found?.tracks[active] && `${list}-${active}`}
        value={text}
        onInput={(event) => {
          typed.current = true;
          setText(event.currentTarget.value);
        }}
        onKeyDown={onKeyDown}
        onBlur={() => setTimeout(close, 150)}
      />
      <ul id={list} role="listbox" aria-label="Tracks found" hidden={!found}>
        {found?.hint && (
          <li role={found.tracks.length ? "presentation" : "option"} aria-disabled={!found.tracks.length} class="hint">
            {found.hint}
          </li>
        )}
        {found?.tracks.map((track, t) => (
          <li
            key={track.track_id}
            id={`${list}-${t}`}
            role="option"
            aria-selected={t === active}
            onMouseDown={() => choose(track)}
          >
            <span>{track.title}</span>
            <small>
              {[track.artists.join(", "), track.album !== track.title && track.album, track.year].filter(Boolean)
                .join(" · ")}
            </small>
          </li>
        ))}
      </ul>
    </div>
  );
}
